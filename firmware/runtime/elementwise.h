/* SPDX-FileCopyrightText: 2026 lstmcu contributors
 * SPDX-License-Identifier: Apache-2.0 */
/** Functions of a vector x (count) to y (count); x and y may be the same array. */
#ifndef LSTMCU_ELEMENTWISE_H
#define LSTMCU_ELEMENTWISE_H

#include <stdint.h>

#include "lstmcu_version.h"

/* of this version alone */
#define lstmcu_relu_f32 LSTMCU_SYMBOL(relu_f32)
#define lstmcu_sigmoid_f32 LSTMCU_SYMBOL(sigmoid_f32)
#define lstmcu_tanh_f32 LSTMCU_SYMBOL(tanh_f32)
#define lstmcu_softmax_f32 LSTMCU_SYMBOL(softmax_f32)
#define lstmcu_relu6_f32 LSTMCU_SYMBOL(relu6_f32)
#define lstmcu_hard_tanh_f32 LSTMCU_SYMBOL(hard_tanh_f32)
#define lstmcu_bent_relu_f32 LSTMCU_SYMBOL(bent_relu_f32)
#define lstmcu_leaky_relu_f32 LSTMCU_SYMBOL(leaky_relu_f32)
#define lstmcu_hard_sigmoid_keras2_f32 LSTMCU_SYMBOL(hard_sigmoid_keras2_f32)
#define lstmcu_hard_sigmoid_keras3_f32 LSTMCU_SYMBOL(hard_sigmoid_keras3_f32)
#define lstmcu_hard_swish_f32 LSTMCU_SYMBOL(hard_swish_f32)
#define lstmcu_softsign_f32 LSTMCU_SYMBOL(softsign_f32)
#define lstmcu_elu_f32 LSTMCU_SYMBOL(elu_f32)
#define lstmcu_selu_f32 LSTMCU_SYMBOL(selu_f32)
#define lstmcu_silu_f32 LSTMCU_SYMBOL(silu_f32)
#define lstmcu_gelu_f32 LSTMCU_SYMBOL(gelu_f32)
#define lstmcu_gelu_tanh_f32 LSTMCU_SYMBOL(gelu_tanh_f32)
#define lstmcu_softplus_f32 LSTMCU_SYMBOL(softplus_f32)
#define lstmcu_exponential_f32 LSTMCU_SYMBOL(exponential_f32)
#define lstmcu_mish_f32 LSTMCU_SYMBOL(mish_f32)
#define lstmcu_normalise_f32 LSTMCU_SYMBOL(normalise_f32)
#define lstmcu_normalise_s8 LSTMCU_SYMBOL(normalise_s8)
#define lstmcu_normalise_s16 LSTMCU_SYMBOL(normalise_s16)
#define lstmcu_look_up_s8 LSTMCU_SYMBOL(look_up_s8)
#define lstmcu_softmax_s8 LSTMCU_SYMBOL(softmax_s8)
#define lstmcu_relu_s16 LSTMCU_SYMBOL(relu_s16)
#define lstmcu_line_s16 LSTMCU_SYMBOL(line_s16)
#define lstmcu_bend_s16 LSTMCU_SYMBOL(bend_s16)
#define lstmcu_table_s16 LSTMCU_SYMBOL(table_s16)
#define lstmcu_sigmoid_s16 LSTMCU_SYMBOL(sigmoid_s16)
#define lstmcu_tanh_s16 LSTMCU_SYMBOL(tanh_s16)
#define lstmcu_softmax_s16 LSTMCU_SYMBOL(softmax_s16)
#define lstmcu_quantise_s8 LSTMCU_SYMBOL(quantise_s8)
#define lstmcu_quantise_s16 LSTMCU_SYMBOL(quantise_s16)
#define lstmcu_dequantise_s8 LSTMCU_SYMBOL(dequantise_s8)
#define lstmcu_dequantise_s16 LSTMCU_SYMBOL(dequantise_s16)
#define lstmcu_rescale_s8 LSTMCU_SYMBOL(rescale_s8)
#define lstmcu_rescale_s16 LSTMCU_SYMBOL(rescale_s16)
#define lstmcu_rescale_s8_s16 LSTMCU_SYMBOL(rescale_s8_s16)
#define lstmcu_rescale_s16_s8 LSTMCU_SYMBOL(rescale_s16_s8)

#ifdef __cplusplus
extern "C" {
#endif

void lstmcu_relu_f32(const float *x, float *y, int32_t count);
void lstmcu_sigmoid_f32(const float *x, float *y, int32_t count);
void lstmcu_tanh_f32(const float *x, float *y, int32_t count);
void lstmcu_softmax_f32(const float *x, float *y, int32_t count);

/** The functions of functions_f32.h. */
void lstmcu_relu6_f32(const float *x, float *y, int32_t count);
void lstmcu_hard_tanh_f32(const float *x, float *y, int32_t count);
void lstmcu_bent_relu_f32(const float *x, float *y, int32_t count, float most, float slope,
                          float threshold);
void lstmcu_leaky_relu_f32(const float *x, float *y, int32_t count, float slope);
void lstmcu_hard_sigmoid_keras2_f32(const float *x, float *y, int32_t count);
void lstmcu_hard_sigmoid_keras3_f32(const float *x, float *y, int32_t count);
void lstmcu_hard_swish_f32(const float *x, float *y, int32_t count);
void lstmcu_softsign_f32(const float *x, float *y, int32_t count);
void lstmcu_elu_f32(const float *x, float *y, int32_t count, float alpha);
void lstmcu_selu_f32(const float *x, float *y, int32_t count);
void lstmcu_silu_f32(const float *x, float *y, int32_t count);
void lstmcu_gelu_f32(const float *x, float *y, int32_t count);
void lstmcu_gelu_tanh_f32(const float *x, float *y, int32_t count);
void lstmcu_softplus_f32(const float *x, float *y, int32_t count);
void lstmcu_exponential_f32(const float *x, float *y, int32_t count);
void lstmcu_mish_f32(const float *x, float *y, int32_t count);

/** y = x * scale + offset, an element each (count). */
void lstmcu_normalise_f32(const float *x, float *y, int32_t count, const float *scale,
                          const float *offset);

/** y = (x * factor + offset) / 2^shift, an element each (count), rounded down and saturated. */
void lstmcu_normalise_s8(const int8_t *x, int8_t *y, int32_t count, const int32_t *factor,
                         const int64_t *offset, int32_t shift);
void lstmcu_normalise_s16(const int16_t *x, int16_t *y, int32_t count, const int32_t *factor,
                          const int64_t *offset, int32_t shift);

/** Any function of int8 as a table (256) of its results, from the stored value -128 on. */
void lstmcu_look_up_s8(const int8_t *x, int8_t *y, int32_t count, const int8_t *table);

/** Softmax to scale 2^-8, zero point -128; value and shift bring a difference of inputs to Q5.26.
 */
void lstmcu_softmax_s8(const int8_t *x, int8_t *y, int32_t count, int32_t value, int32_t shift);

/** y = max(x * scale, 0), for int16 of different scales. */
void lstmcu_relu_s16(const int16_t *x, int16_t *y, int32_t count, int32_t value, int32_t shift);

/** y = x * scale + offset, clamped. */
void lstmcu_line_s16(const int16_t *x, int16_t *y, int32_t count, int32_t value, int32_t shift,
                     int32_t offset, int32_t low, int32_t high);

/** y = (x - bend) * below for x up to the bend, min(x * scale, high) above it. */
void lstmcu_bend_s16(const int16_t *x, int16_t *y, int32_t count, int32_t bend, int32_t value,
                     int32_t shift, int32_t below_value, int32_t below_shift, int32_t high);

/** Any function of int16 as a table (513), see table16.h. */
void lstmcu_table_s16(const int16_t *x, int16_t *y, int32_t count, const int16_t *table);

/** Sigmoid and tanh to Q0.15; x * value / 2^shift is in units of 1 / 3 / 2^12. */
void lstmcu_sigmoid_s16(const int16_t *x, int16_t *y, int32_t count, int32_t value, int32_t shift);
void lstmcu_tanh_s16(const int16_t *x, int16_t *y, int32_t count, int32_t value, int32_t shift);

/** Softmax to Q0.15; value and shift bring a difference of inputs to units of 10 / 65535. */
void lstmcu_softmax_s16(const int16_t *x, int16_t *y, int32_t count, int32_t value, int32_t shift);

/** Between real values and stored ones, real = scale * (stored - zero_point); rounds to nearest,
 * saturates, an infinity too; what is not a number is stored as 0.0. */
void lstmcu_quantise_s8(const float *x, int8_t *y, int32_t count, float scale, int32_t zero_point);
void lstmcu_quantise_s16(const float *x, int16_t *y, int32_t count, float scale,
                         int32_t zero_point);
void lstmcu_dequantise_s8(const int8_t *x, float *y, int32_t count, float scale,
                          int32_t zero_point);
void lstmcu_dequantise_s16(const int16_t *x, float *y, int32_t count, float scale,
                           int32_t zero_point);

/** The same real values at another scale and zero point; value and shift are the ratio of the
 * scales. */
void lstmcu_rescale_s8(const int8_t *x, int8_t *y, int32_t count, int32_t from_zero, int32_t value,
                       int32_t shift, int32_t to_zero);
void lstmcu_rescale_s16(const int16_t *x, int16_t *y, int32_t count, int32_t from_zero,
                        int32_t value, int32_t shift, int32_t to_zero);
void lstmcu_rescale_s8_s16(const int8_t *x, int16_t *y, int32_t count, int32_t from_zero,
                           int32_t value, int32_t shift, int32_t to_zero);
void lstmcu_rescale_s16_s8(const int16_t *x, int8_t *y, int32_t count, int32_t from_zero,
                           int32_t value, int32_t shift, int32_t to_zero);

#ifdef __cplusplus
}
#endif

#endif
