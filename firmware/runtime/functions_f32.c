/* SPDX-FileCopyrightText: 2026 lstmcu contributors
 * SPDX-License-Identifier: Apache-2.0 */
#include "functions_f32.h"

float lstmcu_expm1(float x)
{
    float y;
    if ((x > -0.35f) && (x < 0.35f)) {
        /* the Taylor series: what e^x has after its 1 would be lost in it */
        y = 1.0f / 5040.0f;
        y = (y * x) + (1.0f / 720.0f);
        y = (y * x) + (1.0f / 120.0f);
        y = (y * x) + (1.0f / 24.0f);
        y = (y * x) + (1.0f / 6.0f);
        y = (y * x) + 0.5f;
        y = (y * x * x) + x;
    } else {
        y = lstmcu_exp(x) - 1.0f;
    }
    return y;
}

/* ln(1 + x) of x in [0, 1] */
static float log1p_f32(float x)
{
    /* 2 artanh(s), s = x / (2 + x) in [0, 1/3] */
    const float s = x / (2.0f + x);
    const float s2 = s * s;
    float p = 1.0f / 15.0f;
    p = (p * s2) + (1.0f / 13.0f);
    p = (p * s2) + (1.0f / 11.0f);
    p = (p * s2) + (1.0f / 9.0f);
    p = (p * s2) + (1.0f / 7.0f);
    p = (p * s2) + (1.0f / 5.0f);
    p = (p * s2) + (1.0f / 3.0f);
    p = (p * s2) + 1.0f;
    return 2.0f * s * p;
}

float lstmcu_erfc(float x)
{
    /* a Chebyshev fit of ln(erfc(x) / t) + x^2, t = 1 / (1 + x / 2): within 1.2e-7 of erfc(x) */
    const float t = 1.0f / (1.0f + (0.5f * x));
    float p = 0.17087277f;
    p = (p * t) - 0.82215223f;
    p = (p * t) + 1.48851587f;
    p = (p * t) - 1.13520398f;
    p = (p * t) + 0.27886807f;
    p = (p * t) - 0.18628806f;
    p = (p * t) + 0.09678418f;
    p = (p * t) + 0.37409196f;
    p = (p * t) + 1.00002368f;
    p = (p * t) - 1.26551223f;
    return t * lstmcu_exp(p - (x * x));
}

float lstmcu_exponential(float x)
{
    float y;
    if ((x > 87.0f) || (x < -87.0f)) {
        const float root = lstmcu_exp(0.5f * x);
        y = root * root;
    } else {
        y = lstmcu_exp(x);
    }
    return y;
}

float lstmcu_softplus(float x)
{
    const float magnitude = (x < 0.0f) ? -x : x;
    return ((x > 0.0f) ? x : 0.0f) + log1p_f32(lstmcu_exp(-magnitude));
}

float lstmcu_gelu(float x)
{
    float y = x;
    if (x < -14.0f) {
        y = 0.0f;
    } else if (x < 0.0f) {
        y = 0.5f * x * lstmcu_erfc(x * -0.707106781f);
    } else if (x < 14.0f) {
        y = x - (0.5f * x * lstmcu_erfc(x * 0.707106781f));
    } else {
        /* x itself, and what is not a number */
    }
    return y;
}

float lstmcu_gelu_tanh(float x)
{
    const float twice = 1.59576912f * (x + (0.044715f * x * x * x));
    return (x < -14.0f) ? 0.0f : (x * lstmcu_sigmoid(twice));
}

float lstmcu_mish(float x)
{
    float y = 0.0f;
    if (x > 0.0f) {
        const float e = lstmcu_exp(-x);
        const float share = 1.0f + (2.0f * e);
        y = x * (share / (share + (2.0f * e * e)));
    } else if (!(x < -87.0f)) {
        const float e = lstmcu_exp(x);
        const float share = e * (e + 2.0f);
        y = x * (share / (share + 2.0f));
    } else {
        /* nothing is left of it */
    }
    return y;
}
