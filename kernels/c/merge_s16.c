/* SPDX-FileCopyrightText: 2026 lstmcu contributors
 * SPDX-License-Identifier: Apache-2.0 */
#include "merged.h"

void lstmcu_sum_s16(const int16_t *a, const int16_t *b, int16_t *y, int32_t count,
                    const lstmcu_sum *layer)
{
    for (int32_t k = 0; k < count; ++k) {
        y[k] = lstmcu_saturate16(merged_sum(layer, a[k], b[k]));
    }
}

void lstmcu_product_s16(const int16_t *a, const int16_t *b, int16_t *y, int32_t count,
                        const lstmcu_product *layer)
{
    for (int32_t k = 0; k < count; ++k) {
        y[k] = lstmcu_saturate16(merged_product(layer, a[k], b[k]));
    }
}

void lstmcu_maximum_s16(const int16_t *a, const int16_t *b, int16_t *y, int32_t count,
                        const lstmcu_pair *layer)
{
    for (int32_t k = 0; k < count; ++k) {
        y[k] = lstmcu_saturate16(merged_maximum(layer, a[k], b[k]));
    }
}

void lstmcu_minimum_s16(const int16_t *a, const int16_t *b, int16_t *y, int32_t count,
                        const lstmcu_pair *layer)
{
    for (int32_t k = 0; k < count; ++k) {
        y[k] = lstmcu_saturate16(merged_minimum(layer, a[k], b[k]));
    }
}
