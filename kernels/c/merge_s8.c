/* SPDX-FileCopyrightText: 2026 lstmcu contributors
 * SPDX-License-Identifier: Apache-2.0 */
#include "merged.h"

void lstmcu_sum_s8(const int8_t *a, const int8_t *b, int8_t *y, int32_t count,
                   const lstmcu_sum *layer)
{
    for (int32_t k = 0; k < count; ++k) {
        y[k] = (int8_t)lstmcu_clamp(merged_sum(layer, a[k], b[k]), INT8_MIN, INT8_MAX);
    }
}

void lstmcu_product_s8(const int8_t *a, const int8_t *b, int8_t *y, int32_t count,
                       const lstmcu_product *layer)
{
    for (int32_t k = 0; k < count; ++k) {
        y[k] = (int8_t)lstmcu_clamp(merged_product(layer, a[k], b[k]), INT8_MIN, INT8_MAX);
    }
}

void lstmcu_maximum_s8(const int8_t *a, const int8_t *b, int8_t *y, int32_t count,
                       const lstmcu_pair *layer)
{
    for (int32_t k = 0; k < count; ++k) {
        y[k] = (int8_t)lstmcu_clamp(merged_maximum(layer, a[k], b[k]), INT8_MIN, INT8_MAX);
    }
}

void lstmcu_minimum_s8(const int8_t *a, const int8_t *b, int8_t *y, int32_t count,
                       const lstmcu_pair *layer)
{
    for (int32_t k = 0; k < count; ++k) {
        y[k] = (int8_t)lstmcu_clamp(merged_minimum(layer, a[k], b[k]), INT8_MIN, INT8_MAX);
    }
}
