/* SPDX-FileCopyrightText: 2026 lstmcu contributors
 * SPDX-License-Identifier: Apache-2.0 */
/** A gate's weighted sum of a vector quantised at run time: row . x over `count` elements, as a
 * real number. */
#ifndef LSTMCU_PRODUCTS_DYN_H
#define LSTMCU_PRODUCTS_DYN_H

#include "dot.h"
#include "hybrid.h"
#include "single.h"

/** x quantised, total: the sum of the row; scale: of the row times that of x. */
static inline float product_scaled(const int8_t *row, const int8_t *x, int32_t count, int32_t total,
                                   int32_t zero_point, float scale)
{
    return lstmcu_product_f32((float)dot_s8(row, x, count, -zero_point * total), scale);
}

/** x quantised over `range`. */
static inline float product_dyn(const int8_t *row, const int8_t *x, int32_t count, int32_t total,
                                lstmcu_range range, float scale)
{
    return product_scaled(row, x, count, total, range.zero_point,
                          lstmcu_product_f32(range.scale, scale));
}

#endif
