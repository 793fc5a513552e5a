/* SPDX-FileCopyrightText: 2026 lstmcu contributors
 * SPDX-License-Identifier: Apache-2.0 */
#include "simple_rnn_dyn.h"
#include "float_math.h"

void lstmcu_simple_rnn_dyn_step(const lstmcu_simple_rnn_dyn *layer, const float *x, float *hidden,
                                float *next, int8_t *quantised)
{
    lstmcu_simple_rnn_dyn_step_of(layer, x, hidden, next, quantised, lstmcu_tanh);
}

void lstmcu_simple_rnn_dyn_once(const lstmcu_simple_rnn_once_dyn *layer, const float *x,
                                float *hidden, int8_t *quantised)
{
    lstmcu_simple_rnn_dyn_once_of(layer, x, hidden, quantised, lstmcu_tanh);
}
