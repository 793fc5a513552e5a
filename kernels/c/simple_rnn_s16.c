/* SPDX-FileCopyrightText: 2026 lstmcu contributors
 * SPDX-License-Identifier: Apache-2.0 */
#include "simple_rnn_s16.h"

void lstmcu_simple_rnn_s16_step(const lstmcu_simple_rnn_s16 *layer, const int16_t *x,
                                int16_t *hidden, int16_t *next)
{
    lstmcu_simple_rnn_s16_step_of(layer, x, hidden, next, lstmcu_tanh_of_gate);
}

void lstmcu_simple_rnn_s16_once(const lstmcu_simple_rnn_once_s16 *layer, const int16_t *x,
                                int16_t *hidden)
{
    lstmcu_simple_rnn_s16_once_of(layer, x, hidden, lstmcu_tanh_of_gate);
}
