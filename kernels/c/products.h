/* SPDX-FileCopyrightText: 2026 lstmcu contributors
 * SPDX-License-Identifier: Apache-2.0 */
/** A gate's weighted sum in integers: row . x over `count` elements, in Q3.12.
 *
 * Each product is requantised and saturated on its own, as the reference does. */
#ifndef LSTMCU_PRODUCTS_H
#define LSTMCU_PRODUCTS_H

#include "dot.h"
#include "fixed_point.h"

static inline int32_t product_s8(const int8_t *row, const int8_t *x, int32_t count, int32_t bias,
                                 lstmcu_scale scale)
{
    return lstmcu_saturate16(lstmcu_requantise(dot_s8(row, x, count, bias), scale));
}

static inline int32_t product_s16(const int8_t *row, const int16_t *x, int32_t count, int64_t bias,
                                  lstmcu_scale scale)
{
    return lstmcu_saturate16(lstmcu_requantise64(dot_s16(row, x, count, bias), scale));
}

/** A row's factor in one number: its low 6 bits are the shift plus 32. */
static inline lstmcu_scale row_scale(uint32_t packed)
{
    const uint32_t value = packed & ~63U;
    const uint32_t shift = packed & 63U;
    const lstmcu_scale scale = {(int32_t)value, (int32_t)shift - 32};
    return scale;
}

#endif
