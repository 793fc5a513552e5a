/* SPDX-FileCopyrightText: 2026 lstmcu contributors
 * SPDX-License-Identifier: Apache-2.0 */
/** Steps of a simple recurrent layer whose activation is given: see simple_rnn.h. */
#ifndef LSTMCU_SIMPLE_RNN_S8_H
#define LSTMCU_SIMPLE_RNN_S8_H

#include <string.h>

#include "of_gate.h"
#include "products.h"
#include "simple_rnn.h"
#include "trace.h"

/** An activation's value at the hidden state's scale. */
static inline int8_t lstmcu_simple_rnn_s8_shown(int32_t activated, lstmcu_scale scale,
                                                int32_t zero_point)
{
    const int32_t value = lstmcu_requantise(activated, scale);
    return (int8_t)lstmcu_clamp(value + zero_point, INT8_MIN, INT8_MAX);
}

static inline void lstmcu_simple_rnn_s8_step_of(const lstmcu_simple_rnn_s8 *layer, const int8_t *x,
                                                int8_t *hidden, int8_t *next,
                                                lstmcu_of_gate activation)
{
    for (int32_t unit = 0; unit < layer->units; ++unit) {
        const int32_t from_input =
            product_s8(&layer->kernel[unit * layer->inputs], x, layer->inputs,
                       layer->kernel_bias[unit], row_scale(layer->kernel_scale[unit]));
        const int32_t from_hidden =
            product_s8(&layer->recurrent[unit * layer->units], hidden, layer->units,
                       layer->recurrent_bias[unit], row_scale(layer->recurrent_scale[unit]));
        const int16_t sum = lstmcu_saturate16(from_input + from_hidden);
        lstmcu_trace(&sum, sizeof sum);
        next[unit] = lstmcu_simple_rnn_s8_shown(activation(sum), layer->hidden, layer->zero_point);
    }
    (void)memcpy(hidden, next, (size_t)layer->units * sizeof *hidden);
}

static inline void lstmcu_simple_rnn_s8_once_of(const lstmcu_simple_rnn_once_s8 *layer,
                                                const int8_t *x, int8_t *hidden,
                                                lstmcu_of_gate activation)
{
    for (int32_t unit = 0; unit < layer->units; ++unit) {
        const int16_t sum =
            (int16_t)product_s8(&layer->kernel[unit * layer->inputs], x, layer->inputs,
                                layer->bias[unit], row_scale(layer->scale[unit]));
        lstmcu_trace(&sum, sizeof sum);
        hidden[unit] =
            lstmcu_simple_rnn_s8_shown(activation(sum), layer->hidden, layer->zero_point);
    }
}

#endif
