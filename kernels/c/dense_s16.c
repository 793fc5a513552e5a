/* SPDX-FileCopyrightText: 2026 lstmcu contributors
 * SPDX-License-Identifier: Apache-2.0 */
#include "dot.h"
#include "fixed_point.h"
#include "lstmcu_kernels.h"

static int16_t output_s16(const lstmcu_dense_s16 *layer, int32_t row, int64_t sum)
{
    return (int16_t)lstmcu_clamp(lstmcu_requantise64(sum, layer->scale[row]), layer->low,
                                 layer->high);
}

void lstmcu_dense_s16_run(const lstmcu_dense_s16 *layer, const int16_t *x, int16_t *y)
{
    const int8_t *kernel = layer->kernel;
    for (int32_t row = 0; row < layer->outputs; ++row) {
        y[row] = output_s16(layer, row, dot_s16(kernel, x, layer->inputs, layer->bias[row]));
        kernel += layer->inputs;
    }
}

void lstmcu_dense_s16_add(const lstmcu_dense_s16 *layer, int32_t part, const int16_t *x,
                          int64_t *sums)
{
    const int8_t *kernel = layer->kernel + (part * layer->outputs * layer->inputs);
    for (int32_t row = 0; row < layer->outputs; ++row) {
        sums[row] = dot_s16(kernel, x, layer->inputs, sums[row]);
        kernel += layer->inputs;
    }
}

void lstmcu_dense_s16_finish(const lstmcu_dense_s16 *layer, const int64_t *sums, int16_t *y)
{
    for (int32_t row = 0; row < layer->outputs; ++row) {
        y[row] = output_s16(layer, row, sums[row]);
    }
}
