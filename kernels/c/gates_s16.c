/* SPDX-FileCopyrightText: 2026 lstmcu contributors
 * SPDX-License-Identifier: Apache-2.0 */
#include <stddef.h>

#include "gates.h"
#include "products.h"
#include "trace.h"

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
