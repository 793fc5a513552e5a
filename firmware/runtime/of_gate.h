/* SPDX-FileCopyrightText: 2026 lstmcu contributors
 * SPDX-License-Identifier: Apache-2.0 */
/** A gate's activation as what a cell's kernels are given; constant ones are inlined. */
#ifndef LSTMCU_OF_GATE_H
#define LSTMCU_OF_GATE_H

#include "fixed_point.h"

typedef int32_t (*lstmcu_of_gate)(int16_t gate);
typedef float (*lstmcu_of_gate_f32)(float gate);

/** Of Q3.12; Q0.15. */
static inline int32_t lstmcu_sigmoid_of_gate(int16_t gate)
{
    return lstmcu_sigmoid16(gate);
}

/** Of Q3.12; Q0.15. */
static inline int32_t lstmcu_tanh_of_gate(int16_t gate)
{
    return lstmcu_tanh16(gate, -12);
}

#endif
