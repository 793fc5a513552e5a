/* SPDX-FileCopyrightText: 2026 lstmcu contributors
 * SPDX-License-Identifier: Apache-2.0 */
#include "elementwise.h"
#include "float_math.h"

void lstmcu_relu_f32(const float *x, float *y, int32_t count)
{
    for (int32_t k = 0; k < count; ++k) {
        y[k] = (x[k] < 0.0f) ? 0.0f : x[k];
    }
}

void lstmcu_sigmoid_f32(const float *x, float *y, int32_t count)
{
    for (int32_t k = 0; k < count; ++k) {
        y[k] = lstmcu_sigmoid(x[k]);
    }
}

void lstmcu_tanh_f32(const float *x, float *y, int32_t count)
{
    for (int32_t k = 0; k < count; ++k) {
        y[k] = lstmcu_tanh(x[k]);
    }
}

void lstmcu_softmax_f32(const float *x, float *y, int32_t count)
{
    float peak = x[0];
    for (int32_t k = 1; k < count; ++k) {
        peak = (x[k] > peak) ? x[k] : peak;
    }
    float sum = 0.0f;
    for (int32_t k = 0; k < count; ++k) {
        y[k] = lstmcu_exp(x[k] - peak);
        sum += y[k];
    }
    for (int32_t k = 0; k < count; ++k) {
        y[k] /= sum;
    }
}

void lstmcu_normalise_f32(const float *x, float *y, int32_t count, const float *scale,
                          const float *offset)
{
    for (int32_t k = 0; k < count; ++k) {
        y[k] = (x[k] * scale[k]) + offset[k];
    }
}
