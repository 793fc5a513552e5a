/* SPDX-FileCopyrightText: 2026 lstmcu contributors
 * SPDX-License-Identifier: Apache-2.0 */
/** Both halves of a vector x (2 count) as one, y (count). */
#ifndef LSTMCU_FOLD_H
#define LSTMCU_FOLD_H

#include "lstmcu.h"

/* of this version alone */
#define lstmcu_fold_add_f32 LSTMCU_SYMBOL(fold_add_f32)
#define lstmcu_fold_multiply_f32 LSTMCU_SYMBOL(fold_multiply_f32)
#define lstmcu_fold_add_s8 LSTMCU_SYMBOL(fold_add_s8)
#define lstmcu_fold_multiply_s8 LSTMCU_SYMBOL(fold_multiply_s8)
#define lstmcu_fold_add_s16 LSTMCU_SYMBOL(fold_add_s16)
#define lstmcu_fold_multiply_s16 LSTMCU_SYMBOL(fold_multiply_s16)

#ifdef __cplusplus
extern "C" {
#endif

/** y = (x + x of the other half) * factor, or their product. */
void lstmcu_fold_add_f32(const float *x, float *y, int32_t count, float factor);
void lstmcu_fold_multiply_f32(const float *x, float *y, int32_t count);

/** The same of integers less their zero point, times value * 2^(shift - 31), plus another. */
void lstmcu_fold_add_s8(const int8_t *x, int8_t *y, int32_t count, int32_t from_zero, int32_t value,
                        int32_t shift, int32_t to_zero);
void lstmcu_fold_multiply_s8(const int8_t *x, int8_t *y, int32_t count, int32_t from_zero,
                             int32_t value, int32_t shift, int32_t to_zero);
void lstmcu_fold_add_s16(const int16_t *x, int16_t *y, int32_t count, int32_t from_zero,
                         int32_t value, int32_t shift, int32_t to_zero);
void lstmcu_fold_multiply_s16(const int16_t *x, int16_t *y, int32_t count, int32_t from_zero,
                              int32_t value, int32_t shift, int32_t to_zero);

#ifdef __cplusplus
}
#endif

#endif
