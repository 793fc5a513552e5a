/* SPDX-FileCopyrightText: 2026 lstmcu contributors
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "dot_s8.h"
#include "fixed_point.h"
#include "lstmcu_kernels.h"

#define GATE_LOG2_SCALE (-12) /* gate values before their activation are Q3.12 */

/* A gate's weighted sum in Q3.12. Each product is requantised and saturated on its own, as the reference does. */
static int32_t product(const int8_t *row, const int8_t *x, int32_t count, int32_t bias, lstmcu_scale scale)
{
    return lstmcu_saturate16(lstmcu_requantise(dot_s8(row, x, count, bias), scale));
}

static int16_t candidate_part(const lstmcu_cell_s8 *layer, int16_t input, int16_t candidate)
{
    return lstmcu_saturate16(lstmcu_requantise((int32_t)input * candidate, layer->candidate));
}

static int16_t forget_part(int16_t forget, int16_t cell)
{
    const lstmcu_scale q15 = {1 << 30, -14};
    return lstmcu_saturate16(lstmcu_requantise((int32_t)forget * cell, q15));
}

static int16_t clip(const lstmcu_cell_s8 *layer, int32_t cell)
{
    return (int16_t)lstmcu_clamp(lstmcu_saturate16(cell), -layer->cell_limit, layer->cell_limit);
}

static int8_t hidden_state(const lstmcu_cell_s8 *layer, int16_t output, int16_t cell)
{
    const int32_t raw = (int32_t)lstmcu_tanh16(cell, layer->cell_log2_scale) * output;
    const int32_t hidden = lstmcu_requantise(raw, layer->hidden) + layer->hidden_zero_point;
    return (int8_t)lstmcu_clamp(hidden, INT8_MIN, INT8_MAX);
}

void lstmcu_lstm_s8_step(const lstmcu_lstm_s8 *layer, const int8_t *x, int8_t *hidden, int16_t *cell,
                         int8_t *next)
{
    const int8_t *kernel = layer->kernel;
    const int8_t *recurrent = layer->recurrent;
    const int32_t *kernel_bias = layer->kernel_bias;
    const int32_t *recurrent_bias = layer->recurrent_bias;
    for (int32_t unit = 0; unit < layer->units; ++unit) {
        int16_t gate[LSTMCU_GATES];
        for (int g = 0; g < LSTMCU_GATES; ++g) {
            const int32_t from_input =
                product(kernel, x, layer->inputs, *kernel_bias++, layer->kernel_scale[g]);
            const int32_t from_hidden =
                product(recurrent, hidden, layer->units, *recurrent_bias++, layer->recurrent_scale[g]);
            gate[g] = lstmcu_saturate16(from_input + from_hidden);
            kernel += layer->inputs;
            recurrent += layer->units;
        }
        const int16_t candidate = lstmcu_tanh16(gate[LSTMCU_CANDIDATE], GATE_LOG2_SCALE);
        const int16_t kept = forget_part(lstmcu_sigmoid16(gate[LSTMCU_FORGET]), cell[unit]);
        const int16_t added =
            candidate_part(&layer->cell, lstmcu_sigmoid16(gate[LSTMCU_INPUT]), candidate);
        cell[unit] = clip(&layer->cell, kept + added);
        next[unit] = hidden_state(&layer->cell, lstmcu_sigmoid16(gate[LSTMCU_OUTPUT]), cell[unit]);
    }
    memcpy(hidden, next, (size_t)layer->units);
}

void lstmcu_lstm_s8_once(const lstmcu_lstm_once_s8 *layer, const int8_t *x, int8_t *hidden)
{
    const int8_t *kernel = layer->kernel;
    const int32_t *bias = layer->bias;
    for (int32_t unit = 0; unit < layer->units; ++unit) {
        int16_t gate[3];
        for (int g = 0; g < 3; ++g) {
            gate[g] = (int16_t)product(kernel, x, layer->inputs, *bias++, layer->scale[g]);
            kernel += layer->inputs;
        }
        const int16_t candidate = lstmcu_tanh16(gate[1], GATE_LOG2_SCALE);
        const int16_t cell =
            clip(&layer->cell, candidate_part(&layer->cell, lstmcu_sigmoid16(gate[0]), candidate));
        hidden[unit] = hidden_state(&layer->cell, lstmcu_sigmoid16(gate[2]), cell);
    }
}
