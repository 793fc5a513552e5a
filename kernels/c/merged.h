/* SPDX-FileCopyrightText: 2026 lstmcu contributors
 * SPDX-License-Identifier: Apache-2.0 */
/** One element of each function of merge.h, before it is clamped. */
#ifndef LSTMCU_MERGED_H
#define LSTMCU_MERGED_H

#include "fixed_point.h"
#include "merge.h"

static inline int32_t merged_sum(const lstmcu_sum *layer, int32_t a, int32_t b)
{
    const int32_t first = (a - layer->zero_point[0]) * ((int32_t)1 << layer->shift);
    const int32_t second = (b - layer->zero_point[1]) * ((int32_t)1 << layer->shift);
    const int32_t sum = lstmcu_requantise(first, layer->scale[0]) +
                        (layer->sign * lstmcu_requantise(second, layer->scale[1]));
    return lstmcu_requantise(sum, layer->sum) + layer->output_zero_point;
}

static inline int32_t merged_product(const lstmcu_product *layer, int32_t a, int32_t b)
{
    const int32_t product = (a - layer->zero_point[0]) * (b - layer->zero_point[1]);
    return lstmcu_requantise(product, layer->scale) + layer->output_zero_point;
}

/** Both in steps of the output, less its zero point. */
static inline int32_t merged_first(const lstmcu_pair *layer, int32_t a)
{
    return lstmcu_requantise(a - layer->zero_point[0], layer->scale[0]);
}

static inline int32_t merged_second(const lstmcu_pair *layer, int32_t b)
{
    return lstmcu_requantise(b - layer->zero_point[1], layer->scale[1]);
}

static inline int32_t merged_maximum(const lstmcu_pair *layer, int32_t a, int32_t b)
{
    const int32_t first = merged_first(layer, a);
    const int32_t second = merged_second(layer, b);
    return ((first > second) ? first : second) + layer->output_zero_point;
}

static inline int32_t merged_minimum(const lstmcu_pair *layer, int32_t a, int32_t b)
{
    const int32_t first = merged_first(layer, a);
    const int32_t second = merged_second(layer, b);
    return ((first < second) ? first : second) + layer->output_zero_point;
}

#endif
