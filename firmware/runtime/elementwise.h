/* SPDX-FileCopyrightText: 2026 lstmcu contributors
 * SPDX-License-Identifier: Apache-2.0 */
/** Functions of a vector x (count) to y (count); x and y may be the same array. */
#ifndef LSTMCU_ELEMENTWISE_H
#define LSTMCU_ELEMENTWISE_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

void lstmcu_relu_f32(const float *x, float *y, int32_t count);
void lstmcu_sigmoid_f32(const float *x, float *y, int32_t count);
void lstmcu_tanh_f32(const float *x, float *y, int32_t count);
void lstmcu_softmax_f32(const float *x, float *y, int32_t count);

#ifdef __cplusplus
}
#endif

#endif
