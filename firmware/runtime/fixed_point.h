/* SPDX-FileCopyrightText: 2026 lstmcu contributors
 * SPDX-License-Identifier: Apache-2.0 */
/** Integer arithmetic of TensorFlow Lite Micro's LSTM and Dense, bit for bit.
 *
 * Right shifts of negative numbers are arithmetic, as on every compiler this runtime is built with.
 */
#ifndef LSTMCU_FIXED_POINT_H
#define LSTMCU_FIXED_POINT_H

#include "lstmcu.h"

/* of this version alone */
#define lstmcu_sigmoid_at LSTMCU_SYMBOL(sigmoid_at)
#define lstmcu_tanh_at LSTMCU_SYMBOL(tanh_at)
#define lstmcu_sigmoid16 LSTMCU_SYMBOL(sigmoid16)
#define lstmcu_tanh16 LSTMCU_SYMBOL(tanh16)

static inline int32_t lstmcu_clamp(int32_t x, int32_t low, int32_t high)
{
    return (x < low) ? low : ((x > high) ? high : x);
}

static inline int16_t lstmcu_saturate16(int32_t x)
{
    return (int16_t)lstmcu_clamp(x, INT16_MIN, INT16_MAX);
}

/** x * scale: a doubling high multiply with rounding, then a shift that rounds half away from zero.
 */
static inline int32_t lstmcu_requantise(int32_t x, lstmcu_scale scale)
{
    const int32_t left = (scale.shift > 0) ? scale.shift : 0;
    const int32_t right = (scale.shift > 0) ? 0 : -scale.shift;
    const int32_t shifted = (int32_t)((uint32_t)x << left);
    const int64_t product = (int64_t)shifted * scale.value;
    const int32_t high = (int32_t)((product + (1 << 30)) >> 31);
    if (right == 0) {
        return high;
    }
    return (int32_t)(((int64_t)high + (1 << (right - 1)) - (high < 0)) >> right);
}

/** x * scale for the 64-bit sums of int16x8: the factor rounded to 16 bits, one rounding at the
 * end. */
static inline int32_t lstmcu_requantise64(int64_t x, lstmcu_scale scale)
{
    const int32_t factor = (scale.value < 0x7FFF0000) ? ((scale.value + (1 << 15)) >> 16) : 0x7FFF;
    const int32_t shift = 15 - scale.shift;
    return (int32_t)(((x * factor) + ((int64_t)1 << (shift - 1))) >> shift);
}

/** Logistic function of v / 3 / 2^12; Q0.15 in [0, 32767]. */
int16_t lstmcu_sigmoid_at(int32_t v);

/** tanh of v / 3 / 2^12; Q0.15. */
int16_t lstmcu_tanh_at(int32_t v);

/** Logistic function of x in Q3.12; Q0.15 in [0, 32767]. */
int16_t lstmcu_sigmoid16(int16_t x);

/** tanh of x * 2^log2_scale (-12 for a gate); Q0.15. */
int16_t lstmcu_tanh16(int16_t x, int32_t log2_scale);

#endif
