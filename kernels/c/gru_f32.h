/* SPDX-FileCopyrightText: 2026 lstmcu contributors
 * SPDX-License-Identifier: Apache-2.0 */
/** Steps of a GRU whose activations are given: see gru.h. share: of z and r; activation: of the
 * candidate. */
#ifndef LSTMCU_GRU_F32_H
#define LSTMCU_GRU_F32_H

#include <string.h>

#include "dot_f32.h"
#include "gru.h"
#include "gru_update.h"
#include "of_gate.h"
#include "trace.h"

static inline float lstmcu_gru_f32_from_input(const lstmcu_gru_f32 *layer, int32_t row,
                                              const float *x)
{
    return dot_f32(&layer->kernel[row * layer->inputs], x, layer->inputs, layer->bias[row]);
}

static inline float lstmcu_gru_f32_from_hidden(const lstmcu_gru_f32 *layer, int32_t row,
                                               const float *hidden, float first)
{
    return dot_f32(&layer->recurrent[row * layer->units], hidden, layer->units, first);
}

static inline void lstmcu_gru_f32_step_of(const lstmcu_gru_f32 *layer, const float *x,
                                          float *hidden, float *next, lstmcu_of_gate_f32 share,
                                          lstmcu_of_gate_f32 activation)
{
    for (int32_t unit = 0; unit < layer->units; ++unit) {
        float gate[LSTMCU_GRU_GATES];
        const int32_t row = unit * LSTMCU_GRU_GATES;
        for (int32_t g = 0; g < LSTMCU_NEW; ++g) {
            gate[g] = lstmcu_gru_f32_from_hidden(layer, row + g, hidden,
                                                 lstmcu_gru_f32_from_input(layer, row + g, x));
        }
        const float from_before = lstmcu_gru_f32_from_hidden(layer, row + LSTMCU_NEW, hidden,
                                                             layer->recurrent_bias[unit]);
        gate[LSTMCU_NEW] = lstmcu_gru_f32_from_input(layer, row + LSTMCU_NEW, x) +
                           (share(gate[LSTMCU_RESET]) * from_before);
        lstmcu_trace(gate, sizeof gate);
        next[unit] = lstmcu_gru_hidden_f32(share(gate[LSTMCU_UPDATE]), activation(gate[LSTMCU_NEW]),
                                           hidden[unit]);
    }
    (void)memcpy(hidden, next, (size_t)layer->units * sizeof *hidden);
}

static inline void lstmcu_gru_f32_step_before_of(const lstmcu_gru_f32 *layer, const float *x,
                                                 float *hidden, float *reset, float *gates,
                                                 lstmcu_of_gate_f32 share,
                                                 lstmcu_of_gate_f32 activation)
{
    for (int32_t unit = 0; unit < layer->units; ++unit) {
        float *gate = &gates[unit * LSTMCU_NEW];
        for (int32_t g = 0; g < LSTMCU_NEW; ++g) {
            const int32_t row = (unit * LSTMCU_GRU_GATES) + g;
            gate[g] = lstmcu_gru_f32_from_hidden(layer, row, hidden,
                                                 lstmcu_gru_f32_from_input(layer, row, x));
        }
        reset[unit] = share(gate[LSTMCU_RESET]) * hidden[unit];
    }
    for (int32_t unit = 0; unit < layer->units; ++unit) {
        const int32_t row = (unit * LSTMCU_GRU_GATES) + LSTMCU_NEW;
        const float *gate = &gates[unit * LSTMCU_NEW];
        const float candidate =
            lstmcu_gru_f32_from_hidden(layer, row, reset, lstmcu_gru_f32_from_input(layer, row, x));
        lstmcu_trace(gate, sizeof *gate * (uint32_t)LSTMCU_NEW);
        lstmcu_trace(&candidate, sizeof candidate);
        hidden[unit] =
            lstmcu_gru_hidden_f32(share(gate[LSTMCU_UPDATE]), activation(candidate), hidden[unit]);
    }
}

static inline void lstmcu_gru_f32_once_of(const lstmcu_gru_once_f32 *layer, const float *x,
                                          float *hidden, lstmcu_of_gate_f32 share,
                                          lstmcu_of_gate_f32 activation)
{
    const float *kernel = layer->kernel;
    const float *bias = layer->bias;
    for (int32_t unit = 0; unit < layer->units; ++unit) {
        float gate[LSTMCU_GRU_GATES];
        for (int g = 0; g < LSTMCU_GRU_GATES; ++g) {
            gate[g] = dot_f32(kernel, x, layer->inputs, *bias++);
            kernel += layer->inputs;
        }
        gate[LSTMCU_NEW] += share(gate[LSTMCU_RESET]) * layer->share[unit];
        lstmcu_trace(gate, sizeof gate);
        hidden[unit] =
            lstmcu_gru_hidden_f32(share(gate[LSTMCU_UPDATE]), activation(gate[LSTMCU_NEW]), 0.0f);
    }
}

#endif
