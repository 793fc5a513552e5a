/* SPDX-FileCopyrightText: 2026 lstmcu contributors
 * SPDX-License-Identifier: Apache-2.0 */
/** first + row . x over `count` elements, in floats. */
#ifndef LSTMCU_DOT_F32_H
#define LSTMCU_DOT_F32_H

#include <stdint.h>

#include "fused.h"

/** Added in order, see fused.h; four at a time, as a loop costs more than a product. */
static inline float dot_f32(const float *row, const float *x, int32_t count, float first)
{
    float sum = first;
    int32_t k = 0;
    for (; (k + 4) <= count; k += 4) {
        sum = lstmcu_fused(row[k], x[k], sum);
        sum = lstmcu_fused(row[k + 1], x[k + 1], sum);
        sum = lstmcu_fused(row[k + 2], x[k + 2], sum);
        sum = lstmcu_fused(row[k + 3], x[k + 3], sum);
    }
    for (; k < count; ++k) {
        sum = lstmcu_fused(row[k], x[k], sum);
    }
    return sum;
}

#endif
