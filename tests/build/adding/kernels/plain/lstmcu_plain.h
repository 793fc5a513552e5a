/* SPDX-FileCopyrightText: 2026 lstmcu contributors
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LSTMCU_PLAIN_H
#define LSTMCU_PLAIN_H

#include "lstmcu.h"

#define lstmcu_plain_dense LSTMCU_SYMBOL(plain_dense) /* of this version alone */

/** A Dense of at most 64 outputs. */
typedef struct {
    int32_t inputs;
    int32_t outputs;
    const int8_t *kernel; /* (inputs, outputs) */
    const int32_t *bias;  /* (outputs), zero point folded in */
    const lstmcu_scale *scale;
    int32_t zero_point;
    int32_t low;
    int32_t high;
} lstmcu_plain_layer;

void lstmcu_plain_dense(const lstmcu_plain_layer *layer, const int8_t *x, int8_t *y);

#endif
