/* SPDX-FileCopyrightText: 2026 lstmcu contributors
 * SPDX-License-Identifier: Apache-2.0 */
#include "gru_f32.h"
#include "float_math.h"

void lstmcu_gru_f32_step(const lstmcu_gru_f32 *layer, const float *x, float *hidden, float *next)
{
    lstmcu_gru_f32_step_of(layer, x, hidden, next, lstmcu_sigmoid, lstmcu_tanh);
}

void lstmcu_gru_f32_step_before(const lstmcu_gru_f32 *layer, const float *x, float *hidden,
                                float *reset, float *gates)
{
    lstmcu_gru_f32_step_before_of(layer, x, hidden, reset, gates, lstmcu_sigmoid, lstmcu_tanh);
}

void lstmcu_gru_f32_once(const lstmcu_gru_once_f32 *layer, const float *x, float *hidden)
{
    lstmcu_gru_f32_once_of(layer, x, hidden, lstmcu_sigmoid, lstmcu_tanh);
}
