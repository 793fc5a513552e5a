/* SPDX-FileCopyrightText: 2026 lstmcu contributors
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "float_math.h"
#include "products.h"
#include "simple_rnn.h"
#include "trace.h"

void lstmcu_simple_rnn_dyn_step(const lstmcu_simple_rnn_dyn *layer, const float *x, float *hidden,
                                float *next, int8_t *quantised)
{
    int8_t *before = quantised + layer->inputs;
    const lstmcu_range x_range = lstmcu_quantise_vector(x, layer->inputs, quantised);
    const lstmcu_range range = lstmcu_quantise_vector(hidden, layer->units, before);
    for (int32_t unit = 0; unit < layer->units; ++unit) {
        const float from_input =
            product_dyn(&layer->kernel[unit * layer->inputs], quantised, layer->inputs,
                        layer->kernel_total[unit], x_range, layer->kernel_scale);
        const float from_hidden =
            product_dyn(&layer->recurrent[unit * layer->units], before, layer->units,
                        layer->recurrent_total[unit], range, layer->recurrent_scale);
        const float sum = (layer->bias[unit] + from_input) + from_hidden;
        lstmcu_trace(&sum, sizeof sum);
        next[unit] = lstmcu_tanh(sum);
    }
    (void)memcpy(hidden, next, (size_t)layer->units * sizeof *hidden);
}

void lstmcu_simple_rnn_dyn_once(const lstmcu_simple_rnn_once_dyn *layer, const float *x,
                                float *hidden, int8_t *quantised)
{
    const lstmcu_range range = lstmcu_quantise_vector(x, layer->inputs, quantised);
    for (int32_t unit = 0; unit < layer->units; ++unit) {
        const float sum =
            layer->bias[unit] + product_dyn(&layer->kernel[unit * layer->inputs], quantised,
                                            layer->inputs, layer->kernel_total[unit], range,
                                            layer->scale);
        lstmcu_trace(&sum, sizeof sum);
        hidden[unit] = lstmcu_tanh(sum);
    }
}
