/* SPDX-FileCopyrightText: 2026 lstmcu contributors
 * SPDX-License-Identifier: Apache-2.0 */
#include "gru_s8.h"

void lstmcu_gru_s8_step(const lstmcu_gru_s8 *layer, const int8_t *x, int8_t *hidden,
                        int16_t *memory, int8_t *next)
{
    lstmcu_gru_s8_step_of(layer, x, hidden, memory, next, lstmcu_sigmoid_of_gate,
                          lstmcu_tanh_of_gate);
}

void lstmcu_gru_s8_step_before(const lstmcu_gru_s8 *layer, const int8_t *x, int8_t *hidden,
                               int16_t *memory, int8_t *reset, int16_t *gates)
{
    lstmcu_gru_s8_step_before_of(layer, x, hidden, memory, reset, gates, lstmcu_sigmoid_of_gate,
                                 lstmcu_tanh_of_gate);
}

void lstmcu_gru_s8_once(const lstmcu_gru_once_s8 *layer, const int8_t *x, int8_t *hidden)
{
    lstmcu_gru_s8_once_of(layer, x, hidden, lstmcu_sigmoid_of_gate, lstmcu_tanh_of_gate);
}
