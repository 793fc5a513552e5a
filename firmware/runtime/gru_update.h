/* SPDX-FileCopyrightText: 2026 lstmcu contributors
 * SPDX-License-Identifier: Apache-2.0 */
/** From a GRU's gate values to what it keeps of the hidden state, in integers. */
#ifndef LSTMCU_GRU_UPDATE_H
#define LSTMCU_GRU_UPDATE_H

#include "cell.h"

/** r times the hidden state's share of the candidate, Q3.12; reset before its activation. */
static inline int32_t lstmcu_gru_faded(int16_t reset, int32_t share)
{
    const lstmcu_scale q15 = {1 << 30, -14};
    return lstmcu_requantise((int32_t)lstmcu_sigmoid16(reset) * share, q15);
}

/** (1 - z) * h~ at the memory's scale; both before their activation. */
static inline int32_t lstmcu_gru_added(lstmcu_scale scale, int16_t update, int16_t candidate)
{
    const int32_t product = (INT32_C(32768) - lstmcu_sigmoid16(update)) *
                            lstmcu_tanh16(candidate, LSTMCU_GATE_LOG2_SCALE);
    return lstmcu_saturate16(lstmcu_requantise(product, scale));
}

/** The next memory: z * memory + (1 - z) * h~; both before their activation. */
static inline int16_t lstmcu_gru_memory(lstmcu_scale scale, int16_t update, int16_t candidate,
                                        int16_t memory)
{
    return lstmcu_saturate16(lstmcu_kept(update, memory) +
                             lstmcu_gru_added(scale, update, candidate));
}

#endif
