/* SPDX-FileCopyrightText: 2026 lstmcu contributors
 * SPDX-License-Identifier: Apache-2.0 */
/** Row x[0] of a table (most + 1, count), y (count); an id beyond it is taken for the nearest. */
#ifndef LSTMCU_EMBEDDING_H
#define LSTMCU_EMBEDDING_H

#include "lstmcu.h"

/* of this version alone */
#define lstmcu_embedding_f32 LSTMCU_SYMBOL(embedding_f32)
#define lstmcu_embedding_dyn LSTMCU_SYMBOL(embedding_dyn)
#define lstmcu_embedding_s8 LSTMCU_SYMBOL(embedding_s8)
#define lstmcu_embedding_s16 LSTMCU_SYMBOL(embedding_s16)

#ifdef __cplusplus
extern "C" {
#endif

/** What is no whole number is rounded towards 0, and what is not a number is 0. */
void lstmcu_embedding_f32(const float *x, float *y, int32_t count, const float *table,
                          int32_t most);

/** The same; real = scale of the row * stored. */
void lstmcu_embedding_dyn(const float *x, float *y, int32_t count, const int8_t *table,
                          const float *scale, int32_t most);

/** Rows as the output is stored. */
void lstmcu_embedding_s8(const int16_t *x, int8_t *y, int32_t count, const int8_t *table,
                         int32_t most);
void lstmcu_embedding_s16(const int16_t *x, int16_t *y, int32_t count, const int16_t *table,
                          int32_t most);

#ifdef __cplusplus
}
#endif

#endif
