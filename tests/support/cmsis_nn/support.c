/* SPDX-FileCopyrightText: 2026 lstmcu contributors
 * SPDX-License-Identifier: Apache-2.0 */
#include "support.h"

#include "sigmoid_table.h" /* written by tests/support/stand_in.py */

int32_t arm_nn_stand_in_clamp(int64_t x, int32_t low, int32_t high)
{
    return (int32_t)(x < low ? low : x > high ? high : x);
}

int32_t arm_nn_stand_in_requantize(int32_t x, int32_t multiplier, int32_t shift)
{
    const int64_t product = (int64_t)(x * (INT64_C(1) << (shift > 0 ? shift : 0))) * multiplier;
    const int64_t high = (product + (INT64_C(1) << 30)) >> 31;
    if (shift >= 0) {
        return (int32_t)high;
    }
    const int64_t magnitude = high < 0 ? -high : high; /* halves go away from zero */
    const int64_t rounded = (magnitude + (INT64_C(1) << (-shift - 1))) >> -shift;
    return (int32_t)(high < 0 ? -rounded : rounded);
}

int32_t arm_nn_stand_in_requantize_s64(int64_t x, int32_t multiplier, int32_t shift)
{
    const int64_t reduced = multiplier < 0x7FFF0000 ? (multiplier + (1 << 15)) >> 16 : 0x7FFF;
    return (int32_t)(((x * reduced) + (INT64_C(1) << (14 - shift))) >> (15 - shift));
}

/* 2^16 sigmoid(magnitude / 2^bits / 24), with `bits` more fraction bits */
static int64_t sigmoid_of(int64_t magnitude, int bits)
{
    const int64_t k = magnitude >> bits, fraction = magnitude & ((INT64_C(1) << bits) - 1);
    if (k >= 255) {
        return (INT64_C(1) << (16 + bits)) - (INT64_C(1) << bits);
    }
    return ((int64_t)stand_in_table[k] << bits) +
           fraction * (stand_in_table[k + 1] - stand_in_table[k]);
}

int16_t arm_nn_stand_in_sigmoid(int32_t x)
{
    const int64_t v = 3 * (int64_t)x;
    int64_t r = sigmoid_of(v < 0 ? -v : v, 9);
    if ((v < 0 ? -v : v) >> 9 >= 255) {
        r = INT64_C(0x7FFF) << 10;
    }
    return (int16_t)((v < 0 ? (1 << 25) - r + 511 : r + 512) >> 10);
}

int16_t arm_nn_stand_in_tanh(int32_t x, int32_t left_shift)
{
    const int64_t wide = 3 * (int64_t)x;
    const int64_t v = left_shift >= 0 ? wide * (INT64_C(1) << left_shift)
                                      : (wide + (INT64_C(1) << (-left_shift - 1))) >> -left_shift;
    const int64_t r = sigmoid_of(v < 0 ? -v : v, 8); /* tanh(x) = 2 sigmoid(2 x) - 1 */
    return (int16_t)((v < 0 ? (1 << 23) - r + 127 : r - (1 << 23) + 128) >> 8);
}
