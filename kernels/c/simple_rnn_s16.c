/* SPDX-FileCopyrightText: 2026 lstmcu contributors
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "cell.h"
#include "products.h"
#include "simple_rnn.h"
#include "trace.h"

/* tanh of the sum at the hidden state's scale. */
static int16_t shown(int16_t sum, lstmcu_scale scale)
{
    const int32_t value = lstmcu_requantise(lstmcu_tanh16(sum, LSTMCU_GATE_LOG2_SCALE), scale);
    return lstmcu_saturate16(value);
}

void lstmcu_simple_rnn_s16_step(const lstmcu_simple_rnn_s16 *layer, const int16_t *x,
                                int16_t *hidden, int16_t *next)
{
    for (int32_t unit = 0; unit < layer->units; ++unit) {
        const int32_t from_input =
            product_s16(&layer->kernel[unit * layer->inputs], x, layer->inputs, layer->bias[unit],
                        layer->kernel_scale);
        const int32_t from_hidden = product_s16(&layer->recurrent[unit * layer->units], hidden,
                                                layer->units, 0, layer->recurrent_scale);
        const int16_t sum = lstmcu_saturate16(from_input + from_hidden);
        lstmcu_trace(&sum, sizeof sum);
        next[unit] = shown(sum, layer->hidden);
    }
    (void)memcpy(hidden, next, (size_t)layer->units * sizeof *hidden);
}

void lstmcu_simple_rnn_s16_once(const lstmcu_simple_rnn_once_s16 *layer, const int16_t *x,
                                int16_t *hidden)
{
    for (int32_t unit = 0; unit < layer->units; ++unit) {
        const int16_t sum = (int16_t)product_s16(&layer->kernel[unit * layer->inputs], x,
                                                 layer->inputs, layer->bias[unit], layer->scale);
        lstmcu_trace(&sum, sizeof sum);
        hidden[unit] = shown(sum, layer->hidden);
    }
}
