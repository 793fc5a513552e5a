/* SPDX-FileCopyrightText: 2026 lstmcu contributors
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LSTMCU_ABSOLUTE_H
#define LSTMCU_ABSOLUTE_H

#include "lstmcu.h"

#define lstmcu_absolute_s8 LSTMCU_SYMBOL(absolute_s8) /* of this version alone */
#define lstmcu_absolute_f32 LSTMCU_SYMBOL(absolute_f32)

/** y = |x|, from one scale and zero point to others; y may be x. */
void lstmcu_absolute_s8(const int8_t *x, int8_t *y, int32_t count, int32_t zero_in,
                        int32_t multiplier, int32_t shift, int32_t zero_out);
void lstmcu_absolute_f32(const float *x, float *y, int32_t count);

#endif
