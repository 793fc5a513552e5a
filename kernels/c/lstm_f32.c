/* SPDX-FileCopyrightText: 2026 lstmcu contributors
 * SPDX-License-Identifier: Apache-2.0 */
#include "cell_f32.h"
#include "dot_f32.h"
#include "lstmcu_kernels.h"
#include "trace.h"

void lstmcu_lstm_f32_step(const lstmcu_lstm_f32 *layer, const float *x, float *hidden, float *cell,
                          float *next)
{
    const float *kernel = layer->kernel;
    const float *recurrent = layer->recurrent;
    const float *bias = layer->bias;
    for (int32_t unit = 0; unit < layer->units; ++unit) {
        float gate[LSTMCU_GATES];
        for (int g = 0; g < LSTMCU_GATES; ++g) {
            const float from_input = dot_f32(kernel, x, layer->inputs, *bias++);
            gate[g] = dot_f32(recurrent, hidden, layer->units, from_input);
            kernel += layer->inputs;
            recurrent += layer->units;
        }
        lstmcu_trace(gate, sizeof gate);
        next[unit] = lstmcu_cell_step_f32(gate, &cell[unit], layer->cell_limit);
    }
    lstmcu_hidden_f32(cell, next, hidden, layer->units);
}

void lstmcu_lstm_f32_once(const lstmcu_lstm_once_f32 *layer, const float *x, float *hidden)
{
    const float *kernel = layer->kernel;
    const float *bias = layer->bias;
    for (int32_t unit = 0; unit < layer->units; ++unit) {
        float gate[3];
        for (int g = 0; g < 3; ++g) {
            gate[g] = dot_f32(kernel, x, layer->inputs, *bias++);
            kernel += layer->inputs;
        }
        lstmcu_trace(gate, sizeof gate);
        hidden[unit] = lstmcu_cell_once_f32(gate, layer->cell_limit);
    }
}
