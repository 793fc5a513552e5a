/* SPDX-FileCopyrightText: 2026 lstmcu contributors
 * SPDX-License-Identifier: Apache-2.0 */
#include "float_math.h"

#include <stdint.h>
#include <string.h>

float lstmcu_exp(float x)
{
    /* beyond these the result leaves the normal numbers; sigmoid and tanh are flat there anyway */
    float in = x;
    if (!(x <= 87.0f)) {
        if (x != x) {
            return x; /* not a number: no integer n can be made of it */
        }
        in = 87.0f;
    } else if (x < -87.0f) {
        in = -87.0f;
    } else {
        /* x as it is */
    }
    /* in = n ln 2 + r, |r| <= ln 2 / 2; ln 2 in two parts keeps r exact */
    const float twos = (in * 1.44269504f) + ((in < 0.0f) ? -0.5f : 0.5f);
    const int32_t n = (int32_t)twos;
    const float r = (in - ((float)n * 0.693359375f)) + ((float)n * 2.12194440e-4f);
    /* the Taylor series to r^7 / 7!: the rest is below 2^-27 on this interval */
    float p = 1.0f / 5040.0f;
    p = (p * r) + (1.0f / 720.0f);
    p = (p * r) + (1.0f / 120.0f);
    p = (p * r) + (1.0f / 24.0f);
    p = (p * r) + (1.0f / 6.0f);
    p = (p * r) + 0.5f;
    p = (p * r) + 1.0f;
    p = (p * r) + 1.0f;
    const int32_t bits = (n + 127) * (1 << 23); /* 2^n */
    float power;
    (void)memcpy(&power, &bits, sizeof power);
    return p * power;
}

float lstmcu_sigmoid(float x)
{
    return 1.0f / (1.0f + lstmcu_exp(-x));
}

float lstmcu_tanh(float x)
{
    return 1.0f - (2.0f / (lstmcu_exp(2.0f * x) + 1.0f));
}
