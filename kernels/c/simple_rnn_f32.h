/* SPDX-FileCopyrightText: 2026 lstmcu contributors
 * SPDX-License-Identifier: Apache-2.0 */
/** Steps of a simple recurrent layer whose activation is given: see simple_rnn.h. */
#ifndef LSTMCU_SIMPLE_RNN_F32_H
#define LSTMCU_SIMPLE_RNN_F32_H

#include <string.h>

#include "dot_f32.h"
#include "of_gate.h"
#include "simple_rnn.h"
#include "trace.h"

static inline void lstmcu_simple_rnn_f32_step_of(const lstmcu_simple_rnn_f32 *layer, const float *x,
                                                 float *hidden, float *next,
                                                 lstmcu_of_gate_f32 activation)
{
    for (int32_t unit = 0; unit < layer->units; ++unit) {
        const float from_input =
            dot_f32(&layer->kernel[unit * layer->inputs], x, layer->inputs, layer->bias[unit]);
        const float sum =
            dot_f32(&layer->recurrent[unit * layer->units], hidden, layer->units, from_input);
        lstmcu_trace(&sum, sizeof sum);
        next[unit] = activation(sum);
    }
    (void)memcpy(hidden, next, (size_t)layer->units * sizeof *hidden);
}

static inline void lstmcu_simple_rnn_f32_once_of(const lstmcu_simple_rnn_once_f32 *layer,
                                                 const float *x, float *hidden,
                                                 lstmcu_of_gate_f32 activation)
{
    for (int32_t unit = 0; unit < layer->units; ++unit) {
        const float sum =
            dot_f32(&layer->kernel[unit * layer->inputs], x, layer->inputs, layer->bias[unit]);
        lstmcu_trace(&sum, sizeof sum);
        hidden[unit] = activation(sum);
    }
}

#endif
