/* SPDX-FileCopyrightText: 2026 lstmcu contributors
 * SPDX-License-Identifier: Apache-2.0 */
/** What generated models and every kernel set share. Nothing here allocates, keeps globals or recurses. */
#ifndef LSTMCU_H
#define LSTMCU_H

#include <stdint.h>

/** A real factor, value * 2^(shift - 31), with value in [2^30, 2^31) or 0. */
typedef struct {
    int32_t value;
    int32_t shift;
} lstmcu_scale;

/** Gate rows of the weight arrays, in this order for every unit. */
enum { LSTMCU_INPUT, LSTMCU_FORGET, LSTMCU_CANDIDATE, LSTMCU_OUTPUT, LSTMCU_GATES };

#endif
