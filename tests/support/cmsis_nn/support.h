/* SPDX-FileCopyrightText: 2026 lstmcu contributors
 * SPDX-License-Identifier: Apache-2.0 */
/* What the stand-in's functions share: the arithmetic of docs/arithmetic.md in the plainest C, none
 * of it from firmware/, so that the two are held against each other. */
#ifndef STAND_IN_SUPPORT_H
#define STAND_IN_SUPPORT_H

#include <stdint.h>

int32_t arm_nn_stand_in_clamp(int64_t x, int32_t low, int32_t high);

/* x * multiplier * 2^(shift - 31), rounded twice */
int32_t arm_nn_stand_in_requantize(int32_t x, int32_t multiplier, int32_t shift);

/* the same of a wide sum, by the multiplier's upper 16 bits and rounded once */
int32_t arm_nn_stand_in_requantize_s64(int64_t x, int32_t multiplier, int32_t shift);

/* Q0.15 of x in Q3.12, or of x * 2^(left_shift - 12) */
int16_t arm_nn_stand_in_sigmoid(int32_t x);
int16_t arm_nn_stand_in_tanh(int32_t x, int32_t left_shift);

#endif
