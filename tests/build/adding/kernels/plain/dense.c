/* SPDX-FileCopyrightText: 2026 lstmcu contributors
 * SPDX-License-Identifier: Apache-2.0 */
#include "fixed_point.h"
#include "lstmcu_plain.h"

void lstmcu_plain_dense(const lstmcu_plain_layer *layer, const int8_t *x, int8_t *y)
{
    int32_t sums[64];
    for (int32_t row = 0; row < layer->outputs; ++row) {
        sums[row] = layer->bias[row];
    }
    for (int32_t column = 0; column < layer->inputs; ++column) {
        for (int32_t row = 0; row < layer->outputs; ++row) {
            sums[row] += x[column] * layer->kernel[(column * layer->outputs) + row];
        }
    }
    for (int32_t row = 0; row < layer->outputs; ++row) {
        const int32_t zero = layer->zero_point;
        const int32_t scaled = lstmcu_requantise(sums[row], layer->scale[row]);
        y[row] = (int8_t)(lstmcu_clamp(scaled, layer->low - zero, layer->high - zero) + zero);
    }
}
