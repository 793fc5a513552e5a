/* SPDX-FileCopyrightText: 2026 lstmcu contributors
 * SPDX-License-Identifier: Apache-2.0 */
#include "dot.h"
#include "grouped.h"
#include "grouped_rows.h"

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
