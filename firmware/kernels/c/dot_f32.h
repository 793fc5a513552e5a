/* SPDX-FileCopyrightText: 2026 lstmcu contributors
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LSTMCU_DOT_F32_H
#define LSTMCU_DOT_F32_H

#include <stdint.h>

/** sum + row . x over `count` elements, added in order. */
static inline float dot_f32(const float *row, const float *x, int32_t count, float sum)
{
    for (int32_t k = 0; k < count; ++k) {
        sum += row[k] * x[k];
    }
    return sum;
}

#endif
