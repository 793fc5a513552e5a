/* SPDX-FileCopyrightText: 2026 lstmcu contributors
 * SPDX-License-Identifier: Apache-2.0 */
/** One feature of all steps of a sequence. */
#ifndef LSTMCU_PERMUTE_H
#define LSTMCU_PERMUTE_H

#include "lstmcu.h"

/* of this version alone */
#define lstmcu_permute_f32 LSTMCU_SYMBOL(permute_f32)
#define lstmcu_permute_s8 LSTMCU_SYMBOL(permute_s8)
#define lstmcu_permute_s16 LSTMCU_SYMBOL(permute_s16)

#ifdef __cplusplus
extern "C" {
#endif

/** y (count) = the first of every ``features`` elements of x. */
void lstmcu_permute_f32(const float *x, float *y, int32_t count, int32_t features);
void lstmcu_permute_s8(const int8_t *x, int8_t *y, int32_t count, int32_t features);
void lstmcu_permute_s16(const int16_t *x, int16_t *y, int32_t count, int32_t features);

#ifdef __cplusplus
}
#endif

#endif
