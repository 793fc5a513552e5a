/* SPDX-FileCopyrightText: 2026 lstmcu contributors
 * SPDX-License-Identifier: Apache-2.0 */
#include "hybrid.h"

#include <float.h>

/* Nearest integer, halves away from zero. */
static int32_t nearest(float x)
{
    return (int32_t)(x + ((x < 0.0f) ? -0.5f : 0.5f));
}

static int32_t clamp_s8(int32_t x)
{
    return (x < INT8_MIN) ? INT8_MIN : ((x > INT8_MAX) ? INT8_MAX : x);
}

lstmcu_range lstmcu_quantise_vector(const float *x, int32_t count, int8_t *quantised)
{
    float low = 0.0f;
    float high = 0.0f;
    for (int32_t k = 0; k < count; ++k) {
        low = (x[k] < low) ? x[k] : low;
        high = (x[k] > high) ? x[k] : high;
    }
    lstmcu_range range = {1.0f, 0};
    float inverse = 0.0f; /* of a vector of zeros, or of almost: every element becomes 0 */
    const float scale = (high - low) / 255.0f;
    if (scale >= FLT_MIN) {
        range.scale = scale;
        /* the zero point from whichever end loses less to rounding */
        const float from_low = -128.0f - (low / range.scale);
        const float from_high = 127.0f - (high / range.scale);
        range.zero_point = clamp_s8(nearest((-low < high) ? from_low : from_high));
        inverse = 1.0f / range.scale;
    }
    for (int32_t k = 0; k < count; ++k) {
        quantised[k] = (int8_t)clamp_s8(nearest((float)range.zero_point + (x[k] * inverse)));
    }
    return range;
}
