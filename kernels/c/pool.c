/* SPDX-FileCopyrightText: 2026 lstmcu contributors
 * SPDX-License-Identifier: Apache-2.0 */
#include "pool.h"

#include <string.h>

#include "fixed_point.h"

/* The nearest integer to total / length, halves away from zero. */
static int32_t nearest_mean(int32_t total, int32_t length)
{
    const int32_t half = length / 2;
    const int32_t away = (total > 0) ? half : -half;
    return (total + away) / length;
}

/* The larger; what is not a number if either is none. */
static float larger(float a, float b)
{
    const float not_less = (a >= b) ? a : (a + b);
    return (a < b) ? b : not_less;
}

void lstmcu_max_pool_f32(const float *x, float *y, int32_t count, int32_t length)
{
    (void)memcpy(y, x, sizeof(float) * (size_t)count);
    for (int32_t k = 1; k < length; ++k) {
        lstmcu_pool_largest_f32(x + (k * count), y, count);
    }
}

void lstmcu_max_pool_s8(const int8_t *x, int8_t *y, int32_t count, int32_t length)
{
    (void)memcpy(y, x, sizeof(int8_t) * (size_t)count);
    for (int32_t k = 1; k < length; ++k) {
        lstmcu_pool_largest_s8(x + (k * count), y, count);
    }
}

void lstmcu_max_pool_s16(const int16_t *x, int16_t *y, int32_t count, int32_t length)
{
    (void)memcpy(y, x, sizeof(int16_t) * (size_t)count);
    for (int32_t k = 1; k < length; ++k) {
        lstmcu_pool_largest_s16(x + (k * count), y, count);
    }
}

void lstmcu_average_pool_f32(const float *x, float *y, int32_t count, int32_t length)
{
    (void)memcpy(y, x, sizeof(float) * (size_t)count);
    for (int32_t k = 1; k < length; ++k) {
        lstmcu_pool_add_f32(x + (k * count), y, count);
    }
    lstmcu_pool_mean_f32(y, y, count, length);
}

void lstmcu_average_pool_s8(const int8_t *x, int8_t *y, int32_t count, int32_t length)
{
    for (int32_t i = 0; i < count; ++i) {
        int32_t total = 0;
        for (int32_t k = 0; k < length; ++k) {
            total += x[(k * count) + i];
        }
        y[i] = (int8_t)nearest_mean(total, length);
    }
}

void lstmcu_average_pool_s16(const int16_t *x, int16_t *y, int32_t count, int32_t length)
{
    for (int32_t i = 0; i < count; ++i) {
        int32_t total = 0;
        for (int32_t k = 0; k < length; ++k) {
            total += x[(k * count) + i];
        }
        y[i] = (int16_t)nearest_mean(total, length);
    }
}

void lstmcu_pool_largest_f32(const float *x, float *y, int32_t count)
{
    for (int32_t i = 0; i < count; ++i) {
        y[i] = larger(x[i], y[i]);
    }
}

void lstmcu_pool_largest_s8(const int8_t *x, int8_t *y, int32_t count)
{
    for (int32_t i = 0; i < count; ++i) {
        y[i] = (x[i] > y[i]) ? x[i] : y[i];
    }
}

void lstmcu_pool_largest_s16(const int16_t *x, int16_t *y, int32_t count)
{
    for (int32_t i = 0; i < count; ++i) {
        y[i] = (x[i] > y[i]) ? x[i] : y[i];
    }
}

void lstmcu_pool_add_f32(const float *x, float *sums, int32_t count)
{
    for (int32_t i = 0; i < count; ++i) {
        sums[i] += x[i];
    }
}

void lstmcu_pool_add_s8(const int8_t *x, int32_t *sums, int32_t count)
{
    for (int32_t i = 0; i < count; ++i) {
        sums[i] += x[i];
    }
}

void lstmcu_pool_add_s16(const int16_t *x, int32_t *sums, int32_t count)
{
    for (int32_t i = 0; i < count; ++i) {
        sums[i] += x[i];
    }
}

void lstmcu_pool_mean_f32(const float *sums, float *y, int32_t count, int32_t steps)
{
    for (int32_t i = 0; i < count; ++i) {
        y[i] = sums[i] / (float)steps;
    }
}

/* At the output's scale; clamped before the zero point is added: the sum of the two could leave 32
 * bits. */
static int32_t mean_of(int32_t sum, lstmcu_scale scale, int32_t zero_point, int32_t low,
                       int32_t high)
{
    const int32_t mean = lstmcu_requantise(sum, scale);
    return lstmcu_clamp(mean, low - zero_point, high - zero_point) + zero_point;
}

void lstmcu_pool_mean_s8(const int32_t *sums, int8_t *y, int32_t count, int32_t value,
                         int32_t shift, int32_t zero_point)
{
    const lstmcu_scale scale = {value, shift};
    for (int32_t i = 0; i < count; ++i) {
        y[i] = (int8_t)mean_of(sums[i], scale, zero_point, INT8_MIN, INT8_MAX);
    }
}

void lstmcu_pool_mean_s16(const int32_t *sums, int16_t *y, int32_t count, int32_t value,
                          int32_t shift, int32_t zero_point)
{
    const lstmcu_scale scale = {value, shift};
    for (int32_t i = 0; i < count; ++i) {
        y[i] = (int16_t)mean_of(sums[i], scale, zero_point, INT16_MIN, INT16_MAX);
    }
}
