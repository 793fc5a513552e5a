/* SPDX-FileCopyrightText: 2026 lstmcu contributors
 * SPDX-License-Identifier: Apache-2.0 */
/** Two vectors a and b (count) as one y (count), element by element. */
#ifndef LSTMCU_MERGE_H
#define LSTMCU_MERGE_H

#include "lstmcu.h"

/* of this version alone */
#define lstmcu_add_f32 LSTMCU_SYMBOL(add_f32)
#define lstmcu_subtract_f32 LSTMCU_SYMBOL(subtract_f32)
#define lstmcu_average_f32 LSTMCU_SYMBOL(average_f32)
#define lstmcu_multiply_f32 LSTMCU_SYMBOL(multiply_f32)
#define lstmcu_maximum_f32 LSTMCU_SYMBOL(maximum_f32)
#define lstmcu_minimum_f32 LSTMCU_SYMBOL(minimum_f32)
#define lstmcu_sum_s8 LSTMCU_SYMBOL(sum_s8)
#define lstmcu_product_s8 LSTMCU_SYMBOL(product_s8)
#define lstmcu_maximum_s8 LSTMCU_SYMBOL(maximum_s8)
#define lstmcu_minimum_s8 LSTMCU_SYMBOL(minimum_s8)
#define lstmcu_sum_s16 LSTMCU_SYMBOL(sum_s16)
#define lstmcu_product_s16 LSTMCU_SYMBOL(product_s16)
#define lstmcu_maximum_s16 LSTMCU_SYMBOL(maximum_s16)
#define lstmcu_minimum_s16 LSTMCU_SYMBOL(minimum_s16)

#ifdef __cplusplus
extern "C" {
#endif

/** How a weighted sum is made of integers. */
typedef struct {
    int32_t zero_point[2];
    int32_t output_zero_point;
    int32_t shift;         /* left, before */
    int32_t sign;          /* of b: 1 or -1 */
    lstmcu_scale scale[2]; /* to twice the coarser scale of both */
    lstmcu_scale sum;      /* of their sum, to the output */
} lstmcu_sum;

/** How a product is. */
typedef struct {
    int32_t zero_point[2];
    int32_t output_zero_point;
    lstmcu_scale scale; /* to the output */
} lstmcu_product;

/** How the larger or smaller of two is found. */
typedef struct {
    int32_t zero_point[2];
    int32_t output_zero_point;
    lstmcu_scale scale[2]; /* to the output */
} lstmcu_pair;

void lstmcu_add_f32(const float *a, const float *b, float *y, int32_t count);
void lstmcu_subtract_f32(const float *a, const float *b, float *y, int32_t count);
void lstmcu_average_f32(const float *a, const float *b, float *y, int32_t count);
void lstmcu_multiply_f32(const float *a, const float *b, float *y, int32_t count);
void lstmcu_maximum_f32(const float *a, const float *b, float *y, int32_t count);
void lstmcu_minimum_f32(const float *a, const float *b, float *y, int32_t count);

void lstmcu_sum_s8(const int8_t *a, const int8_t *b, int8_t *y, int32_t count,
                   const lstmcu_sum *layer);
void lstmcu_product_s8(const int8_t *a, const int8_t *b, int8_t *y, int32_t count,
                       const lstmcu_product *layer);
void lstmcu_maximum_s8(const int8_t *a, const int8_t *b, int8_t *y, int32_t count,
                       const lstmcu_pair *layer);
void lstmcu_minimum_s8(const int8_t *a, const int8_t *b, int8_t *y, int32_t count,
                       const lstmcu_pair *layer);

void lstmcu_sum_s16(const int16_t *a, const int16_t *b, int16_t *y, int32_t count,
                    const lstmcu_sum *layer);
void lstmcu_product_s16(const int16_t *a, const int16_t *b, int16_t *y, int32_t count,
                        const lstmcu_product *layer);
void lstmcu_maximum_s16(const int16_t *a, const int16_t *b, int16_t *y, int32_t count,
                        const lstmcu_pair *layer);
void lstmcu_minimum_s16(const int16_t *a, const int16_t *b, int16_t *y, int32_t count,
                        const lstmcu_pair *layer);

#ifdef __cplusplus
}
#endif

#endif
