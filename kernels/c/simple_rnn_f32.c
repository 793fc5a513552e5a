/* SPDX-FileCopyrightText: 2026 lstmcu contributors
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "dot.h"
#include "float_math.h"
#include "simple_rnn.h"
#include "trace.h"

void lstmcu_simple_rnn_f32_step(const lstmcu_simple_rnn_f32 *layer, const float *x, float *hidden,
                                float *next)
{
    for (int32_t unit = 0; unit < layer->units; ++unit) {
        const float from_input =
            dot_f32(&layer->kernel[unit * layer->inputs], x, layer->inputs, layer->bias[unit]);
        const float sum =
            dot_f32(&layer->recurrent[unit * layer->units], hidden, layer->units, from_input);
        lstmcu_trace(&sum, sizeof sum);
        next[unit] = lstmcu_tanh(sum);
    }
    (void)memcpy(hidden, next, (size_t)layer->units * sizeof *hidden);
}

void lstmcu_simple_rnn_f32_once(const lstmcu_simple_rnn_once_f32 *layer, const float *x,
                                float *hidden)
{
    for (int32_t unit = 0; unit < layer->units; ++unit) {
        const float sum =
            dot_f32(&layer->kernel[unit * layer->inputs], x, layer->inputs, layer->bias[unit]);
        lstmcu_trace(&sum, sizeof sum);
        hidden[unit] = lstmcu_tanh(sum);
    }
}
