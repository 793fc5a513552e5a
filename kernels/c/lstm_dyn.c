/* SPDX-FileCopyrightText: 2026 lstmcu contributors
 * SPDX-License-Identifier: Apache-2.0 */
#include "cell_f32.h"
#include "lstmcu_kernels.h"
#include "products_dyn.h"
#include "single.h"
#include "trace.h"

/* The scale of each gate's rows (gates) times that of their vector. */
static void scale_gates(const float *scale, lstmcu_range range, float *scaled, int gates)
{
    for (int g = 0; g < gates; ++g) {
        scaled[g] = lstmcu_product_f32(range.scale, scale[g]);
    }
}

void lstmcu_lstm_dyn_step(const lstmcu_lstm_dyn *layer, const float *x, float *hidden, float *cell,
                          float *next, int8_t *quantised)
{
    const int8_t *kernel = layer->kernel;
    const int8_t *recurrent = layer->recurrent;
    int8_t *quantised_hidden = quantised + layer->inputs;
    const lstmcu_range x_range = lstmcu_quantise_vector(x, layer->inputs, quantised);
    const lstmcu_range hidden_range =
        lstmcu_quantise_vector(hidden, layer->units, quantised_hidden);
    float x_scale[LSTMCU_GATES];
    float hidden_scale[LSTMCU_GATES];
    scale_gates(layer->kernel_scale, x_range, x_scale, LSTMCU_GATES);
    scale_gates(layer->recurrent_scale, hidden_range, hidden_scale, LSTMCU_GATES);
    for (int32_t unit = 0; unit < layer->units; ++unit) {
        float gate[LSTMCU_GATES];
        for (int g = 0; g < LSTMCU_GATES; ++g) {
            const int32_t row = (unit * LSTMCU_GATES) + g;
            const float of_x =
                product_scaled(kernel, quantised, layer->inputs, layer->kernel_total[row],
                               x_range.zero_point, x_scale[g]);
            const float of_hidden = product_scaled(recurrent, quantised_hidden, layer->units,
                                                   layer->recurrent_total[row],
                                                   hidden_range.zero_point, hidden_scale[g]);
            gate[g] = lstmcu_sum_f32(lstmcu_sum_f32(layer->bias[row], of_x), of_hidden);
            kernel += layer->inputs;
            recurrent += layer->units;
        }
        lstmcu_trace(gate, sizeof gate);
        next[unit] = lstmcu_cell_step_f32(gate, &cell[unit], layer->cell_limit);
    }
    lstmcu_hidden_f32(cell, next, hidden, layer->units);
}

void lstmcu_lstm_dyn_once(const lstmcu_lstm_once_dyn *layer, const float *x, float *hidden,
                          int8_t *quantised)
{
    const int8_t *kernel = layer->kernel;
    const lstmcu_range range = lstmcu_quantise_vector(x, layer->inputs, quantised);
    float scale[3];
    scale_gates(layer->scale, range, scale, 3);
    for (int32_t unit = 0; unit < layer->units; ++unit) {
        float gate[3];
        for (int g = 0; g < 3; ++g) {
            const int32_t row = (unit * 3) + g;
            const float of_x = product_scaled(kernel, quantised, layer->inputs,
                                              layer->kernel_total[row], range.zero_point, scale[g]);
            gate[g] = lstmcu_sum_f32(layer->bias[row], of_x);
            kernel += layer->inputs;
        }
        lstmcu_trace(gate, sizeof gate);
        hidden[unit] = lstmcu_cell_once_f32(gate, layer->cell_limit);
    }
}
