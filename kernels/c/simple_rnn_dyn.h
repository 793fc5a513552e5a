/* SPDX-FileCopyrightText: 2026 lstmcu contributors
 * SPDX-License-Identifier: Apache-2.0 */
/** Steps of a simple recurrent layer whose activation is given: see simple_rnn.h. */
#ifndef LSTMCU_SIMPLE_RNN_DYN_H
#define LSTMCU_SIMPLE_RNN_DYN_H

#include <string.h>

#include "of_gate.h"
#include "products_dyn.h"
#include "simple_rnn.h"
#include "trace.h"

static inline void lstmcu_simple_rnn_dyn_step_of(const lstmcu_simple_rnn_dyn *layer, const float *x,
                                                 float *hidden, float *next, int8_t *quantised,
                                                 lstmcu_of_gate_f32 activation)
{
    int8_t *before = quantised + layer->inputs;
    const lstmcu_range x_range = lstmcu_quantise_vector(x, layer->inputs, quantised);
    const lstmcu_range range = lstmcu_quantise_vector(hidden, layer->units, before);
    for (int32_t unit = 0; unit < layer->units; ++unit) {
        const float from_input =
            product_dyn(&layer->kernel[unit * layer->inputs], quantised, layer->inputs,
                        layer->kernel_total[unit], x_range, layer->kernel_scale[unit]);
        const float from_hidden =
            product_dyn(&layer->recurrent[unit * layer->units], before, layer->units,
                        layer->recurrent_total[unit], range, layer->recurrent_scale[unit]);
        const float sum = (layer->bias[unit] + from_input) + from_hidden;
        lstmcu_trace(&sum, sizeof sum);
        next[unit] = activation(sum);
    }
    (void)memcpy(hidden, next, (size_t)layer->units * sizeof *hidden);
}

static inline void lstmcu_simple_rnn_dyn_once_of(const lstmcu_simple_rnn_once_dyn *layer,
                                                 const float *x, float *hidden, int8_t *quantised,
                                                 lstmcu_of_gate_f32 activation)
{
    const lstmcu_range range = lstmcu_quantise_vector(x, layer->inputs, quantised);
    for (int32_t unit = 0; unit < layer->units; ++unit) {
        const float sum =
            layer->bias[unit] + product_dyn(&layer->kernel[unit * layer->inputs], quantised,
                                            layer->inputs, layer->kernel_total[unit], range,
                                            layer->scale[unit]);
        lstmcu_trace(&sum, sizeof sum);
        hidden[unit] = activation(sum);
    }
}

#endif
