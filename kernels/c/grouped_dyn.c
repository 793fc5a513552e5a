/* SPDX-FileCopyrightText: 2026 lstmcu contributors
 * SPDX-License-Identifier: Apache-2.0 */
#include "dot.h"
#include "grouped.h"
#include "grouped_rows.h"
#include "hybrid.h"

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
