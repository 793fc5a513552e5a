/* SPDX-FileCopyrightText: 2026 lstmcu contributors
 * SPDX-License-Identifier: Apache-2.0 */
#include "elementwise.h"
#include "fixed_point.h"
#include "table16.h"

/* x * value / 2^shift, halves up */
static int32_t scaled(int16_t x, int32_t value, int32_t shift)
{
    return ((x * value) + ((shift > 0) ? (1 << (shift - 1)) : 0)) >> shift;
}

void lstmcu_relu_s16(const int16_t *x, int16_t *y, int32_t count, int32_t value, int32_t shift)
{
    const lstmcu_scale scale = {value, shift};
    for (int32_t k = 0; k < count; ++k) {
        y[k] = (int16_t)lstmcu_clamp(lstmcu_requantise(x[k], scale), 0, INT16_MAX);
    }
}

void lstmcu_sigmoid_s16(const int16_t *x, int16_t *y, int32_t count, int32_t value, int32_t shift)
{
    for (int32_t k = 0; k < count; ++k) {
        y[k] = lstmcu_sigmoid_at(scaled(x[k], value, shift));
    }
}

void lstmcu_tanh_s16(const int16_t *x, int16_t *y, int32_t count, int32_t value, int32_t shift)
{
    for (int32_t k = 0; k < count; ++k) {
        y[k] = lstmcu_tanh_at(scaled(x[k], value, shift));
    }
}

void lstmcu_line_s16(const int16_t *x, int16_t *y, int32_t count, int32_t value, int32_t shift,
                     int32_t offset, int32_t low, int32_t high)
{
    const lstmcu_scale scale = {value, shift};
    for (int32_t k = 0; k < count; ++k) {
        y[k] = (int16_t)lstmcu_clamp(lstmcu_requantise(x[k], scale) + offset, low, high);
    }
}

void lstmcu_bend_s16(const int16_t *x, int16_t *y, int32_t count, int32_t bend, int32_t value,
                     int32_t shift, int32_t below_value, int32_t below_shift, int32_t high)
{
    const lstmcu_scale scale = {value, shift};
    const lstmcu_scale below = {below_value, below_shift};
    for (int32_t k = 0; k < count; ++k) {
        const int32_t left = x[k] - bend;
        y[k] = (left <= 0) ? lstmcu_saturate16(lstmcu_requantise(left, below))
                           : (int16_t)lstmcu_clamp(lstmcu_requantise(x[k], scale), INT16_MIN, high);
    }
}

void lstmcu_table_s16(const int16_t *x, int16_t *y, int32_t count, const int16_t *table)
{
    for (int32_t k = 0; k < count; ++k) {
        y[k] = (int16_t)lstmcu_table16(table, x[k]);
    }
}
