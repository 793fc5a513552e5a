/* SPDX-FileCopyrightText: 2026 lstmcu contributors
 * SPDX-License-Identifier: Apache-2.0 */
/** Functions of a float without libm, but those of float_math.h. Of what is not a number they give
 * none; of an infinity what they come near. */
#ifndef LSTMCU_FUNCTIONS_F32_H
#define LSTMCU_FUNCTIONS_F32_H

#include "float_math.h"

/* of this version alone */
#define lstmcu_expm1 LSTMCU_SYMBOL(expm1)
#define lstmcu_erfc LSTMCU_SYMBOL(erfc)
#define lstmcu_exponential LSTMCU_SYMBOL(exponential)
#define lstmcu_softplus LSTMCU_SYMBOL(softplus)
#define lstmcu_gelu LSTMCU_SYMBOL(gelu)
#define lstmcu_gelu_tanh LSTMCU_SYMBOL(gelu_tanh)
#define lstmcu_mish LSTMCU_SYMBOL(mish)

/** e^x - 1 */
float lstmcu_expm1(float x);

/** 1 - erf(x) of x >= 0 */
float lstmcu_erfc(float x);

/** e^x to the ends of what a float holds */
float lstmcu_exponential(float x);

/** ln(1 + e^x) */
float lstmcu_softplus(float x);

/** x (1 + erf(x / sqrt 2)) / 2, and what comes near it by a tanh */
float lstmcu_gelu(float x);
float lstmcu_gelu_tanh(float x);

/** x tanh(softplus(x)) */
float lstmcu_mish(float x);

static inline float lstmcu_clamp_f32(float x, float low, float high)
{
    return (x < low) ? low : ((x > high) ? high : x);
}

static inline float lstmcu_relu6(float x)
{
    return lstmcu_clamp_f32(x, 0.0f, 6.0f);
}

static inline float lstmcu_hard_tanh(float x)
{
    return lstmcu_clamp_f32(x, -1.0f, 1.0f);
}

/** slope (x - threshold) up to the threshold, x but at most `most` above it: Keras's relu with all
 * of its settings. */
static inline float lstmcu_bent_relu(float x, float most, float slope, float threshold)
{
    return (x <= threshold) ? (slope * (x - threshold)) : ((x > most) ? most : x);
}

static inline float lstmcu_leaky_relu(float x, float slope)
{
    const float below = slope * x;
    return (x < 0.0f) ? below : x;
}

static inline float lstmcu_hard_sigmoid_keras2(float x)
{
    return lstmcu_clamp_f32((0.2f * x) + 0.5f, 0.0f, 1.0f);
}

static inline float lstmcu_hard_sigmoid_keras3(float x)
{
    return lstmcu_clamp_f32((x * (1.0f / 6.0f)) + 0.5f, 0.0f, 1.0f);
}

static inline float lstmcu_hard_swish(float x)
{
    return (x <= -3.0f) ? 0.0f : (x * lstmcu_hard_sigmoid_keras3(x));
}

static inline float lstmcu_softsign(float x)
{
    return x / (1.0f + ((x < 0.0f) ? -x : x));
}

static inline float lstmcu_elu(float x, float alpha)
{
    return (x > 0.0f) ? x : (alpha * lstmcu_expm1(x));
}

static inline float lstmcu_selu(float x)
{
    return 1.05070099f * lstmcu_elu(x, 1.67326324f);
}

/** x sigmoid(x); where the sigmoid is too small for its floats, 0. */
static inline float lstmcu_silu(float x)
{
    return (x < -87.0f) ? 0.0f : (x * lstmcu_sigmoid(x));
}

#endif
