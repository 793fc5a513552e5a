/* SPDX-FileCopyrightText: 2026 lstmcu contributors
 * SPDX-License-Identifier: Apache-2.0 */
/** exp, sigmoid and tanh in single precision without libm; absolute error below 2e-7 for the
 * bounded two. Of what is not a number they give none; of an infinity what they come near. */
#ifndef LSTMCU_FLOAT_MATH_H
#define LSTMCU_FLOAT_MATH_H

#include "lstmcu_version.h"

/* of this version alone */
#define lstmcu_exp LSTMCU_SYMBOL(exp)
#define lstmcu_sigmoid LSTMCU_SYMBOL(sigmoid)
#define lstmcu_tanh LSTMCU_SYMBOL(tanh)

float lstmcu_exp(float x);

/** 1 / (1 + e^-x) */
float lstmcu_sigmoid(float x);

float lstmcu_tanh(float x);

#endif
