/* SPDX-FileCopyrightText: 2026 lstmcu contributors
 * SPDX-License-Identifier: Apache-2.0 */
#include "grouped.h"

#include "dot.h"
#include "hybrid.h"

/* Of the features, the first that row number `row` of `outputs` reads; it reads `width`. */
static int32_t first_feature(int32_t row, int32_t outputs, int32_t groups, int32_t width)
{
    return (row / (outputs / groups)) * width;
}

void lstmcu_grouped_f32_run(const lstmcu_grouped_f32 *layer, const float *x, float *y)
{
    const int32_t width = layer->features / layer->groups;
    const float *kernel = layer->rows.kernel;
    for (int32_t row = 0; row < layer->rows.outputs; ++row) {
        const float *vector = x + first_feature(row, layer->rows.outputs, layer->groups, width);
        float sum = layer->rows.bias[row];
        for (int32_t k = 0; k < layer->length; ++k) {
            sum = dot_f32(kernel, vector, width, sum);
            kernel = &kernel[width];
            vector += layer->features;
        }
        y[row] = sum;
    }
    lstmcu_dense_f32_finish(&layer->rows, y, y);
}

void lstmcu_grouped_dyn_run(const lstmcu_grouped_dyn *layer, const float *x, float *y,
                            int8_t *quantised)
{
    const int32_t width = layer->features / layer->groups;
    const lstmcu_range range =
        lstmcu_quantise_vector(x, layer->length * layer->features, quantised);
    const int8_t *kernel = layer->rows.kernel;
    for (int32_t row = 0; row < layer->rows.outputs; ++row) {
        const int8_t *vector =
            quantised + first_feature(row, layer->rows.outputs, layer->groups, width);
        int32_t sum = -range.zero_point * layer->rows.kernel_total[row];
        for (int32_t k = 0; k < layer->length; ++k) {
            sum = dot_s8(kernel, vector, width, sum);
            kernel = &kernel[width];
            vector += layer->features;
        }
        y[row] = layer->rows.bias[row] + ((float)sum * (range.scale * layer->rows.scale[row]));
    }
    lstmcu_dense_dyn_finish(&layer->rows, y, y);
}

void lstmcu_grouped_s8_run(const lstmcu_grouped_s8 *layer, const int8_t *x, int8_t *y,
                           int32_t *sums)
{
    const int32_t width = layer->features / layer->groups;
    const int8_t *kernel = layer->rows.kernel;
    for (int32_t row = 0; row < layer->rows.outputs; ++row) {
        const int8_t *vector = x + first_feature(row, layer->rows.outputs, layer->groups, width);
        sums[row] = layer->rows.bias[row];
        for (int32_t k = 0; k < layer->length; ++k) {
            sums[row] = dot_s8(kernel, vector, width, sums[row]);
            kernel = &kernel[width];
            vector += layer->features;
        }
    }
    lstmcu_dense_s8_finish(&layer->rows, sums, y);
}

void lstmcu_grouped_s16_run(const lstmcu_grouped_s16 *layer, const int16_t *x, int16_t *y,
                            int64_t *sums)
{
    const int32_t width = layer->features / layer->groups;
    const int8_t *kernel = layer->rows.kernel;
    for (int32_t row = 0; row < layer->rows.outputs; ++row) {
        const int16_t *vector = x + first_feature(row, layer->rows.outputs, layer->groups, width);
        sums[row] = layer->rows.bias[row];
        for (int32_t k = 0; k < layer->length; ++k) {
            sums[row] = dot_s16(kernel, vector, width, sums[row]);
            kernel = &kernel[width];
            vector += layer->features;
        }
    }
    lstmcu_dense_s16_finish(&layer->rows, sums, y);
}
