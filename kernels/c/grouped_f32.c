/* SPDX-FileCopyrightText: 2026 lstmcu contributors
 * SPDX-License-Identifier: Apache-2.0 */
#include "dot_f32.h"
#include "grouped.h"
#include "grouped_rows.h"

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
