/* SPDX-FileCopyrightText: 2026 lstmcu contributors
 * SPDX-License-Identifier: Apache-2.0 */
#include "layer_norm.h"

#include <string.h>

/* 1 / sqrt(x) of x > 0: Newton steps from a guess that halves the exponent */
static float inverse_root_f32(float x)
{
    uint32_t bits;
    (void)memcpy(&bits, &x, sizeof bits);
    bits = 0x5F3759DFU - (bits >> 1);
    float y;
    (void)memcpy(&y, &bits, sizeof y);
    for (int k = 0; k < 4; ++k) {
        y = y * (1.5f - (0.5f * x * y * y));
    }
    return y;
}

void lstmcu_layer_norm_f32(const float *x, float *y, int32_t count, const float *scale,
                           const float *offset, float epsilon)
{
    float sum = 0.0f;
    for (int32_t k = 0; k < count; ++k) {
        sum += x[k];
    }
    const float mean = sum / (float)count;
    float squares = 0.0f;
    for (int32_t k = 0; k < count; ++k) {
        squares += (x[k] - mean) * (x[k] - mean);
    }
    const float inverse = inverse_root_f32((squares / (float)count) + epsilon);
    for (int32_t k = 0; k < count; ++k) {
        y[k] = (((x[k] - mean) * inverse) * scale[k]) + offset[k];
    }
}

/* What a vector is normalised with. */
typedef struct {
    int32_t count;
    int64_t sum;
    int64_t inverse; /* of count times the standard deviation, times 2^(16 + right) */
    int32_t right;
} moments;

/* The largest integer whose square is at most x. */
static uint32_t root(uint64_t x)
{
    uint64_t rest = x;
    uint64_t result = 0;
    for (uint64_t bit = (uint64_t)1 << 62; bit != 0U; bit >>= 2) {
        if (rest >= (result + bit)) {
            rest -= result + bit;
            result = (result >> 1) + bit;
        } else {
            result >>= 1;
        }
    }
    return (uint32_t)result;
}

/* 2^62 / divisor, rounded down, of a divisor from 2^31 on: bit by bit, since few cores divide 64
 * bits, and what a compiler calls instead is larger. */
static uint32_t inverse_of(uint32_t divisor)
{
    uint64_t rest = (uint64_t)1 << 31;
    uint32_t result = 0;
    for (int32_t bit = 0; bit < 32; ++bit) {
        result <<= 1;
        if (rest >= divisor) {
            rest -= divisor;
            ++result;
        }
        rest <<= 1;
    }
    return result;
}

static moments moments_of(int32_t count, int64_t sum, int64_t squares, int64_t epsilon,
                          int32_t bits)
{
    const int64_t one = (int64_t)1 << bits;
    const int64_t variance = (count * squares) - (sum * sum); /* times count^2 */
    const int64_t total = (variance * one) + epsilon;
    uint64_t scaled = (uint64_t)((total > one) ? total : one);
    int32_t right = 46 - (bits / 2);
    while ((scaled >> 62) == 0U) {
        scaled <<= 2;
        --right;
    }
    const moments found = {count, sum, inverse_of(root(scaled)), right};
    return found;
}

static int32_t by_moments(const moments *of, int32_t x, int32_t factor, int64_t offset,
                          int32_t shift, int32_t low, int32_t high)
{
    const int64_t centred = ((int64_t)of->count * x) - of->sum;
    const int64_t n = ((centred * of->inverse) + ((int64_t)1 << (of->right - 1))) >> of->right;
    const int64_t scaled = ((n * factor) + offset) >> shift;
    return (scaled < low) ? low : ((scaled > high) ? high : (int32_t)scaled);
}

void lstmcu_layer_norm_s8(const int8_t *x, int8_t *y, int32_t count, const int32_t *factor,
                          const int64_t *offset, const int64_t *epsilon, int32_t bits,
                          int32_t shift)
{
    int64_t sum = 0;
    int64_t squares = 0;
    for (int32_t k = 0; k < count; ++k) {
        sum += x[k];
        squares += x[k] * x[k];
    }
    const moments of = moments_of(count, sum, squares, *epsilon, bits);
    for (int32_t k = 0; k < count; ++k) {
        y[k] = (int8_t)by_moments(&of, x[k], factor[k], offset[k], shift, INT8_MIN, INT8_MAX);
    }
}

void lstmcu_layer_norm_s16(const int16_t *x, int16_t *y, int32_t count, const int32_t *factor,
                           const int64_t *offset, const int64_t *epsilon, int32_t bits,
                           int32_t shift)
{
    int64_t sum = 0;
    int64_t squares = 0;
    for (int32_t k = 0; k < count; ++k) {
        sum += x[k];
        squares += x[k] * x[k];
    }
    const moments of = moments_of(count, sum, squares, *epsilon, bits);
    for (int32_t k = 0; k < count; ++k) {
        y[k] = (int16_t)by_moments(&of, x[k], factor[k], offset[k], shift, INT16_MIN, INT16_MAX);
    }
}
