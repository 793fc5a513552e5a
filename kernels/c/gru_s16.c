/* SPDX-FileCopyrightText: 2026 lstmcu contributors
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "gru.h"
#include "gru_update.h"
#include "products.h"
#include "trace.h"

static int32_t from_input(const lstmcu_gru_s16 *layer, int32_t row, const int16_t *x, int g)
{
    return product_s16(&layer->kernel[row * layer->inputs], x, layer->inputs, layer->bias[row],
                       layer->kernel_scale[g]);
}

static int32_t from_hidden(const lstmcu_gru_s16 *layer, int32_t row, const int16_t *hidden,
                           int64_t bias, int g)
{
    return product_s16(&layer->recurrent[row * layer->units], hidden, layer->units, bias,
                       layer->recurrent_scale[g]);
}

void lstmcu_gru_s16_step(const lstmcu_gru_s16 *layer, const int16_t *x, int16_t *hidden,
                         int16_t *next)
{
    for (int32_t unit = 0; unit < layer->units; ++unit) {
        int16_t gate[LSTMCU_GRU_GATES];
        for (int g = 0; g < LSTMCU_GRU_GATES; ++g) {
            const int32_t row = (unit * LSTMCU_GRU_GATES) + g;
            const int64_t bias = (g == LSTMCU_NEW) ? layer->recurrent_bias[unit] : 0;
            int32_t share = from_hidden(layer, row, hidden, bias, g);
            if (g == LSTMCU_NEW) {
                share = lstmcu_gru_faded(gate[LSTMCU_RESET], share);
            }
            gate[g] = lstmcu_saturate16(from_input(layer, row, x, g) + share);
        }
        lstmcu_trace(gate, sizeof gate);
        next[unit] = lstmcu_gru_memory(layer->candidate, gate[LSTMCU_UPDATE], gate[LSTMCU_NEW],
                                       hidden[unit]);
    }
    (void)memcpy(hidden, next, (size_t)layer->units * sizeof *hidden);
}

void lstmcu_gru_s16_step_before(const lstmcu_gru_s16 *layer, const int16_t *x, int16_t *hidden,
                                int16_t *reset, int16_t *gates)
{
    for (int32_t unit = 0; unit < layer->units; ++unit) {
        int16_t *gate = &gates[unit * LSTMCU_NEW];
        for (int g = 0; g < LSTMCU_NEW; ++g) {
            const int32_t row = (unit * LSTMCU_GRU_GATES) + g;
            gate[g] = lstmcu_saturate16(from_input(layer, row, x, g) +
                                        from_hidden(layer, row, hidden, 0, g));
        }
        reset[unit] = lstmcu_kept(gate[LSTMCU_RESET], hidden[unit]);
    }
    for (int32_t unit = 0; unit < layer->units; ++unit) {
        const int32_t row = (unit * LSTMCU_GRU_GATES) + LSTMCU_NEW;
        const int16_t *gate = &gates[unit * LSTMCU_NEW];
        const int16_t candidate = lstmcu_saturate16(from_input(layer, row, x, LSTMCU_NEW) +
                                                    from_hidden(layer, row, reset, 0, LSTMCU_NEW));
        lstmcu_trace(gate, LSTMCU_NEW * sizeof *gate);
        lstmcu_trace(&candidate, sizeof candidate);
        hidden[unit] =
            lstmcu_gru_memory(layer->candidate, gate[LSTMCU_UPDATE], candidate, hidden[unit]);
    }
}

void lstmcu_gru_s16_once(const lstmcu_gru_once_s16 *layer, const int16_t *x, int16_t *hidden)
{
    const int8_t *kernel = layer->kernel;
    const int64_t *bias = layer->bias;
    for (int32_t unit = 0; unit < layer->units; ++unit) {
        int16_t gate[LSTMCU_GRU_GATES];
        for (int g = 0; g < LSTMCU_GRU_GATES; ++g) {
            gate[g] = (int16_t)product_s16(kernel, x, layer->inputs, *bias++, layer->scale[g]);
            kernel += layer->inputs;
        }
        gate[LSTMCU_NEW] = lstmcu_saturate16(
            gate[LSTMCU_NEW] + lstmcu_gru_faded(gate[LSTMCU_RESET], layer->share[unit]));
        lstmcu_trace(gate, sizeof gate);
        hidden[unit] =
            (int16_t)lstmcu_gru_added(layer->candidate, gate[LSTMCU_UPDATE], gate[LSTMCU_NEW]);
    }
}
