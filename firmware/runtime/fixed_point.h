/* SPDX-FileCopyrightText: 2026 lstmcu contributors
 * SPDX-License-Identifier: Apache-2.0 */
/** Integer arithmetic of TensorFlow Lite Micro's LSTM and Dense, bit for bit.
 *
 * Right shifts of negative numbers are arithmetic, as on every compiler this runtime is built with. */
#ifndef LSTMCU_FIXED_POINT_H
#define LSTMCU_FIXED_POINT_H

#include "lstmcu.h"

static inline int32_t lstmcu_clamp(int32_t x, int32_t low, int32_t high)
{
    return x < low ? low : x > high ? high : x;
}

static inline int16_t lstmcu_saturate16(int32_t x)
{
    return (int16_t)lstmcu_clamp(x, INT16_MIN, INT16_MAX);
}

/** x * scale: a doubling high multiply with rounding, then a shift that rounds half away from zero. */
static inline int32_t lstmcu_requantise(int32_t x, lstmcu_scale scale)
{
    const int32_t left = scale.shift > 0 ? scale.shift : 0;
    const int32_t right = scale.shift > 0 ? 0 : -scale.shift;
    const int32_t shifted = (int32_t)((uint32_t)x << left);
    const int64_t product = (int64_t)shifted * scale.value;
    const int32_t high = (int32_t)((product + (1 << 30)) >> 31);
    if (right == 0) {
        return high;
    }
    return (int32_t)(((int64_t)high + (1 << (right - 1)) - (high < 0)) >> right);
}

/** Logistic function of x in Q3.12; Q0.15 in [0, 32767]. */
int16_t lstmcu_sigmoid16(int16_t x);

/** tanh of x * 2^log2_scale (-12 for a gate); Q0.15. */
int16_t lstmcu_tanh16(int16_t x, int32_t log2_scale);

#endif
