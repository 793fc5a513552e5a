/* SPDX-FileCopyrightText: 2026 lstmcu contributors
 * SPDX-License-Identifier: Apache-2.0 */
/** From gate values to the new cell and hidden state, in integers. */
#ifndef LSTMCU_CELL_H
#define LSTMCU_CELL_H

#include "fixed_point.h"

#define LSTMCU_GATE_LOG2_SCALE (-12) /* gate values before their activation are Q3.12 */

/** i * c~ at the cell's scale; input and candidate before their activation. */
static inline int16_t lstmcu_candidate(const lstmcu_cell *layer, int16_t input, int16_t candidate)
{
    const int32_t product =
        (int32_t)lstmcu_sigmoid16(input) * lstmcu_tanh16(candidate, LSTMCU_GATE_LOG2_SCALE);
    return lstmcu_saturate16(lstmcu_requantise(product, layer->candidate));
}

/** f * c at the cell's scale; forget before its activation. */
static inline int16_t lstmcu_kept(int16_t forget, int16_t cell)
{
    const lstmcu_scale q15 = {1 << 30, -14};
    return lstmcu_saturate16(lstmcu_requantise((int32_t)lstmcu_sigmoid16(forget) * cell, q15));
}

/** The new cell state: saturated, then clipped where the layer has a clip. */
static inline int16_t lstmcu_new_cell(const lstmcu_cell *layer, int32_t sum)
{
    return (int16_t)lstmcu_clamp(lstmcu_saturate16(sum), -layer->cell_limit, layer->cell_limit);
}

/** The new hidden state, not yet saturated to its type; output before its activation. */
static inline int32_t lstmcu_hidden(const lstmcu_cell *layer, int16_t output, int16_t cell)
{
    const int32_t product =
        (int32_t)lstmcu_tanh16(cell, layer->cell_log2_scale) * lstmcu_sigmoid16(output);
    return lstmcu_requantise(product, layer->hidden) + layer->hidden_zero_point;
}

/** A product of two numbers of 16 bits at another scale of 16 bits. */
static inline int32_t lstmcu_product16(int32_t a, int32_t b, lstmcu_scale scale)
{
    return lstmcu_saturate16(lstmcu_requantise(a * b, scale));
}

/** Update the cell state from the gates (4) before their activation; returns the hidden state, not
 * yet saturated to its type. */
static inline int32_t lstmcu_cell_step(const lstmcu_cell *layer, const int16_t *gate, int16_t *cell)
{
    const int16_t kept = lstmcu_kept(gate[LSTMCU_FORGET], *cell);
    const int16_t added = lstmcu_candidate(layer, gate[LSTMCU_INPUT], gate[LSTMCU_CANDIDATE]);
    *cell = lstmcu_new_cell(layer, kept + added);
    return lstmcu_hidden(layer, gate[LSTMCU_OUTPUT], *cell);
}

/** The same from a cell state of 0; gates (3): input, candidate, output. */
static inline int32_t lstmcu_cell_once(const lstmcu_cell *layer, const int16_t *gate)
{
    const int16_t cell = lstmcu_new_cell(layer, lstmcu_candidate(layer, gate[0], gate[1]));
    return lstmcu_hidden(layer, gate[2], cell);
}

#endif
