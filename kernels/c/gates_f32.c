/* SPDX-FileCopyrightText: 2026 lstmcu contributors
 * SPDX-License-Identifier: Apache-2.0 */
#include <stddef.h>

#include "dot_f32.h"
#include "gates.h"
#include "trace.h"

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
