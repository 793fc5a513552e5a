/* SPDX-FileCopyrightText: 2026 lstmcu contributors
 * SPDX-License-Identifier: Apache-2.0 */
/** The largest value and the mean of each feature over the vectors of a window, or of all vectors
 * that there were. `count`: features of a vector. */
#ifndef LSTMCU_POOL_H
#define LSTMCU_POOL_H

#include "lstmcu.h"

/* of this version alone */
#define lstmcu_max_pool_f32 LSTMCU_SYMBOL(max_pool_f32)
#define lstmcu_max_pool_s8 LSTMCU_SYMBOL(max_pool_s8)
#define lstmcu_max_pool_s16 LSTMCU_SYMBOL(max_pool_s16)
#define lstmcu_average_pool_f32 LSTMCU_SYMBOL(average_pool_f32)
#define lstmcu_average_pool_s8 LSTMCU_SYMBOL(average_pool_s8)
#define lstmcu_average_pool_s16 LSTMCU_SYMBOL(average_pool_s16)
#define lstmcu_pool_largest_f32 LSTMCU_SYMBOL(pool_largest_f32)
#define lstmcu_pool_largest_s8 LSTMCU_SYMBOL(pool_largest_s8)
#define lstmcu_pool_largest_s16 LSTMCU_SYMBOL(pool_largest_s16)
#define lstmcu_pool_add_f32 LSTMCU_SYMBOL(pool_add_f32)
#define lstmcu_pool_add_s8 LSTMCU_SYMBOL(pool_add_s8)
#define lstmcu_pool_add_s16 LSTMCU_SYMBOL(pool_add_s16)
#define lstmcu_pool_mean_f32 LSTMCU_SYMBOL(pool_mean_f32)
#define lstmcu_pool_mean_s8 LSTMCU_SYMBOL(pool_mean_s8)
#define lstmcu_pool_mean_s16 LSTMCU_SYMBOL(pool_mean_s16)

/** y (count) is the largest, or the mean, of each feature of x (length, count). Of integers the
 * mean is rounded, halves away from zero. */
void lstmcu_max_pool_f32(const float *x, float *y, int32_t count, int32_t length);
void lstmcu_max_pool_s8(const int8_t *x, int8_t *y, int32_t count, int32_t length);
void lstmcu_max_pool_s16(const int16_t *x, int16_t *y, int32_t count, int32_t length);
void lstmcu_average_pool_f32(const float *x, float *y, int32_t count, int32_t length);
void lstmcu_average_pool_s8(const int8_t *x, int8_t *y, int32_t count, int32_t length);
void lstmcu_average_pool_s16(const int16_t *x, int16_t *y, int32_t count, int32_t length);

/** y becomes the larger of x and y. What is not a number stays. */
void lstmcu_pool_largest_f32(const float *x, float *y, int32_t count);
void lstmcu_pool_largest_s8(const int8_t *x, int8_t *y, int32_t count);
void lstmcu_pool_largest_s16(const int16_t *x, int16_t *y, int32_t count);

/** Adds x to the sums. */
void lstmcu_pool_add_f32(const float *x, float *sums, int32_t count);
void lstmcu_pool_add_s8(const int8_t *x, int32_t *sums, int32_t count);
void lstmcu_pool_add_s16(const int16_t *x, int32_t *sums, int32_t count);

/** The mean of `steps` vectors from their sums. Of integers from the sums of centred values, at
 * another scale: value and shift are the ratio of the scales divided by the steps. */
void lstmcu_pool_mean_f32(const float *sums, float *y, int32_t count, int32_t steps);
void lstmcu_pool_mean_s8(const int32_t *sums, int8_t *y, int32_t count, int32_t value,
                         int32_t shift, int32_t zero_point);
void lstmcu_pool_mean_s16(const int32_t *sums, int16_t *y, int32_t count, int32_t value,
                          int32_t shift, int32_t zero_point);

#endif
