/* SPDX-FileCopyrightText: 2026 lstmcu contributors
 * SPDX-License-Identifier: Apache-2.0 */
#include "elementwise.h"
#include "functions_f32.h"

void lstmcu_relu6_f32(const float *x, float *y, int32_t count)
{
    for (int32_t k = 0; k < count; ++k) {
        y[k] = lstmcu_relu6(x[k]);
    }
}

void lstmcu_hard_tanh_f32(const float *x, float *y, int32_t count)
{
    for (int32_t k = 0; k < count; ++k) {
        y[k] = lstmcu_hard_tanh(x[k]);
    }
}

void lstmcu_bent_relu_f32(const float *x, float *y, int32_t count, float most, float slope,
                          float threshold)
{
    for (int32_t k = 0; k < count; ++k) {
        y[k] = lstmcu_bent_relu(x[k], most, slope, threshold);
    }
}

void lstmcu_leaky_relu_f32(const float *x, float *y, int32_t count, float slope)
{
    for (int32_t k = 0; k < count; ++k) {
        y[k] = lstmcu_leaky_relu(x[k], slope);
    }
}

void lstmcu_hard_sigmoid_keras2_f32(const float *x, float *y, int32_t count)
{
    for (int32_t k = 0; k < count; ++k) {
        y[k] = lstmcu_hard_sigmoid_keras2(x[k]);
    }
}

void lstmcu_hard_sigmoid_keras3_f32(const float *x, float *y, int32_t count)
{
    for (int32_t k = 0; k < count; ++k) {
        y[k] = lstmcu_hard_sigmoid_keras3(x[k]);
    }
}

void lstmcu_hard_swish_f32(const float *x, float *y, int32_t count)
{
    for (int32_t k = 0; k < count; ++k) {
        y[k] = lstmcu_hard_swish(x[k]);
    }
}

void lstmcu_softsign_f32(const float *x, float *y, int32_t count)
{
    for (int32_t k = 0; k < count; ++k) {
        y[k] = lstmcu_softsign(x[k]);
    }
}

void lstmcu_elu_f32(const float *x, float *y, int32_t count, float alpha)
{
    for (int32_t k = 0; k < count; ++k) {
        y[k] = lstmcu_elu(x[k], alpha);
    }
}

void lstmcu_selu_f32(const float *x, float *y, int32_t count)
{
    for (int32_t k = 0; k < count; ++k) {
        y[k] = lstmcu_selu(x[k]);
    }
}

void lstmcu_silu_f32(const float *x, float *y, int32_t count)
{
    for (int32_t k = 0; k < count; ++k) {
        y[k] = lstmcu_silu(x[k]);
    }
}

void lstmcu_gelu_f32(const float *x, float *y, int32_t count)
{
    for (int32_t k = 0; k < count; ++k) {
        y[k] = lstmcu_gelu(x[k]);
    }
}

void lstmcu_gelu_tanh_f32(const float *x, float *y, int32_t count)
{
    for (int32_t k = 0; k < count; ++k) {
        y[k] = lstmcu_gelu_tanh(x[k]);
    }
}

void lstmcu_softplus_f32(const float *x, float *y, int32_t count)
{
    for (int32_t k = 0; k < count; ++k) {
        y[k] = lstmcu_softplus(x[k]);
    }
}

void lstmcu_exponential_f32(const float *x, float *y, int32_t count)
{
    for (int32_t k = 0; k < count; ++k) {
        y[k] = lstmcu_exponential(x[k]);
    }
}

void lstmcu_mish_f32(const float *x, float *y, int32_t count)
{
    for (int32_t k = 0; k < count; ++k) {
        y[k] = lstmcu_mish(x[k]);
    }
}
