/* SPDX-FileCopyrightText: 2026 lstmcu contributors
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "cell.h"
#include "lstmcu_kernels.h"
#include "products.h"
#include "trace.h"

void lstmcu_lstm_s16_step(const lstmcu_lstm_s16 *layer, const int16_t *x, int16_t *hidden,
                          int16_t *cell, int16_t *next)
{
    const int8_t *kernel = layer->kernel;
    const int8_t *recurrent = layer->recurrent;
    const int64_t *bias = layer->bias;
    for (int32_t unit = 0; unit < layer->units; ++unit) {
        int16_t gate[LSTMCU_GATES];
        for (int g = 0; g < LSTMCU_GATES; ++g) {
            const int32_t from_input =
                product_s16(kernel, x, layer->inputs, *bias++, layer->kernel_scale[g]);
            const int32_t from_hidden =
                product_s16(recurrent, hidden, layer->units, 0, layer->recurrent_scale[g]);
            gate[g] = lstmcu_saturate16(from_input + from_hidden);
            kernel += layer->inputs;
            recurrent += layer->units;
        }
        lstmcu_trace(gate, sizeof gate);
        const int32_t value = lstmcu_cell_step(&layer->cell, gate, &cell[unit]);
        next[unit] = lstmcu_saturate16(value);
    }
    (void)memcpy(hidden, next, (size_t)layer->units * sizeof *hidden);
}

void lstmcu_lstm_s16_once(const lstmcu_lstm_once_s16 *layer, const int16_t *x, int16_t *hidden)
{
    const int8_t *kernel = layer->kernel;
    const int64_t *bias = layer->bias;
    for (int32_t unit = 0; unit < layer->units; ++unit) {
        int16_t gate[3];
        for (int g = 0; g < 3; ++g) {
            gate[g] = (int16_t)product_s16(kernel, x, layer->inputs, *bias++, layer->scale[g]);
            kernel += layer->inputs;
        }
        lstmcu_trace(gate, sizeof gate);
        const int32_t value = lstmcu_cell_once(&layer->cell, gate);
        hidden[unit] = lstmcu_saturate16(value);
    }
}
