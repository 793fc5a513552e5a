/* SPDX-FileCopyrightText: 2026 lstmcu contributors
 * SPDX-License-Identifier: Apache-2.0 */
#include <stddef.h>

#include "gates.h"
#include "products_dyn.h"
#include "trace.h"

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
