/* SPDX-FileCopyrightText: 2026 lstmcu contributors
 * SPDX-License-Identifier: Apache-2.0 */
#include "absolute.h"
#include "fixed_point.h"

void lstmcu_absolute_s8(const int8_t *x, int8_t *y, int32_t count, int32_t zero_in,
                        int32_t multiplier, int32_t shift, int32_t zero_out)
{
    const lstmcu_scale scale = {multiplier, shift};
    for (int32_t i = 0; i < count; ++i) {
        const int32_t centred = x[i] - zero_in;
        const int32_t scaled = lstmcu_requantise((centred < 0) ? -centred : centred, scale);
        y[i] = (int8_t)lstmcu_clamp(scaled + zero_out, -128, 127);
    }
}

void lstmcu_absolute_f32(const float *x, float *y, int32_t count)
{
    for (int32_t i = 0; i < count; ++i) {
        y[i] = (x[i] < 0.0F) ? -x[i] : x[i];
    }
}
