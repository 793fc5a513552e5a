/* SPDX-FileCopyrightText: 2026 lstmcu contributors
 * SPDX-License-Identifier: Apache-2.0 */
/** From a GRU's gate values to its next hidden state, in floats. */
#ifndef LSTMCU_GRU_UPDATE_F32_H
#define LSTMCU_GRU_UPDATE_F32_H

#include "float_math.h"

/** z * hidden + (1 - z) * h~; update and candidate before their activation. */
static inline float lstmcu_gru_hidden_f32(float update, float candidate, float hidden)
{
    const float z = lstmcu_sigmoid(update);
    return (z * hidden) + ((1.0f - z) * lstmcu_tanh(candidate));
}

#endif
