/* SPDX-FileCopyrightText: 2026 lstmcu contributors
 * SPDX-License-Identifier: Apache-2.0 */
/* Normal numbers whose result is one, too; all others are left to the compiler's library. Rounded
 * to the nearest, halves to even, from bits below the last one and a bit that tells of any further
 * ones. */
#include "single.h"

#if defined(LSTMCU_NO_FPU)

#include <stdint.h>
#include <string.h>

#define EXPONENT 23U
#define FRACTION 0x7FFFFFU
#define ONE 0x800000U /* the leading bit of a significand */
#define SIGN 0x80000000U
#define BIAS 127U
#define LARGEST 255U /* exponent of what is no finite number */

static uint32_t bits_of(float x)
{
    uint32_t bits;
    (void)memcpy(&bits, &x, sizeof bits);
    return bits;
}

static float float_of(uint32_t bits)
{
    float x;
    (void)memcpy(&x, &bits, sizeof x);
    return x;
}

static uint32_t exponent_of(uint32_t bits)
{
    return (bits >> EXPONENT) & LARGEST;
}

static uint32_t significand_of(uint32_t bits)
{
    return (bits & FRACTION) | ONE;
}

/* `wide` has a significand over `below` more bits. */
static float rounded(uint32_t sign, uint32_t exponent, uint32_t wide, uint32_t below)
{
    const uint32_t significand = wide >> below;
    const uint32_t half = 1U << (below - 1U);
    const uint32_t rest = wide & ((half << 1U) - 1U);
    const uint32_t up = (rest + half - 1U + (significand & 1U)) >> below;
    /* the leading bit, and a carry out of the fraction, count the exponent up */
    return float_of(sign | (((exponent - 1U) << EXPONENT) + significand + up));
}

float lstmcu_product_f32(float a, float b)
{
    const uint32_t x = bits_of(a);
    const uint32_t y = bits_of(b);
    const uint32_t from_x = exponent_of(x);
    const uint32_t from_y = exponent_of(y);
    uint32_t exponent = from_x + from_y - BIAS;
    float product;
    if (((from_x - 1U) < (LARGEST - 1U)) && ((from_y - 1U) < (LARGEST - 1U)) &&
        ((exponent - 1U) < (LARGEST - 2U))) {
        const uint64_t both = (uint64_t)(significand_of(x) << 8U) * (significand_of(y) << 8U);
        uint32_t wide = (uint32_t)(both >> 32U) | (((uint32_t)both != 0U) ? 1U : 0U);
        if (wide < SIGN) {
            wide <<= 1U;
        } else {
            ++exponent;
        }
        product = rounded((x ^ y) & SIGN, exponent, wide, 8U);
    } else {
        product = a * b;
    }
    return product;
}

/* |x| >= |y|, both normal. */
static float sum_of_normal(uint32_t x, uint32_t y)
{
    const uint32_t sign = x & SIGN;
    uint32_t exponent = exponent_of(x);
    const uint32_t shift = exponent - exponent_of(y);
    float sum = float_of(x);
    if (shift <= 25U) { /* else y is less than a quarter of x's last bit */
        const uint32_t aligned = significand_of(y) << 7U;
        const uint32_t shifted = aligned >> shift;
        const uint32_t lost = ((shifted << shift) != aligned) ? 1U : 0U;
        uint32_t wide = significand_of(x) << 7U;
        if (((x ^ y) & SIGN) == 0U) {
            wide += shifted | lost;
            if (wide >= SIGN) {
                wide = (wide >> 1U) | (wide & 1U);
                ++exponent;
            }
        } else {
            wide -= shifted | lost;
            while ((wide < (ONE << 7U)) && (wide != 0U)) {
                wide <<= 1U;
                --exponent;
            }
        }
        if (wide == 0U) {
            sum = 0.0f;
        } else if ((exponent - 1U) < (LARGEST - 2U)) {
            sum = rounded(sign, exponent, wide, 7U);
        } else {
            sum = float_of(x) + float_of(y);
        }
    }
    return sum;
}

float lstmcu_sum_f32(float a, float b)
{
    uint32_t x = bits_of(a);
    uint32_t y = bits_of(b);
    if ((x << 1U) < (y << 1U)) {
        const uint32_t other = x;
        x = y;
        y = other;
    }
    float sum;
    if ((exponent_of(x) < LARGEST) && (exponent_of(y) > 0U)) {
        sum = sum_of_normal(x, y);
    } else {
        sum = a + b;
    }
    return sum;
}

#endif
