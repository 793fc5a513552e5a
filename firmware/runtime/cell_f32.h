/* SPDX-FileCopyrightText: 2026 lstmcu contributors
 * SPDX-License-Identifier: Apache-2.0 */
/** From gate values to the new cell and hidden state, in floats. */
#ifndef LSTMCU_CELL_F32_H
#define LSTMCU_CELL_F32_H

#include "float_math.h"
#include "lstmcu.h"

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

/** Update the cell state from the gates (4) before their activation; returns the hidden state. */
static inline float lstmcu_cell_step_f32(const float *gate, float *cell, float limit)
{
    const float kept = lstmcu_sigmoid(gate[LSTMCU_FORGET]) * *cell;
    const float added = lstmcu_sigmoid(gate[LSTMCU_INPUT]) * lstmcu_tanh(gate[LSTMCU_CANDIDATE]);
    *cell = lstmcu_clip_f32(kept + added, limit);
    return lstmcu_sigmoid(gate[LSTMCU_OUTPUT]) * lstmcu_tanh(*cell);
}

/** The same from a cell state of 0; gates (3): input, candidate, output. */
static inline float lstmcu_cell_once_f32(const float *gate, float limit)
{
    const float cell = lstmcu_clip_f32(lstmcu_sigmoid(gate[0]) * lstmcu_tanh(gate[1]), limit);
    return lstmcu_sigmoid(gate[2]) * lstmcu_tanh(cell);
}

#endif
