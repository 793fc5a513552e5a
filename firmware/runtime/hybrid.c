/* SPDX-FileCopyrightText: 2026 lstmcu contributors
 * SPDX-License-Identifier: Apache-2.0 */
#include "hybrid.h"

#include <float.h>
#include <string.h>

#define INFINITE 0x7F800000U /* bits of infinity; larger ones are no number */
#define NOT_A_NUMBER 0x7FC00000U

/* The bits without the sign. */
static uint32_t magnitude(float x)
{
    uint32_t bits;
    (void)memcpy(&bits, &x, sizeof bits);
    return bits & 0x7FFFFFFFU;
}

/* Nearest integer, halves away from zero. */
static int32_t nearest(float x)
{
    return (int32_t)(x + ((x < 0.0f) ? -0.5f : 0.5f));
}

static int32_t clamp_s8(int32_t x)
{
    return (x < INT8_MIN) ? INT8_MIN : ((x > INT8_MAX) ? INT8_MAX : x);
}

/* Finite numbers whose range is finite too. */
static lstmcu_range quantise_finite(const float *x, int32_t count, float low, float high,
                                    int8_t *quantised)
{
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

lstmcu_range lstmcu_quantise_vector(const float *x, int32_t count, int8_t *quantised)
{
    float low = 0.0f;
    float high = 0.0f;
    uint32_t largest = 0U; /* as bits, which have the order of the magnitudes */
    for (int32_t k = 0; k < count; ++k) {
        low = (x[k] < low) ? x[k] : low;
        high = (x[k] > high) ? x[k] : high;
        const uint32_t bits = magnitude(x[k]);
        largest = (bits > largest) ? bits : largest;
    }
    lstmcu_range range = {0.0f, 0};
    if ((largest < INFINITE) && ((high - low) <= FLT_MAX)) {
        range = quantise_finite(x, count, low, high, quantised);
    } else {
        const uint32_t none = NOT_A_NUMBER;
        (void)memcpy(&range.scale, &none, sizeof none);
        (void)memset(quantised, 0, (size_t)count);
    }
    return range;
}
