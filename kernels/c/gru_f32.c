/* SPDX-FileCopyrightText: 2026 lstmcu contributors
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "dot.h"
#include "gru.h"
#include "gru_update_f32.h"
#include "trace.h"

static float from_input(const lstmcu_gru_f32 *layer, int32_t row, const float *x)
{
    return dot_f32(&layer->kernel[row * layer->inputs], x, layer->inputs, layer->bias[row]);
}

static float from_hidden(const lstmcu_gru_f32 *layer, int32_t row, const float *hidden, float first)
{
    return dot_f32(&layer->recurrent[row * layer->units], hidden, layer->units, first);
}

void lstmcu_gru_f32_step(const lstmcu_gru_f32 *layer, const float *x, float *hidden, float *next)
{
    for (int32_t unit = 0; unit < layer->units; ++unit) {
        float gate[LSTMCU_GRU_GATES];
        const int32_t row = unit * LSTMCU_GRU_GATES;
        for (int32_t g = 0; g < LSTMCU_NEW; ++g) {
            gate[g] = from_hidden(layer, row + g, hidden, from_input(layer, row + g, x));
        }
        const float share =
            from_hidden(layer, row + LSTMCU_NEW, hidden, layer->recurrent_bias[unit]);
        gate[LSTMCU_NEW] =
            from_input(layer, row + LSTMCU_NEW, x) + (lstmcu_sigmoid(gate[LSTMCU_RESET]) * share);
        lstmcu_trace(gate, sizeof gate);
        next[unit] = lstmcu_gru_hidden_f32(gate[LSTMCU_UPDATE], gate[LSTMCU_NEW], hidden[unit]);
    }
    (void)memcpy(hidden, next, (size_t)layer->units * sizeof *hidden);
}

void lstmcu_gru_f32_step_before(const lstmcu_gru_f32 *layer, const float *x, float *hidden,
                                float *reset, float *gates)
{
    for (int32_t unit = 0; unit < layer->units; ++unit) {
        float *gate = &gates[unit * LSTMCU_NEW];
        for (int32_t g = 0; g < LSTMCU_NEW; ++g) {
            const int32_t row = (unit * LSTMCU_GRU_GATES) + g;
            gate[g] = from_hidden(layer, row, hidden, from_input(layer, row, x));
        }
        reset[unit] = lstmcu_sigmoid(gate[LSTMCU_RESET]) * hidden[unit];
    }
    for (int32_t unit = 0; unit < layer->units; ++unit) {
        const int32_t row = (unit * LSTMCU_GRU_GATES) + LSTMCU_NEW;
        const float *gate = &gates[unit * LSTMCU_NEW];
        const float candidate = from_hidden(layer, row, reset, from_input(layer, row, x));
        lstmcu_trace(gate, LSTMCU_NEW * sizeof *gate);
        lstmcu_trace(&candidate, sizeof candidate);
        hidden[unit] = lstmcu_gru_hidden_f32(gate[LSTMCU_UPDATE], candidate, hidden[unit]);
    }
}

void lstmcu_gru_f32_once(const lstmcu_gru_once_f32 *layer, const float *x, float *hidden)
{
    const float *kernel = layer->kernel;
    const float *bias = layer->bias;
    for (int32_t unit = 0; unit < layer->units; ++unit) {
        float gate[LSTMCU_GRU_GATES];
        for (int g = 0; g < LSTMCU_GRU_GATES; ++g) {
            gate[g] = dot_f32(kernel, x, layer->inputs, *bias++);
            kernel += layer->inputs;
        }
        gate[LSTMCU_NEW] += lstmcu_sigmoid(gate[LSTMCU_RESET]) * layer->share[unit];
        lstmcu_trace(gate, sizeof gate);
        hidden[unit] = lstmcu_gru_hidden_f32(gate[LSTMCU_UPDATE], gate[LSTMCU_NEW], 0.0f);
    }
}
