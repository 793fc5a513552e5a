/* SPDX-FileCopyrightText: 2026 lstmcu contributors
 * SPDX-License-Identifier: Apache-2.0 */
/** y = x where x is 0 or more, else x times the slope of its feature; vectors of count elements. */
#ifndef LSTMCU_PRELU_H
#define LSTMCU_PRELU_H

#include "lstmcu.h"

/* of this version alone */
#define lstmcu_prelu_f32 LSTMCU_SYMBOL(prelu_f32)
#define lstmcu_prelu_s8 LSTMCU_SYMBOL(prelu_s8)
#define lstmcu_prelu_s16 LSTMCU_SYMBOL(prelu_s16)

#ifdef __cplusplus
extern "C" {
#endif

void lstmcu_prelu_f32(const float *x, float *y, int32_t count, const float *alpha);

/** The same of integers less their zero points, times value * 2^(shift - 31) where x is 0 or more,
 * else times alpha less its zero point and below_value * 2^(below_shift - 31); plus the output's
 * zero point. */
void lstmcu_prelu_s8(const int8_t *x, int8_t *y, int32_t count, const int8_t *alpha,
                     int32_t from_zero, int32_t alpha_zero, int32_t to_zero, int32_t value,
                     int32_t shift, int32_t below_value, int32_t below_shift);
void lstmcu_prelu_s16(const int16_t *x, int16_t *y, int32_t count, const int8_t *alpha,
                      int32_t from_zero, int32_t alpha_zero, int32_t to_zero, int32_t value,
                      int32_t shift, int32_t below_value, int32_t below_shift);

#ifdef __cplusplus
}
#endif

#endif
