/* SPDX-FileCopyrightText: 2026 lstmcu contributors
 * SPDX-License-Identifier: Apache-2.0 */
#include "gru_s16.h"

void lstmcu_gru_s16_step(const lstmcu_gru_s16 *layer, const int16_t *x, int16_t *hidden,
                         int16_t *next)
{
    lstmcu_gru_s16_step_of(layer, x, hidden, next, lstmcu_sigmoid_of_gate, lstmcu_tanh_of_gate);
}

void lstmcu_gru_s16_step_before(const lstmcu_gru_s16 *layer, const int16_t *x, int16_t *hidden,
                                int16_t *reset, int16_t *gates)
{
    lstmcu_gru_s16_step_before_of(layer, x, hidden, reset, gates, lstmcu_sigmoid_of_gate,
                                  lstmcu_tanh_of_gate);
}

void lstmcu_gru_s16_once(const lstmcu_gru_once_s16 *layer, const int16_t *x, int16_t *hidden)
{
    lstmcu_gru_s16_once_of(layer, x, hidden, lstmcu_sigmoid_of_gate, lstmcu_tanh_of_gate);
}
