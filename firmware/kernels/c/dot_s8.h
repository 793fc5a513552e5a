/* SPDX-FileCopyrightText: 2026 lstmcu contributors
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LSTMCU_DOT_S8_H
#define LSTMCU_DOT_S8_H

#include <stdint.h>

/** sum + row . x over `count` elements. The generator proves that no weights of a model can overflow it. */
static inline int32_t dot_s8(const int8_t *row, const int8_t *x, int32_t count, int32_t sum)
{
    for (int32_t k = 0; k < count; ++k) {
        sum += (int32_t)row[k] * x[k];
    }
    return sum;
}

#endif
