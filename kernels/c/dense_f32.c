/* SPDX-FileCopyrightText: 2026 lstmcu contributors
 * SPDX-License-Identifier: Apache-2.0 */
#include "dot_f32.h"
#include "lstmcu_kernels.h"

static float output_f32(const lstmcu_dense_f32 *layer, float sum)
{
    return (layer->relu && (sum < 0.0f)) ? 0.0f : sum;
}

void lstmcu_dense_f32_run(const lstmcu_dense_f32 *layer, const float *x, float *y)
{
    const float *kernel = layer->kernel;
    for (int32_t row = 0; row < layer->outputs; ++row) {
        y[row] = output_f32(layer, dot_f32(kernel, x, layer->inputs, layer->bias[row]));
        kernel += layer->inputs;
    }
}

void lstmcu_dense_f32_add(const lstmcu_dense_f32 *layer, int32_t part, const float *x, float *sums)
{
    const float *kernel = layer->kernel + (part * layer->outputs * layer->inputs);
    for (int32_t row = 0; row < layer->outputs; ++row) {
        sums[row] = dot_f32(kernel, x, layer->inputs, sums[row]);
        kernel += layer->inputs;
    }
}

void lstmcu_dense_f32_finish(const lstmcu_dense_f32 *layer, const float *sums, float *y)
{
    for (int32_t row = 0; row < layer->outputs; ++row) {
        y[row] = output_f32(layer, sums[row]);
    }
}
