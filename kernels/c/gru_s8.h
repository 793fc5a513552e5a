/* SPDX-FileCopyrightText: 2026 lstmcu contributors
 * SPDX-License-Identifier: Apache-2.0 */
/** Steps of a GRU whose activations are given: see gru.h. share: of z and r; activation: of the
 * candidate. */
#ifndef LSTMCU_GRU_S8_H
#define LSTMCU_GRU_S8_H

#include <string.h>

#include "gru.h"
#include "gru_update.h"
#include "of_gate.h"
#include "products.h"
#include "trace.h"

static inline int8_t lstmcu_gru_s8_shown(int32_t value, lstmcu_scale scale, int32_t zero_point)
{
    return (int8_t)lstmcu_clamp(lstmcu_requantise(value, scale) + zero_point, INT8_MIN, INT8_MAX);
}

static inline int32_t lstmcu_gru_s8_from_input(const lstmcu_gru_s8 *layer, int32_t row,
                                               const int8_t *x)
{
    return product_s8(&layer->kernel[row * layer->inputs], x, layer->inputs,
                      layer->kernel_bias[row], row_scale(layer->kernel_scale[row]));
}

static inline int32_t lstmcu_gru_s8_from_hidden(const lstmcu_gru_s8 *layer, int32_t row,
                                                const int8_t *hidden)
{
    return product_s8(&layer->recurrent[row * layer->units], hidden, layer->units,
                      layer->recurrent_bias[row], row_scale(layer->recurrent_scale[row]));
}

static inline void lstmcu_gru_s8_step_of(const lstmcu_gru_s8 *layer, const int8_t *x,
                                         int8_t *hidden, int16_t *memory, int8_t *next,
                                         lstmcu_of_gate share, lstmcu_of_gate activation)
{
    for (int32_t unit = 0; unit < layer->units; ++unit) {
        int16_t gate[LSTMCU_GRU_GATES];
        for (int g = 0; g < LSTMCU_GRU_GATES; ++g) {
            const int32_t row = (unit * LSTMCU_GRU_GATES) + g;
            int32_t from_before = lstmcu_gru_s8_from_hidden(layer, row, hidden);
            if (g == LSTMCU_NEW) {
                from_before = lstmcu_gru_share(share(gate[LSTMCU_RESET]), from_before);
            }
            gate[g] = lstmcu_saturate16(lstmcu_gru_s8_from_input(layer, row, x) + from_before);
        }
        lstmcu_trace(gate, sizeof gate);
        memory[unit] = lstmcu_gru_memory(layer->candidate, share(gate[LSTMCU_UPDATE]),
                                         activation(gate[LSTMCU_NEW]), memory[unit]);
        next[unit] = lstmcu_gru_s8_shown(memory[unit], layer->hidden, layer->zero_point);
    }
    (void)memcpy(hidden, next, (size_t)layer->units);
}

static inline void lstmcu_gru_s8_step_before_of(const lstmcu_gru_s8 *layer, const int8_t *x,
                                                int8_t *hidden, int16_t *memory, int8_t *reset,
                                                int16_t *gates, lstmcu_of_gate share,
                                                lstmcu_of_gate activation)
{
    for (int32_t unit = 0; unit < layer->units; ++unit) {
        int16_t *gate = &gates[unit * LSTMCU_NEW];
        for (int g = 0; g < LSTMCU_NEW; ++g) {
            const int32_t row = (unit * LSTMCU_GRU_GATES) + g;
            gate[g] = lstmcu_saturate16(lstmcu_gru_s8_from_input(layer, row, x) +
                                        lstmcu_gru_s8_from_hidden(layer, row, hidden));
        }
        const int32_t kept = share(gate[LSTMCU_RESET]) * memory[unit];
        reset[unit] = lstmcu_gru_s8_shown(kept, layer->reset, layer->zero_point);
    }
    for (int32_t unit = 0; unit < layer->units; ++unit) {
        const int32_t row = (unit * LSTMCU_GRU_GATES) + LSTMCU_NEW;
        const int16_t *gate = &gates[unit * LSTMCU_NEW];
        const int16_t candidate = lstmcu_saturate16(lstmcu_gru_s8_from_input(layer, row, x) +
                                                    lstmcu_gru_s8_from_hidden(layer, row, reset));
        lstmcu_trace(gate, sizeof *gate * (uint32_t)LSTMCU_NEW);
        lstmcu_trace(&candidate, sizeof candidate);
        memory[unit] = lstmcu_gru_memory(layer->candidate, share(gate[LSTMCU_UPDATE]),
                                         activation(candidate), memory[unit]);
        hidden[unit] = lstmcu_gru_s8_shown(memory[unit], layer->hidden, layer->zero_point);
    }
}

static inline void lstmcu_gru_s8_once_of(const lstmcu_gru_once_s8 *layer, const int8_t *x,
                                         int8_t *hidden, lstmcu_of_gate share,
                                         lstmcu_of_gate activation)
{
    const int8_t *kernel = layer->kernel;
    const int32_t *bias = layer->bias;
    const uint32_t *scale = layer->scale;
    for (int32_t unit = 0; unit < layer->units; ++unit) {
        int16_t gate[LSTMCU_GRU_GATES];
        for (int g = 0; g < LSTMCU_GRU_GATES; ++g) {
            gate[g] = (int16_t)product_s8(kernel, x, layer->inputs, *bias++, row_scale(*scale++));
            kernel += layer->inputs;
        }
        gate[LSTMCU_NEW] = lstmcu_saturate16(
            gate[LSTMCU_NEW] + lstmcu_gru_share(share(gate[LSTMCU_RESET]), layer->share[unit]));
        lstmcu_trace(gate, sizeof gate);
        const int32_t memory = lstmcu_gru_added(layer->candidate, share(gate[LSTMCU_UPDATE]),
                                                activation(gate[LSTMCU_NEW]));
        hidden[unit] = lstmcu_gru_s8_shown(memory, layer->hidden, layer->zero_point);
    }
}

#endif
