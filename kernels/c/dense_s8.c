/* SPDX-FileCopyrightText: 2026 lstmcu contributors
 * SPDX-License-Identifier: Apache-2.0 */
#include "dot.h"
#include "fixed_point.h"
#include "lstmcu_kernels.h"

static int8_t output_s8(const lstmcu_dense_s8 *layer, int32_t row, int32_t sum)
{
    /* clamped before the zero point is added: the sum of the two could leave 32 bits */
    const int32_t zero = layer->zero_point;
    const int32_t y = lstmcu_requantise(sum, layer->scale[row]);
    return (int8_t)(lstmcu_clamp(y, layer->low - zero, layer->high - zero) + zero);
}

void lstmcu_dense_s8_run(const lstmcu_dense_s8 *layer, const int8_t *x, int8_t *y)
{
    const int8_t *kernel = layer->kernel;
    for (int32_t row = 0; row < layer->outputs; ++row) {
        y[row] = output_s8(layer, row, dot_s8(kernel, x, layer->inputs, layer->bias[row]));
        kernel += layer->inputs;
    }
}

void lstmcu_dense_s8_add(const lstmcu_dense_s8 *layer, int32_t part, const int8_t *x, int32_t *sums)
{
    const int8_t *kernel = layer->kernel + (part * layer->outputs * layer->inputs);
    for (int32_t row = 0; row < layer->outputs; ++row) {
        sums[row] = dot_s8(kernel, x, layer->inputs, sums[row]);
        kernel += layer->inputs;
    }
}

void lstmcu_dense_s8_finish(const lstmcu_dense_s8 *layer, const int32_t *sums, int8_t *y)
{
    for (int32_t row = 0; row < layer->outputs; ++row) {
        y[row] = output_s8(layer, row, sums[row]);
    }
}
