/* SPDX-FileCopyrightText: 2026 lstmcu contributors
 * SPDX-License-Identifier: Apache-2.0 */
/** exp, sigmoid and tanh in single precision without libm; absolute error below 1.5e-7 for the
 * bounded two. Of what is not a number they give none; of an infinity what they come near. */
#ifndef LSTMCU_FLOAT_MATH_H
#define LSTMCU_FLOAT_MATH_H

#include <stdint.h>

#include "lstmcu_version.h"

/* of this version alone */
#define lstmcu_exp LSTMCU_SYMBOL(exp)
#define lstmcu_decay LSTMCU_SYMBOL(decay)
#define lstmcu_decay_each LSTMCU_SYMBOL(decay_each)
#define lstmcu_sigmoid LSTMCU_SYMBOL(sigmoid)
#define lstmcu_tanh LSTMCU_SYMBOL(tanh)

float lstmcu_exp(float x);

/** e^-x of x within +-29, beyond which it stays what it is there: what sigmoid and tanh are made
 * of. They are flat there, and three factors of 1 plus such a number are a float. */
float lstmcu_decay(float x);

/** Of `count` numbers, in their place: what is constant is loaded once. */
void lstmcu_decay_each(float *x, int32_t count);

/** 1 / (1 + e^-x) */
float lstmcu_sigmoid(float x);

float lstmcu_tanh(float x);

#endif
