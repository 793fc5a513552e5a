/* SPDX-FileCopyrightText: 2026 lstmcu contributors
 * SPDX-License-Identifier: Apache-2.0 */
#include "embedding.h"

#include <string.h>

#include "fixed_point.h"

/* An id as a whole number from 0 to most; what is not a number is 0. */
static int32_t id_of(float x, int32_t most)
{
    return (x > 0.0f) ? ((x < (float)most) ? (int32_t)x : most) : 0;
}

void lstmcu_embedding_f32(const float *x, float *y, int32_t count, const float *table, int32_t most)
{
    (void)memcpy(y, &table[id_of(x[0], most) * count], sizeof(float) * (size_t)count);
}

void lstmcu_embedding_dyn(const float *x, float *y, int32_t count, const int8_t *table,
                          const float *scale, int32_t most)
{
    const int32_t id = id_of(x[0], most);
    for (int32_t k = 0; k < count; ++k) {
        y[k] = (float)table[(id * count) + k] * scale[id];
    }
}

void lstmcu_embedding_s8(const int16_t *x, int8_t *y, int32_t count, const int8_t *table,
                         int32_t most)
{
    (void)memcpy(y, &table[lstmcu_clamp(x[0], 0, most) * count], (size_t)count);
}

void lstmcu_embedding_s16(const int16_t *x, int16_t *y, int32_t count, const int16_t *table,
                          int32_t most)
{
    const int16_t *row = &table[lstmcu_clamp(x[0], 0, most) * count];
    (void)memcpy(y, row, sizeof(int16_t) * (size_t)count);
}
