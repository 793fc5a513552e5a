/* SPDX-FileCopyrightText: 2026 lstmcu contributors
 * SPDX-License-Identifier: Apache-2.0 */
/** A vector x (count) less its mean, over its standard deviation, times a scale plus an offset by
 * element; y may be x. */
#ifndef LSTMCU_LAYER_NORM_H
#define LSTMCU_LAYER_NORM_H

#include "lstmcu.h"

/* of this version alone */
#define lstmcu_layer_norm_f32 LSTMCU_SYMBOL(layer_norm_f32)
#define lstmcu_layer_norm_s8 LSTMCU_SYMBOL(layer_norm_s8)
#define lstmcu_layer_norm_s16 LSTMCU_SYMBOL(layer_norm_s16)

#ifdef __cplusplus
extern "C" {
#endif

/** epsilon is added to the variance. */
void lstmcu_layer_norm_f32(const float *x, float *y, int32_t count, const float *scale,
                           const float *offset, float epsilon);

/** From a vector of mean 0 and variance 1 in steps of 2^-16: (n * factor + offset) / 2^shift,
 * rounded down and saturated. epsilon (1) is in steps of x squared, times
 * count squared and 2^bits: variances have so many bits of a fraction, an even number. */
void lstmcu_layer_norm_s8(const int8_t *x, int8_t *y, int32_t count, const int32_t *factor,
                          const int64_t *offset, const int64_t *epsilon, int32_t bits,
                          int32_t shift);
void lstmcu_layer_norm_s16(const int16_t *x, int16_t *y, int32_t count, const int32_t *factor,
                           const int64_t *offset, const int64_t *epsilon, int32_t bits,
                           int32_t shift);

#ifdef __cplusplus
}
#endif

#endif
