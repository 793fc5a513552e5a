/* SPDX-FileCopyrightText: 2026 lstmcu contributors
 * SPDX-License-Identifier: Apache-2.0 */
#include "simple_rnn_s8.h"

void lstmcu_simple_rnn_s8_step(const lstmcu_simple_rnn_s8 *layer, const int8_t *x, int8_t *hidden,
                               int8_t *next)
{
    lstmcu_simple_rnn_s8_step_of(layer, x, hidden, next, lstmcu_tanh_of_gate);
}

void lstmcu_simple_rnn_s8_once(const lstmcu_simple_rnn_once_s8 *layer, const int8_t *x,
                               int8_t *hidden)
{
    lstmcu_simple_rnn_s8_once_of(layer, x, hidden, lstmcu_tanh_of_gate);
}
