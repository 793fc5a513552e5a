/* SPDX-FileCopyrightText: 2026 lstmcu contributors
 * SPDX-License-Identifier: Apache-2.0 */
#include "permute.h"

void lstmcu_permute_f32(const float *x, float *y, int32_t count, int32_t features)
{
    for (int32_t k = 0; k < count; ++k) {
        y[k] = x[k * features];
    }
}

void lstmcu_permute_s8(const int8_t *x, int8_t *y, int32_t count, int32_t features)
{
    for (int32_t k = 0; k < count; ++k) {
        y[k] = x[k * features];
    }
}

void lstmcu_permute_s16(const int16_t *x, int16_t *y, int32_t count, int32_t features)
{
    for (int32_t k = 0; k < count; ++k) {
        y[k] = x[k * features];
    }
}
