/* SPDX-FileCopyrightText: 2026 lstmcu contributors
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LSTMCU_HYBRID_H
#define LSTMCU_HYBRID_H

#include <stdint.h>

#include "lstmcu_version.h"

/* of this version alone */
#define lstmcu_quantise_vector LSTMCU_SYMBOL(quantise_vector)

/** How a float vector was quantised: real = scale * (stored - zero_point). */
typedef struct {
    float scale;
    int32_t zero_point;
} lstmcu_range;

/** x (count) as int8 over its own range, zero included: TFLite's asymmetric dynamic-range
 * quantisation. A vector with anything in it that is not a finite number, or whose range is none,
 * gets a scale that is not a number, and so does every product with it. */
lstmcu_range lstmcu_quantise_vector(const float *x, int32_t count, int8_t *quantised);

#endif
