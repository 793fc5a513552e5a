/* SPDX-FileCopyrightText: 2026 lstmcu contributors
 * SPDX-License-Identifier: Apache-2.0 */
#include "gru_dyn.h"
#include "float_math.h"

void lstmcu_gru_dyn_step(const lstmcu_gru_dyn *layer, const float *x, float *hidden, float *next,
                         int8_t *quantised)
{
    lstmcu_gru_dyn_step_of(layer, x, hidden, next, quantised, lstmcu_sigmoid, lstmcu_tanh);
}

void lstmcu_gru_dyn_step_before(const lstmcu_gru_dyn *layer, const float *x, float *hidden,
                                float *reset, float *gates, int8_t *quantised)
{
    lstmcu_gru_dyn_step_before_of(layer, x, hidden, reset, gates, quantised, lstmcu_sigmoid,
                                  lstmcu_tanh);
}

void lstmcu_gru_dyn_once(const lstmcu_gru_once_dyn *layer, const float *x, float *hidden,
                         int8_t *quantised)
{
    lstmcu_gru_dyn_once_of(layer, x, hidden, quantised, lstmcu_sigmoid, lstmcu_tanh);
}
