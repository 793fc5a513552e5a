/* SPDX-FileCopyrightText: 2026 lstmcu contributors
 * SPDX-License-Identifier: Apache-2.0 */
#include "simple_rnn_f32.h"
#include "float_math.h"

void lstmcu_simple_rnn_f32_step(const lstmcu_simple_rnn_f32 *layer, const float *x, float *hidden,
                                float *next)
{
    lstmcu_simple_rnn_f32_step_of(layer, x, hidden, next, lstmcu_tanh);
}

void lstmcu_simple_rnn_f32_once(const lstmcu_simple_rnn_once_f32 *layer, const float *x,
                                float *hidden)
{
    lstmcu_simple_rnn_f32_once_of(layer, x, hidden, lstmcu_tanh);
}
