/* SPDX-FileCopyrightText: 2026 lstmcu contributors
 * SPDX-License-Identifier: Apache-2.0 */
#include "dense_s7.h"
#include "fixed_point.h"

static int32_t weight(const int8_t *bytes, int32_t number)
{
    const int32_t bit = 7 * number;
    const uint32_t low = (uint8_t)bytes[bit / 8];
    const uint32_t high = (uint8_t)bytes[(bit / 8) + 1];
    const uint32_t value = ((low | (high << 8U)) >> (uint32_t)(bit % 8)) & 127U;
    return (int32_t)value - ((value >= 64U) ? 128 : 0);
}

void lstmcu_dense_s7_run(const lstmcu_dense_s7 *layer, const int8_t *x, int8_t *y)
{
    for (int32_t row = 0; row < layer->outputs; ++row) {
        const int32_t zero = layer->zero_point;
        int32_t sum = layer->bias[row];
        for (int32_t column = 0; column < layer->inputs; ++column) {
            sum += weight(layer->kernel, (row * layer->inputs) + column) * x[column];
        }
        sum = lstmcu_requantise(sum, layer->scale[row]);
        y[row] = (int8_t)(lstmcu_clamp(sum, layer->low - zero, layer->high - zero) + zero);
    }
}
