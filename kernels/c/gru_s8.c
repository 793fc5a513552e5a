/* SPDX-FileCopyrightText: 2026 lstmcu contributors
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "gru.h"
#include "gru_update.h"
#include "products.h"
#include "trace.h"

static int8_t shown(int32_t value, lstmcu_scale scale, int32_t zero_point)
{
    return (int8_t)lstmcu_clamp(lstmcu_requantise(value, scale) + zero_point, INT8_MIN, INT8_MAX);
}

static int32_t from_input(const lstmcu_gru_s8 *layer, int32_t row, const int8_t *x, int g)
{
    return product_s8(&layer->kernel[row * layer->inputs], x, layer->inputs,
                      layer->kernel_bias[row], layer->kernel_scale[g]);
}

static int32_t from_hidden(const lstmcu_gru_s8 *layer, int32_t row, const int8_t *hidden, int g)
{
    return product_s8(&layer->recurrent[row * layer->units], hidden, layer->units,
                      layer->recurrent_bias[row], layer->recurrent_scale[g]);
}

void lstmcu_gru_s8_step(const lstmcu_gru_s8 *layer, const int8_t *x, int8_t *hidden,
                        int16_t *memory, int8_t *next)
{
    for (int32_t unit = 0; unit < layer->units; ++unit) {
        int16_t gate[LSTMCU_GRU_GATES];
        for (int g = 0; g < LSTMCU_GRU_GATES; ++g) {
            const int32_t row = (unit * LSTMCU_GRU_GATES) + g;
            int32_t share = from_hidden(layer, row, hidden, g);
            if (g == LSTMCU_NEW) {
                share = lstmcu_gru_faded(gate[LSTMCU_RESET], share);
            }
            gate[g] = lstmcu_saturate16(from_input(layer, row, x, g) + share);
        }
        lstmcu_trace(gate, sizeof gate);
        memory[unit] = lstmcu_gru_memory(layer->candidate, gate[LSTMCU_UPDATE], gate[LSTMCU_NEW],
                                         memory[unit]);
        next[unit] = shown(memory[unit], layer->hidden, layer->zero_point);
    }
    (void)memcpy(hidden, next, (size_t)layer->units);
}

void lstmcu_gru_s8_step_before(const lstmcu_gru_s8 *layer, const int8_t *x, int8_t *hidden,
                               int16_t *memory, int8_t *reset, int16_t *gates)
{
    for (int32_t unit = 0; unit < layer->units; ++unit) {
        int16_t *gate = &gates[unit * LSTMCU_NEW];
        for (int g = 0; g < LSTMCU_NEW; ++g) {
            const int32_t row = (unit * LSTMCU_GRU_GATES) + g;
            gate[g] = lstmcu_saturate16(from_input(layer, row, x, g) +
                                        from_hidden(layer, row, hidden, g));
        }
        const int32_t kept = (int32_t)lstmcu_sigmoid16(gate[LSTMCU_RESET]) * memory[unit];
        reset[unit] = shown(kept, layer->reset, layer->zero_point);
    }
    for (int32_t unit = 0; unit < layer->units; ++unit) {
        const int32_t row = (unit * LSTMCU_GRU_GATES) + LSTMCU_NEW;
        const int16_t *gate = &gates[unit * LSTMCU_NEW];
        const int16_t candidate = lstmcu_saturate16(from_input(layer, row, x, LSTMCU_NEW) +
                                                    from_hidden(layer, row, reset, LSTMCU_NEW));
        lstmcu_trace(gate, LSTMCU_NEW * sizeof *gate);
        lstmcu_trace(&candidate, sizeof candidate);
        memory[unit] =
            lstmcu_gru_memory(layer->candidate, gate[LSTMCU_UPDATE], candidate, memory[unit]);
        hidden[unit] = shown(memory[unit], layer->hidden, layer->zero_point);
    }
}

void lstmcu_gru_s8_once(const lstmcu_gru_once_s8 *layer, const int8_t *x, int8_t *hidden)
{
    const int8_t *kernel = layer->kernel;
    const int32_t *bias = layer->bias;
    for (int32_t unit = 0; unit < layer->units; ++unit) {
        int16_t gate[LSTMCU_GRU_GATES];
        for (int g = 0; g < LSTMCU_GRU_GATES; ++g) {
            gate[g] = (int16_t)product_s8(kernel, x, layer->inputs, *bias++, layer->scale[g]);
            kernel += layer->inputs;
        }
        gate[LSTMCU_NEW] = lstmcu_saturate16(
            gate[LSTMCU_NEW] + lstmcu_gru_faded(gate[LSTMCU_RESET], layer->share[unit]));
        lstmcu_trace(gate, sizeof gate);
        const int32_t memory =
            lstmcu_gru_added(layer->candidate, gate[LSTMCU_UPDATE], gate[LSTMCU_NEW]);
        hidden[unit] = shown(memory, layer->hidden, layer->zero_point);
    }
}
