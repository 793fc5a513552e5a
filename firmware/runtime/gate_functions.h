/* SPDX-FileCopyrightText: 2026 lstmcu contributors
 * SPDX-License-Identifier: Apache-2.0 */
/** Activations inside a cell, of int16 at a power-of-two scale to int16 at another; all but those
 * of fixed_point.h and table16.h. */
#ifndef LSTMCU_GATE_FUNCTIONS_H
#define LSTMCU_GATE_FUNCTIONS_H

#include "fixed_point.h"
#include "table16.h"

/** The gates (4) of a unit, which assembly leaves two in a word, the first one below. */
static inline void lstmcu_gates_of_pairs(const int32_t *pairs, int16_t *gate)
{
    for (int32_t k = 0; k < 2; ++k) {
        const uint32_t pair = (uint32_t)pairs[k];
        const uint16_t low = (uint16_t)(pair & UINT16_MAX);
        const uint16_t high = (uint16_t)(pair >> 16);
        gate[2 * k] = (int16_t)low;
        gate[(2 * k) + 1] = (int16_t)high;
    }
}

/** Logistic function of x * 2^log2_scale; Q0.15 in [0, 32767]. */
static inline int32_t lstmcu_sigmoid16_scaled(int32_t x, int32_t log2_scale)
{
    const int32_t shift = 12 + log2_scale;
    return lstmcu_sigmoid_at((shift >= 0) ? (x * (3 << shift))
                                          : (((3 * x) + (1 << (-shift - 1))) >> -shift));
}

/** 1/2 + x * slope / 2^shift from 0 to 1; Q0.15 in [0, 32767]. */
static inline int32_t lstmcu_line16(int32_t x, int32_t slope, int32_t shift)
{
    return lstmcu_clamp((((x * slope) + ((1 << shift) >> 1)) >> shift) + (1 << 14), 0, INT16_MAX);
}

/** x / (one + |x|), halves away from zero; Q0.15. */
static inline int32_t lstmcu_softsign16(int32_t x, int32_t one)
{
    const int32_t whole = one + ((x < 0) ? -x : x);
    return ((x * (1 << 15)) + ((x < 0) ? -(whole / 2) : (whole / 2))) / whole;
}

#endif
