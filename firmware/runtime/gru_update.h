/* SPDX-FileCopyrightText: 2026 lstmcu contributors
 * SPDX-License-Identifier: Apache-2.0 */
/** From a GRU's gates to what it keeps of the hidden state. z and r are Q0.15 from 0 to 1. */
#ifndef LSTMCU_GRU_UPDATE_H
#define LSTMCU_GRU_UPDATE_H

#include "fixed_point.h"

/* the gates of a unit, in the order of their rows in the weight arrays */
#define LSTMCU_UPDATE 0
#define LSTMCU_RESET 1
#define LSTMCU_NEW 2
#define LSTMCU_GRU_GATES 3

/** A share of x: r or z times x. */
static inline int32_t lstmcu_gru_share(int32_t share, int32_t x)
{
    const lstmcu_scale q15 = {1 << 30, -14};
    return lstmcu_requantise(share * x, q15);
}

/** (1 - z) * candidate at the memory's scale. */
static inline int32_t lstmcu_gru_added(lstmcu_scale scale, int32_t z, int32_t candidate)
{
    return lstmcu_saturate16(lstmcu_requantise((INT32_C(32768) - z) * candidate, scale));
}

/** The next memory: z * memory + (1 - z) * candidate. */
static inline int16_t lstmcu_gru_memory(lstmcu_scale scale, int32_t z, int32_t candidate,
                                        int16_t memory)
{
    return lstmcu_saturate16(lstmcu_gru_share(z, memory) + lstmcu_gru_added(scale, z, candidate));
}

/** The same in floats. */
static inline float lstmcu_gru_hidden_f32(float z, float candidate, float hidden)
{
    return (z * hidden) + ((1.0f - z) * candidate);
}

#endif
