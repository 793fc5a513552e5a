/* SPDX-FileCopyrightText: 2026 lstmcu contributors
 * SPDX-License-Identifier: Apache-2.0 */
#include "merge.h"

void lstmcu_add_f32(const float *a, const float *b, float *y, int32_t count)
{
    for (int32_t k = 0; k < count; ++k) {
        y[k] = a[k] + b[k];
    }
}

void lstmcu_subtract_f32(const float *a, const float *b, float *y, int32_t count)
{
    for (int32_t k = 0; k < count; ++k) {
        y[k] = a[k] - b[k];
    }
}

void lstmcu_average_f32(const float *a, const float *b, float *y, int32_t count)
{
    for (int32_t k = 0; k < count; ++k) {
        y[k] = (a[k] + b[k]) * 0.5f;
    }
}

void lstmcu_multiply_f32(const float *a, const float *b, float *y, int32_t count)
{
    for (int32_t k = 0; k < count; ++k) {
        y[k] = a[k] * b[k];
    }
}

void lstmcu_maximum_f32(const float *a, const float *b, float *y, int32_t count)
{
    for (int32_t k = 0; k < count; ++k) {
        y[k] = (a[k] > b[k]) ? a[k] : b[k];
    }
}

void lstmcu_minimum_f32(const float *a, const float *b, float *y, int32_t count)
{
    for (int32_t k = 0; k < count; ++k) {
        y[k] = (a[k] < b[k]) ? a[k] : b[k];
    }
}
