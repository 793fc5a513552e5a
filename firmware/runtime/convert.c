/* SPDX-FileCopyrightText: 2026 lstmcu contributors
 * SPDX-License-Identifier: Apache-2.0 */
#include "elementwise.h"
#include "fixed_point.h"

/* The stored integer nearest to a real value, halves away from zero, saturated to [low, high]; of
 * what is not a number that of 0.0. */
static int32_t stored(float x, float scale, int32_t zero_point, int32_t low, int32_t high)
{
    const float scaled = x / scale;
    const int32_t least = low - zero_point;
    const int32_t most = high - zero_point;
    int32_t nearest = 0;
    if (scaled >= (float)most) {
        nearest = most;
    } else if (scaled > (float)least) {
        nearest = (int32_t)scaled; /* what is left of it is exact, scaled + 0.5 may not be */
        const float rest = scaled - (float)nearest;
        nearest += (rest >= 0.5f) ? 1 : 0;
        nearest -= (rest <= -0.5f) ? 1 : 0;
    } else if (scaled <= (float)least) {
        nearest = least;
    } else {
        /* not a number */
    }
    return nearest + zero_point;
}

void lstmcu_quantise_s8(const float *x, int8_t *y, int32_t count, float scale, int32_t zero_point)
{
    for (int32_t k = 0; k < count; ++k) {
        y[k] = (int8_t)stored(x[k], scale, zero_point, INT8_MIN, INT8_MAX);
    }
}

void lstmcu_quantise_s16(const float *x, int16_t *y, int32_t count, float scale, int32_t zero_point)
{
    for (int32_t k = 0; k < count; ++k) {
        y[k] = (int16_t)stored(x[k], scale, zero_point, INT16_MIN, INT16_MAX);
    }
}

void lstmcu_dequantise_s8(const int8_t *x, float *y, int32_t count, float scale, int32_t zero_point)
{
    for (int32_t k = 0; k < count; ++k) {
        const int32_t steps = x[k] - zero_point;
        y[k] = scale * (float)steps;
    }
}

void lstmcu_dequantise_s16(const int16_t *x, float *y, int32_t count, float scale,
                           int32_t zero_point)
{
    for (int32_t k = 0; k < count; ++k) {
        const int32_t steps = x[k] - zero_point;
        y[k] = scale * (float)steps;
    }
}

/* Clamped before the zero point is added: the sum of the two could leave 32 bits. */
static int32_t rescaled(int32_t x, lstmcu_scale scale, int32_t to_zero, int32_t low, int32_t high)
{
    return lstmcu_clamp(lstmcu_requantise(x, scale), low - to_zero, high - to_zero) + to_zero;
}

void lstmcu_rescale_s8(const int8_t *x, int8_t *y, int32_t count, int32_t from_zero, int32_t value,
                       int32_t shift, int32_t to_zero)
{
    const lstmcu_scale scale = {value, shift};
    for (int32_t k = 0; k < count; ++k) {
        y[k] = (int8_t)rescaled(x[k] - from_zero, scale, to_zero, INT8_MIN, INT8_MAX);
    }
}

void lstmcu_rescale_s16(const int16_t *x, int16_t *y, int32_t count, int32_t from_zero,
                        int32_t value, int32_t shift, int32_t to_zero)
{
    const lstmcu_scale scale = {value, shift};
    for (int32_t k = 0; k < count; ++k) {
        y[k] = (int16_t)rescaled(x[k] - from_zero, scale, to_zero, INT16_MIN, INT16_MAX);
    }
}

void lstmcu_rescale_s8_s16(const int8_t *x, int16_t *y, int32_t count, int32_t from_zero,
                           int32_t value, int32_t shift, int32_t to_zero)
{
    const lstmcu_scale scale = {value, shift};
    for (int32_t k = 0; k < count; ++k) {
        y[k] = (int16_t)rescaled(x[k] - from_zero, scale, to_zero, INT16_MIN, INT16_MAX);
    }
}

void lstmcu_rescale_s16_s8(const int16_t *x, int8_t *y, int32_t count, int32_t from_zero,
                           int32_t value, int32_t shift, int32_t to_zero)
{
    const lstmcu_scale scale = {value, shift};
    for (int32_t k = 0; k < count; ++k) {
        y[k] = (int8_t)rescaled(x[k] - from_zero, scale, to_zero, INT8_MIN, INT8_MAX);
    }
}
