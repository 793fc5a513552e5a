/* SPDX-FileCopyrightText: 2026 lstmcu contributors
 * SPDX-License-Identifier: Apache-2.0 */
/** first + row . x over `count` elements, in integers. */
#ifndef LSTMCU_DOT_H
#define LSTMCU_DOT_H

#include <stdint.h>

/** The generator proves that no weights of a model can overflow the sum; what it starts from, and
 * parts of it, may go round. */
static inline int32_t dot_s8(const int8_t *row, const int8_t *x, int32_t count, int32_t first)
{
    uint32_t sum = (uint32_t)first;
    for (int32_t k = 0; k < count; ++k) {
        const int32_t product = (int32_t)row[k] * x[k];
        sum += (uint32_t)product;
    }
    return (int32_t)sum;
}

static inline int64_t dot_s16(const int8_t *row, const int16_t *x, int32_t count, int64_t first)
{
    int64_t sum = first;
    for (int32_t k = 0; k < count; ++k) {
        sum += (int32_t)row[k] * x[k];
    }
    return sum;
}

#endif
