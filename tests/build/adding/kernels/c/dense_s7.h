/* SPDX-FileCopyrightText: 2026 lstmcu contributors
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LSTMCU_DENSE_S7_H
#define LSTMCU_DENSE_S7_H

#include "lstmcu.h"

#define lstmcu_dense_s7_run LSTMCU_SYMBOL(dense_s7_run) /* of this version alone */

/** A Dense with weights of 7 bits. */
typedef struct {
    int32_t inputs;
    int32_t outputs;
    const int8_t *kernel; /* (outputs, inputs), 7 bits each, from the lowest bit on */
    const int32_t *bias;  /* (outputs), zero point folded in */
    const lstmcu_scale *scale;
    int32_t zero_point;
    int32_t low;
    int32_t high;
} lstmcu_dense_s7;

void lstmcu_dense_s7_run(const lstmcu_dense_s7 *layer, const int8_t *x, int8_t *y);

#endif
