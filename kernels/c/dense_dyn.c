/* SPDX-FileCopyrightText: 2026 lstmcu contributors
 * SPDX-License-Identifier: Apache-2.0 */
#include "dot.h"
#include "hybrid.h"
#include "lstmcu_kernels.h"
#include "single.h"

void lstmcu_dense_dyn_add(const lstmcu_dense_dyn *layer, int32_t part, const float *x, float *sums,
                          int8_t *quantised)
{
    const int8_t *kernel = layer->kernel + (part * layer->outputs * layer->inputs);
    const int32_t *total = layer->kernel_total + (part * layer->outputs);
    const lstmcu_range range = lstmcu_quantise_vector(x, layer->inputs, quantised);
    for (int32_t row = 0; row < layer->outputs; ++row) {
        const int32_t dot =
            dot_s8(kernel, quantised, layer->inputs, -range.zero_point * total[row]);
        const float scale = lstmcu_product_f32(range.scale, layer->scale[row]);
        sums[row] = lstmcu_sum_f32(sums[row], lstmcu_product_f32((float)dot, scale));
        kernel += layer->inputs;
    }
}

void lstmcu_dense_dyn_finish(const lstmcu_dense_dyn *layer, const float *sums, float *y)
{
    for (int32_t row = 0; row < layer->outputs; ++row) {
        y[row] = (layer->relu && (sums[row] < 0.0f)) ? 0.0f : sums[row];
    }
}

void lstmcu_dense_dyn_run(const lstmcu_dense_dyn *layer, const float *x, float *y,
                          int8_t *quantised)
{
    for (int32_t row = 0; row < layer->outputs; ++row) {
        y[row] = layer->bias[row];
    }
    lstmcu_dense_dyn_add(layer, 0, x, y, quantised);
    lstmcu_dense_dyn_finish(layer, y, y);
}
