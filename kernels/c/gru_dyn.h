/* SPDX-FileCopyrightText: 2026 lstmcu contributors
 * SPDX-License-Identifier: Apache-2.0 */
/** Steps of a GRU whose activations are given: see gru.h. share: of z and r; activation: of the
 * candidate. */
#ifndef LSTMCU_GRU_DYN_H
#define LSTMCU_GRU_DYN_H

#include <string.h>

#include "gru.h"
#include "gru_update.h"
#include "of_gate.h"
#include "products_dyn.h"
#include "trace.h"

static inline float lstmcu_gru_dyn_from_input(const lstmcu_gru_dyn *layer, int32_t row,
                                              const int8_t *quantised, lstmcu_range range)
{
    return layer->bias[row] + product_dyn(&layer->kernel[row * layer->inputs], quantised,
                                          layer->inputs, layer->kernel_total[row], range,
                                          layer->kernel_scale[row]);
}

static inline float lstmcu_gru_dyn_from_hidden(const lstmcu_gru_dyn *layer, int32_t row,
                                               const int8_t *quantised, lstmcu_range range)
{
    return product_dyn(&layer->recurrent[row * layer->units], quantised, layer->units,
                       layer->recurrent_total[row], range, layer->recurrent_scale[row]);
}

static inline void lstmcu_gru_dyn_step_of(const lstmcu_gru_dyn *layer, const float *x,
                                          float *hidden, float *next, int8_t *quantised,
                                          lstmcu_of_gate_f32 share, lstmcu_of_gate_f32 activation)
{
    int8_t *before = quantised + layer->inputs;
    const lstmcu_range x_range = lstmcu_quantise_vector(x, layer->inputs, quantised);
    const lstmcu_range range = lstmcu_quantise_vector(hidden, layer->units, before);
    for (int32_t unit = 0; unit < layer->units; ++unit) {
        float gate[LSTMCU_GRU_GATES];
        for (int g = 0; g < LSTMCU_GRU_GATES; ++g) {
            const int32_t row = (unit * LSTMCU_GRU_GATES) + g;
            float from_before = lstmcu_gru_dyn_from_hidden(layer, row, before, range);
            if (g == LSTMCU_NEW) {
                from_before =
                    share(gate[LSTMCU_RESET]) * (from_before + layer->recurrent_bias[unit]);
            }
            gate[g] = lstmcu_gru_dyn_from_input(layer, row, quantised, x_range) + from_before;
        }
        lstmcu_trace(gate, sizeof gate);
        next[unit] = lstmcu_gru_hidden_f32(share(gate[LSTMCU_UPDATE]), activation(gate[LSTMCU_NEW]),
                                           hidden[unit]);
    }
    (void)memcpy(hidden, next, (size_t)layer->units * sizeof *hidden);
}

static inline void lstmcu_gru_dyn_step_before_of(const lstmcu_gru_dyn *layer, const float *x,
                                                 float *hidden, float *reset, float *gates,
                                                 int8_t *quantised, lstmcu_of_gate_f32 share,
                                                 lstmcu_of_gate_f32 activation)
{
    int8_t *before = quantised + layer->inputs;
    const lstmcu_range x_range = lstmcu_quantise_vector(x, layer->inputs, quantised);
    lstmcu_range range = lstmcu_quantise_vector(hidden, layer->units, before);
    for (int32_t unit = 0; unit < layer->units; ++unit) {
        float *gate = &gates[unit * LSTMCU_NEW];
        for (int g = 0; g < LSTMCU_NEW; ++g) {
            const int32_t row = (unit * LSTMCU_GRU_GATES) + g;
            gate[g] = lstmcu_gru_dyn_from_input(layer, row, quantised, x_range) +
                      lstmcu_gru_dyn_from_hidden(layer, row, before, range);
        }
        reset[unit] = share(gate[LSTMCU_RESET]) * hidden[unit];
    }
    range = lstmcu_quantise_vector(reset, layer->units, before);
    for (int32_t unit = 0; unit < layer->units; ++unit) {
        const int32_t row = (unit * LSTMCU_GRU_GATES) + LSTMCU_NEW;
        const float *gate = &gates[unit * LSTMCU_NEW];
        const float candidate = lstmcu_gru_dyn_from_input(layer, row, quantised, x_range) +
                                lstmcu_gru_dyn_from_hidden(layer, row, before, range);
        lstmcu_trace(gate, sizeof *gate * (uint32_t)LSTMCU_NEW);
        lstmcu_trace(&candidate, sizeof candidate);
        hidden[unit] =
            lstmcu_gru_hidden_f32(share(gate[LSTMCU_UPDATE]), activation(candidate), hidden[unit]);
    }
}

static inline void lstmcu_gru_dyn_once_of(const lstmcu_gru_once_dyn *layer, const float *x,
                                          float *hidden, int8_t *quantised,
                                          lstmcu_of_gate_f32 share, lstmcu_of_gate_f32 activation)
{
    const int8_t *kernel = layer->kernel;
    const lstmcu_range range = lstmcu_quantise_vector(x, layer->inputs, quantised);
    for (int32_t unit = 0; unit < layer->units; ++unit) {
        float gate[LSTMCU_GRU_GATES];
        for (int g = 0; g < LSTMCU_GRU_GATES; ++g) {
            const int32_t row = (unit * LSTMCU_GRU_GATES) + g;
            gate[g] =
                layer->bias[row] + product_dyn(kernel, quantised, layer->inputs,
                                               layer->kernel_total[row], range, layer->scale[row]);
            kernel += layer->inputs;
        }
        gate[LSTMCU_NEW] += share(gate[LSTMCU_RESET]) * layer->share[unit];
        lstmcu_trace(gate, sizeof gate);
        hidden[unit] =
            lstmcu_gru_hidden_f32(share(gate[LSTMCU_UPDATE]), activation(gate[LSTMCU_NEW]), 0.0f);
    }
}

#endif
