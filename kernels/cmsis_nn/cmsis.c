/* SPDX-FileCopyrightText: 2026 lstmcu contributors
 * SPDX-License-Identifier: Apache-2.0 */
#include "lstmcu_cmsis.h"

#include <stddef.h>

#include "arm_nnfunctions.h"

void lstmcu_cmsis_lstm_s8_step(const cmsis_nn_lstm_params *layer, const int8_t *x, int8_t *hidden,
                               int16_t *cell, int16_t *gates, int8_t *next)
{
    cmsis_nn_lstm_context buffers = {gates, gates + layer->hidden_size, cell, hidden};
    (void)arm_lstm_unidirectional_s8(x, next, layer, &buffers);
}

void lstmcu_cmsis_lstm_s16_step(const cmsis_nn_lstm_params *layer, const int16_t *x,
                                int16_t *hidden, int16_t *cell, int16_t *gates)
{
    const int32_t units = layer->hidden_size;
    cmsis_nn_lstm_context buffers = {gates, gates + units, cell, hidden};
    (void)arm_lstm_unidirectional_s16(x, gates + (2 * units), layer, &buffers);
}

void lstmcu_cmsis_lstm_s8_once(const cmsis_nn_lstm_params *layer, const int8_t *x, int8_t *hidden,
                               int16_t *gates)
{
    const int32_t units = layer->hidden_size;
    cmsis_nn_lstm_context buffers = {gates, gates + units, gates + (2 * units), NULL};
    (void)arm_lstm_unidirectional_s8(x, hidden, layer, &buffers);
}

void lstmcu_cmsis_lstm_s16_once(const cmsis_nn_lstm_params *layer, const int16_t *x,
                                int16_t *hidden, int16_t *gates)
{
    const int32_t units = layer->hidden_size;
    cmsis_nn_lstm_context buffers = {gates, gates + units, gates + (2 * units), NULL};
    (void)arm_lstm_unidirectional_s16(x, hidden, layer, &buffers);
}

/* what the library's calls call dimensions */
typedef struct {
    cmsis_nn_fc_params parameters;
    cmsis_nn_dims input;
    cmsis_nn_dims filter;
    cmsis_nn_dims row;
} dimensions;

static dimensions of(const lstmcu_cmsis_dense *layer)
{
    const dimensions made = {
        {0, 0, layer->zero_point, {layer->low, layer->high}},
        {1, 1, 1, layer->inputs},
        {layer->inputs, 1, 1, layer->outputs},
        {1, 1, 1, layer->outputs},
    };
    return made;
}

void lstmcu_cmsis_dense_s8_run(const lstmcu_cmsis_dense *layer, const int8_t *x, int8_t *y)
{
    const dimensions d = of(layer);
    /* on Helium the library starts from sums that it would add up itself; here they are the biases
     */
    const cmsis_nn_context sums = {(void *)(uintptr_t)layer->bias,
                                   layer->outputs * (int32_t)sizeof(int32_t)};
    const cmsis_nn_per_channel_quant_params scale = {(int32_t *)(uintptr_t)layer->multiplier,
                                                     (int32_t *)(uintptr_t)layer->shift};
    (void)arm_fully_connected_per_channel_s8(&sums, &d.parameters, &scale, &d.input, x, &d.filter,
                                             layer->kernel, &d.row, layer->bias, &d.row, y);
}

void lstmcu_cmsis_dense_s16_run(const lstmcu_cmsis_dense *layer, const int16_t *x, int16_t *y)
{
    const dimensions d = of(layer);
    const cmsis_nn_context none = {NULL, 0};
    const cmsis_nn_per_tensor_quant_params scale = {*layer->multiplier, *layer->shift};
    (void)arm_fully_connected_s16(&none, &d.parameters, &scale, &d.input, x, &d.filter,
                                  layer->kernel, &d.row, layer->bias, &d.row, y);
}
