/* SPDX-FileCopyrightText: 2026 lstmcu contributors
 * SPDX-License-Identifier: Apache-2.0 */
#include "gates.h"

#include <stddef.h>

#include "products.h"
#include "trace.h"

void lstmcu_unit_gates_s8(const lstmcu_gates_s8 *layer, int32_t unit, const int8_t *x,
                          const int8_t *hidden, int16_t *gate)
{
    int32_t row = unit * layer->gates;
    for (int32_t g = 0; g < layer->gates; ++g) {
        int32_t value = product_s8(&layer->kernel[row * layer->inputs], x, layer->inputs,
                                   layer->kernel_bias[row], row_scale(layer->kernel_scale[row]));
        if (layer->recurrent != NULL) {
            value += product_s8(&layer->recurrent[row * layer->units], hidden, layer->units,
                                layer->recurrent_bias[row], row_scale(layer->recurrent_scale[row]));
        }
        gate[g] = lstmcu_saturate16(value);
        ++row;
    }
    lstmcu_trace(gate, sizeof *gate * (uint32_t)layer->gates);
}

void lstmcu_unit_gates_s16(const lstmcu_gates_s16 *layer, int32_t unit, const int16_t *x,
                           const int16_t *hidden, int16_t *gate)
{
    int32_t row = unit * layer->gates;
    for (int32_t g = 0; g < layer->gates; ++g) {
        int32_t value = product_s16(&layer->kernel[row * layer->inputs], x, layer->inputs,
                                    layer->bias[row], row_scale(layer->kernel_scale[row]));
        if (layer->recurrent != NULL) {
            value += product_s16(&layer->recurrent[row * layer->units], hidden, layer->units, 0,
                                 row_scale(layer->recurrent_scale[row]));
        }
        gate[g] = lstmcu_saturate16(value);
        ++row;
    }
    lstmcu_trace(gate, sizeof *gate * (uint32_t)layer->gates);
}

void lstmcu_unit_gates_f32(const lstmcu_gates_f32 *layer, int32_t unit, const float *x,
                           const float *hidden, float *gate)
{
    int32_t row = unit * layer->gates;
    for (int32_t g = 0; g < layer->gates; ++g) {
        gate[g] = dot_f32(&layer->kernel[row * layer->inputs], x, layer->inputs, layer->bias[row]);
        if (layer->recurrent != NULL) {
            gate[g] = dot_f32(&layer->recurrent[row * layer->units], hidden, layer->units, gate[g]);
        }
        ++row;
    }
    lstmcu_trace(gate, sizeof *gate * (uint32_t)layer->gates);
}

void lstmcu_unit_gates_dyn(const lstmcu_gates_dyn *layer, int32_t unit, const int8_t *quantised,
                           const lstmcu_range *range, float *gate)
{
    int32_t row = unit * layer->gates;
    for (int32_t g = 0; g < layer->gates; ++g) {
        gate[g] = layer->bias[row];
        gate[g] += product_dyn(&layer->kernel[row * layer->inputs], quantised, layer->inputs,
                               layer->kernel_total[row], range[0], layer->kernel_scale[row]);
        if (layer->recurrent != NULL) {
            gate[g] += product_dyn(&layer->recurrent[row * layer->units], &quantised[layer->inputs],
                                   layer->units, layer->recurrent_total[row], range[1],
                                   layer->recurrent_scale[row]);
        }
        ++row;
    }
    lstmcu_trace(gate, sizeof *gate * (uint32_t)layer->gates);
}
