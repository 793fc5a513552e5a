/* SPDX-FileCopyrightText: 2026 lstmcu contributors
 * SPDX-License-Identifier: Apache-2.0 */
#include "elementwise.h"

/* (x * factor + offset) / 2^shift, rounded down and saturated to [low, high] */
static int32_t by_channel(int32_t x, int32_t factor, int64_t offset, int32_t shift, int32_t low,
                          int32_t high)
{
    const int64_t scaled = (((int64_t)x * factor) + offset) >> shift;
    return (scaled < low) ? low : ((scaled > high) ? high : (int32_t)scaled);
}

void lstmcu_normalise_s8(const int8_t *x, int8_t *y, int32_t count, const int32_t *factor,
                         const int64_t *offset, int32_t shift)
{
    for (int32_t k = 0; k < count; ++k) {
        y[k] = (int8_t)by_channel(x[k], factor[k], offset[k], shift, INT8_MIN, INT8_MAX);
    }
}

void lstmcu_normalise_s16(const int16_t *x, int16_t *y, int32_t count, const int32_t *factor,
                          const int64_t *offset, int32_t shift)
{
    for (int32_t k = 0; k < count; ++k) {
        y[k] = (int16_t)by_channel(x[k], factor[k], offset[k], shift, INT16_MIN, INT16_MAX);
    }
}
