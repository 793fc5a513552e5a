/* SPDX-FileCopyrightText: 2026 lstmcu contributors
 * SPDX-License-Identifier: Apache-2.0 */
/** From gate values to the new cell and hidden state, in floats. */
#ifndef LSTMCU_CELL_F32_H
#define LSTMCU_CELL_F32_H

#include "float_math.h"
#include "fused.h"
#include "lstmcu.h"
#include "single.h"

static inline float lstmcu_relu(float x)
{
    return (x < 0.0f) ? 0.0f : x;
}

/** The cell state clamped to +- limit; 0: never. */
static inline float lstmcu_clip_f32(float cell, float limit)
{
    float clipped = cell;
    if (limit > 0.0f) {
        clipped = (cell > limit) ? limit : ((cell < -limit) ? -limit : cell);
    }
    return clipped;
}

/** sigmoid(gate) * tanh(cell) with one division, of what e^-2 cell and e^-gate came to; tanh(x) is
 * (1 - e^-2x) / (1 + e^-2x). */
static inline float lstmcu_shown_f32(float cell, float output)
{
    const float both = lstmcu_product_f32(lstmcu_sum_f32(1.0f, cell), lstmcu_sum_f32(1.0f, output));
    return lstmcu_sum_f32(1.0f, -cell) / both;
}

/** Update the cell state from the gates (4) before their activation, which are lost; returns
 * e^-gate of the output gate. */
static inline float lstmcu_cell_step_f32(float *gate, float *cell, float limit)
{
    gate[LSTMCU_CANDIDATE] = lstmcu_sum_f32(gate[LSTMCU_CANDIDATE], gate[LSTMCU_CANDIDATE]);
    lstmcu_decay_each(gate, LSTMCU_GATES);
    const float candidate = gate[LSTMCU_CANDIDATE];
    const float forget = lstmcu_sum_f32(1.0f, gate[LSTMCU_FORGET]);
    /* cell / forget + tanh / input, over one denominator */
    const float input = lstmcu_product_f32(lstmcu_sum_f32(1.0f, gate[LSTMCU_INPUT]),
                                           lstmcu_sum_f32(1.0f, candidate));
    const float sum =
        lstmcu_fused(lstmcu_sum_f32(1.0f, -candidate), forget, lstmcu_product_f32(*cell, input));
    *cell = lstmcu_clip_f32(sum / lstmcu_product_f32(input, forget), limit);
    return gate[LSTMCU_OUTPUT];
}

/** The hidden state of all units (H), from their cell states and what each step returned. */
static inline void lstmcu_hidden_f32(const float *cell, const float *output, float *hidden,
                                     int32_t units)
{
    for (int32_t unit = 0; unit < units; ++unit) {
        hidden[unit] = lstmcu_sum_f32(cell[unit], cell[unit]);
    }
    lstmcu_decay_each(hidden, units);
    for (int32_t unit = 0; unit < units; ++unit) {
        hidden[unit] = lstmcu_shown_f32(hidden[unit], output[unit]);
    }
}

/** The hidden state from a cell state of 0; gates (3): input, candidate, output. */
static inline float lstmcu_cell_once_f32(float *gate, float limit)
{
    gate[1] = lstmcu_sum_f32(gate[1], gate[1]);
    lstmcu_decay_each(gate, 3);
    const float input =
        lstmcu_product_f32(lstmcu_sum_f32(1.0f, gate[0]), lstmcu_sum_f32(1.0f, gate[1]));
    const float cell = lstmcu_clip_f32(lstmcu_sum_f32(1.0f, -gate[1]) / input, limit);
    return lstmcu_shown_f32(lstmcu_decay(lstmcu_sum_f32(cell, cell)), gate[2]);
}

#endif
