/* SPDX-FileCopyrightText: 2026 lstmcu contributors
 * SPDX-License-Identifier: Apache-2.0 */
#include "float_math.h"

#include <stdint.h>
#include <string.h>

#include "fused.h"
#include "single.h"

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

/* a compiler that may (-ffast-math) would leave out what is added and taken away again */
#if defined(__FAST_MATH__) || defined(__ASSOCIATIVE_MATH__)
#define ROUNDED volatile float
#else
#define ROUNDED const float
#endif

#if defined(LSTMCU_NO_FPU)

#define EXPONENT 23U
#define FRACTION 0x7FFFFFU
#define INFINITE 0x7F800000U /* bits of infinity; larger ones are no number */
#define NOT_A_NUMBER 0x7FC00000U
#define FARTHEST 0x41E80000U /* 29 */

/* c + a b / 2^30, of numbers over 2^30 */
static inline int32_t multiply_add(int32_t a, int32_t b, int32_t c)
{
    return (int32_t)(((int64_t)a * b) >> 30) + c;
}

/* e^-x as the header says, in integers */
static inline float decay(float x)
{
    uint32_t bits;
    float result;
    (void)memcpy(&bits, &x, sizeof bits);
    const uint32_t size = bits & 0x7FFFFFFFU;
    if (size > INFINITE) {
        bits = NOT_A_NUMBER;
        (void)memcpy(&result, &bits, sizeof result);
        return result;
    }
    const uint32_t in = (size < FARTHEST) ? size : FARTHEST;
    /* x over 2^26 */
    const uint32_t significand = (in & FRACTION) | (FRACTION + 1U);
    const uint32_t exponent = in >> EXPONENT;
    uint32_t whole = 0U;
    if (exponent >= 124U) {
        whole = significand << (exponent - 124U);
    } else if (exponent >= 100U) {
        whole = ((significand >> (123U - exponent)) + 1U) >> 1U;
    } else {
        /* less than a quarter of the last bit */
    }
    const int32_t fixed = (bits == size) ? -(int32_t)whole : (int32_t)whole;
    /* -x / ln 2 over 2^56, n, and the rest over 2^30 */
    const int64_t power = (int64_t)fixed * 1549082005;
    const int32_t n = ((int32_t)(power >> 32) + (1 << 23)) >> 24;
    const int32_t rest = (int32_t)((power - ((int64_t)n * (1LL << 56))) >> 26);
    /* 2^rest: six terms with a relative error below 2.1e-9 */
    int32_t sum = multiply_add(164855, rest, 1438693);
    sum = multiply_add(sum, rest, 10327718);
    sum = multiply_add(sum, rest, 59596241);
    sum = multiply_add(sum, rest, 257941218);
    sum = multiply_add(sum, rest, 744261142);
    sum = multiply_add(sum, rest, 1 << 30);
    /* to 24 bits */
    const int32_t less = (sum < (1 << 30)) ? 1 : 0;
    const uint32_t rounded = (((uint32_t)sum << (uint32_t)less) + 64U) >> 7U;
    const int32_t of_result = 126 + n - less;
    bits = ((uint32_t)of_result << EXPONENT) + rounded;
    (void)memcpy(&result, &bits, sizeof result);
    return result;
}

#else

/* e^-x as the header says; what is not a number goes through all of it */
static inline float decay(float x)
{
    const float below = (x > 29.0f) ? 29.0f : x;
    const float in = (below < -29.0f) ? -29.0f : below;
    /* in = -n ln 2 + r, |r| <= ln 2 / 2; a float as large as 1.5 * 2^23 has no places for a
     * fraction, so that n is rounded to the nearest, halves to even, and is in its last bits */
    const float whole = 12582912.0f;
    ROUNDED rounded = (in * -1.44269504f) + whole;
    const float shifted = rounded;
    const float n = shifted - whole;
    const float r = lstmcu_fused(n, 0.693147182f, in);
    /* e^-r: 1 - r and four terms that keep the relative error of all below 1.1e-7 */
    const float r2 = r * r;
    const float high = (r * -8.312678e-3f) + 4.18901853e-2f;
    const float low = (r * -0.166671127f) + 0.499992311f;
    const float p = lstmcu_fused(lstmcu_fused(high, r2, low), r2, 1.0f - r);
    uint32_t bits;
    (void)memcpy(&bits, &shifted, sizeof bits);
    bits = (bits + 127U) << 23U; /* 2^n */
    float power;
    (void)memcpy(&power, &bits, sizeof power);
    return p * power;
}

#endif

float lstmcu_decay(float x)
{
    return decay(x);
}

void lstmcu_decay_each(float *x, int32_t count)
{
    for (int32_t k = 0; k < count; ++k) {
        x[k] = decay(x[k]);
    }
}

float lstmcu_sigmoid(float x)
{
    return 1.0f / (1.0f + lstmcu_decay(x));
}

float lstmcu_tanh(float x)
{
    const float e = lstmcu_decay(x + x);
    return (1.0f - e) / (1.0f + e);
}
