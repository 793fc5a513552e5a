/* SPDX-FileCopyrightText: 2026 lstmcu contributors
 * SPDX-License-Identifier: Apache-2.0 */
#include "prelu.h"

#include "fixed_point.h"

/* x at the output's scale; below zero x * slope, which has a scale of its own */
static int32_t bent(int32_t x, int32_t slope, lstmcu_scale scale, lstmcu_scale below)
{
    return (x >= 0) ? lstmcu_requantise(x, scale) : lstmcu_requantise(x * slope, below);
}

void lstmcu_prelu_f32(const float *x, float *y, int32_t count, const float *alpha)
{
    for (int32_t k = 0; k < count; ++k) {
        y[k] = (x[k] >= 0.0f) ? x[k] : (x[k] * alpha[k]);
    }
}

void lstmcu_prelu_s8(const int8_t *x, int8_t *y, int32_t count, const int8_t *alpha,
                     int32_t from_zero, int32_t alpha_zero, int32_t to_zero, int32_t value,
                     int32_t shift, int32_t below_value, int32_t below_shift)
{
    const lstmcu_scale scale = {value, shift};
    const lstmcu_scale below = {below_value, below_shift};
    for (int32_t k = 0; k < count; ++k) {
        const int32_t scaled = bent(x[k] - from_zero, alpha[k] - alpha_zero, scale, below);
        y[k] = (int8_t)lstmcu_clamp(scaled + to_zero, INT8_MIN, INT8_MAX);
    }
}

void lstmcu_prelu_s16(const int16_t *x, int16_t *y, int32_t count, const int8_t *alpha,
                      int32_t from_zero, int32_t alpha_zero, int32_t to_zero, int32_t value,
                      int32_t shift, int32_t below_value, int32_t below_shift)
{
    const lstmcu_scale scale = {value, shift};
    const lstmcu_scale below = {below_value, below_shift};
    for (int32_t k = 0; k < count; ++k) {
        const int32_t scaled = bent(x[k] - from_zero, alpha[k] - alpha_zero, scale, below);
        y[k] = (int16_t)lstmcu_clamp(scaled + to_zero, INT16_MIN, INT16_MAX);
    }
}
