/* SPDX-FileCopyrightText: 2026 lstmcu contributors
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "gru.h"
#include "gru_update_f32.h"
#include "products.h"
#include "trace.h"

static float from_input(const lstmcu_gru_dyn *layer, int32_t row, const int8_t *quantised,
                        lstmcu_range range, int g)
{
    return layer->bias[row] + product_dyn(&layer->kernel[row * layer->inputs], quantised,
                                          layer->inputs, layer->kernel_total[row], range,
                                          layer->kernel_scale[g]);
}

static float from_hidden(const lstmcu_gru_dyn *layer, int32_t row, const int8_t *quantised,
                         lstmcu_range range, int g)
{
    return product_dyn(&layer->recurrent[row * layer->units], quantised, layer->units,
                       layer->recurrent_total[row], range, layer->recurrent_scale[g]);
}

void lstmcu_gru_dyn_step(const lstmcu_gru_dyn *layer, const float *x, float *hidden, float *next,
                         int8_t *quantised)
{
    int8_t *before = quantised + layer->inputs;
    const lstmcu_range x_range = lstmcu_quantise_vector(x, layer->inputs, quantised);
    const lstmcu_range range = lstmcu_quantise_vector(hidden, layer->units, before);
    for (int32_t unit = 0; unit < layer->units; ++unit) {
        float gate[LSTMCU_GRU_GATES];
        for (int g = 0; g < LSTMCU_GRU_GATES; ++g) {
            const int32_t row = (unit * LSTMCU_GRU_GATES) + g;
            float share = from_hidden(layer, row, before, range, g);
            if (g == LSTMCU_NEW) {
                share = lstmcu_sigmoid(gate[LSTMCU_RESET]) * (share + layer->recurrent_bias[unit]);
            }
            gate[g] = from_input(layer, row, quantised, x_range, g) + share;
        }
        lstmcu_trace(gate, sizeof gate);
        next[unit] = lstmcu_gru_hidden_f32(gate[LSTMCU_UPDATE], gate[LSTMCU_NEW], hidden[unit]);
    }
    (void)memcpy(hidden, next, (size_t)layer->units * sizeof *hidden);
}

void lstmcu_gru_dyn_step_before(const lstmcu_gru_dyn *layer, const float *x, float *hidden,
                                float *reset, float *gates, int8_t *quantised)
{
    int8_t *before = quantised + layer->inputs;
    const lstmcu_range x_range = lstmcu_quantise_vector(x, layer->inputs, quantised);
    lstmcu_range range = lstmcu_quantise_vector(hidden, layer->units, before);
    for (int32_t unit = 0; unit < layer->units; ++unit) {
        float *gate = &gates[unit * LSTMCU_NEW];
        for (int g = 0; g < LSTMCU_NEW; ++g) {
            const int32_t row = (unit * LSTMCU_GRU_GATES) + g;
            gate[g] = from_input(layer, row, quantised, x_range, g) +
                      from_hidden(layer, row, before, range, g);
        }
        reset[unit] = lstmcu_sigmoid(gate[LSTMCU_RESET]) * hidden[unit];
    }
    range = lstmcu_quantise_vector(reset, layer->units, before);
    for (int32_t unit = 0; unit < layer->units; ++unit) {
        const int32_t row = (unit * LSTMCU_GRU_GATES) + LSTMCU_NEW;
        const float *gate = &gates[unit * LSTMCU_NEW];
        const float candidate = from_input(layer, row, quantised, x_range, LSTMCU_NEW) +
                                from_hidden(layer, row, before, range, LSTMCU_NEW);
        lstmcu_trace(gate, LSTMCU_NEW * sizeof *gate);
        lstmcu_trace(&candidate, sizeof candidate);
        hidden[unit] = lstmcu_gru_hidden_f32(gate[LSTMCU_UPDATE], candidate, hidden[unit]);
    }
}

void lstmcu_gru_dyn_once(const lstmcu_gru_once_dyn *layer, const float *x, float *hidden,
                         int8_t *quantised)
{
    const int8_t *kernel = layer->kernel;
    const lstmcu_range range = lstmcu_quantise_vector(x, layer->inputs, quantised);
    for (int32_t unit = 0; unit < layer->units; ++unit) {
        float gate[LSTMCU_GRU_GATES];
        for (int g = 0; g < LSTMCU_GRU_GATES; ++g) {
            const int32_t row = (unit * LSTMCU_GRU_GATES) + g;
            gate[g] =
                layer->bias[row] + product_dyn(kernel, quantised, layer->inputs,
                                               layer->kernel_total[row], range, layer->scale[g]);
            kernel += layer->inputs;
        }
        gate[LSTMCU_NEW] += lstmcu_sigmoid(gate[LSTMCU_RESET]) * layer->share[unit];
        lstmcu_trace(gate, sizeof gate);
        hidden[unit] = lstmcu_gru_hidden_f32(gate[LSTMCU_UPDATE], gate[LSTMCU_NEW], 0.0f);
    }
}
