/* SPDX-FileCopyrightText: 2026 lstmcu contributors
 * SPDX-License-Identifier: Apache-2.0 */
#include "fold.h"
#include "fixed_point.h"

void lstmcu_fold_add_f32(const float *x, float *y, int32_t count, float factor)
{
    for (int32_t k = 0; k < count; ++k) {
        y[k] = (x[k] + x[count + k]) * factor;
    }
}

void lstmcu_fold_multiply_f32(const float *x, float *y, int32_t count)
{
    for (int32_t k = 0; k < count; ++k) {
        y[k] = x[k] * x[count + k];
    }
}

void lstmcu_fold_add_s8(const int8_t *x, int8_t *y, int32_t count, int32_t from_zero, int32_t value,
                        int32_t shift, int32_t to_zero)
{
    const lstmcu_scale scale = {value, shift};
    for (int32_t k = 0; k < count; ++k) {
        const int32_t made = (x[k] - from_zero) + (x[count + k] - from_zero);
        y[k] = (int8_t)lstmcu_clamp(lstmcu_requantise(made, scale) + to_zero, INT8_MIN, INT8_MAX);
    }
}

void lstmcu_fold_multiply_s8(const int8_t *x, int8_t *y, int32_t count, int32_t from_zero,
                             int32_t value, int32_t shift, int32_t to_zero)
{
    const lstmcu_scale scale = {value, shift};
    for (int32_t k = 0; k < count; ++k) {
        const int32_t made = (x[k] - from_zero) * (x[count + k] - from_zero);
        y[k] = (int8_t)lstmcu_clamp(lstmcu_requantise(made, scale) + to_zero, INT8_MIN, INT8_MAX);
    }
}

void lstmcu_fold_add_s16(const int16_t *x, int16_t *y, int32_t count, int32_t from_zero,
                         int32_t value, int32_t shift, int32_t to_zero)
{
    const lstmcu_scale scale = {value, shift};
    for (int32_t k = 0; k < count; ++k) {
        const int32_t made = (x[k] - from_zero) + (x[count + k] - from_zero);
        y[k] =
            (int16_t)lstmcu_clamp(lstmcu_requantise(made, scale) + to_zero, INT16_MIN, INT16_MAX);
    }
}

void lstmcu_fold_multiply_s16(const int16_t *x, int16_t *y, int32_t count, int32_t from_zero,
                              int32_t value, int32_t shift, int32_t to_zero)
{
    const lstmcu_scale scale = {value, shift};
    for (int32_t k = 0; k < count; ++k) {
        const int32_t made = (x[k] - from_zero) * (x[count + k] - from_zero);
        y[k] =
            (int16_t)lstmcu_clamp(lstmcu_requantise(made, scale) + to_zero, INT16_MIN, INT16_MAX);
    }
}
