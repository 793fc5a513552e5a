/* SPDX-FileCopyrightText: 2026 lstmcu contributors
 * SPDX-License-Identifier: Apache-2.0 */
/** What generated models and every kernel set share. Nothing here allocates, keeps globals or
 * recurses. */
#ifndef LSTMCU_H
#define LSTMCU_H

#include <stdint.h>

#include "lstmcu_version.h"

/** A real factor, value * 2^(shift - 31), with value in [2^30, 2^31) or 0. */
typedef struct {
    int32_t value;
    int32_t shift;
} lstmcu_scale;

/** Gate rows of the weight arrays, in this order for every unit. */
enum { LSTMCU_INPUT, LSTMCU_FORGET, LSTMCU_CANDIDATE, LSTMCU_OUTPUT, LSTMCU_GATES };

/** What turns an LSTM's gate values into its new cell and hidden state. */
typedef struct {
    lstmcu_scale candidate; /* i * c~ (Q0.30) to the cell's scale */
    lstmcu_scale hidden;    /* o * tanh(c) (Q0.30) to the hidden state's scale */
    int32_t hidden_zero_point;
    int32_t cell_limit;      /* the cell state is clamped to +- this; 32768: never */
    int32_t cell_log2_scale; /* the cell state's scale is 2^this */
} lstmcu_cell;

#endif
