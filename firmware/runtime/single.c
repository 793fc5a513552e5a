/* SPDX-FileCopyrightText: 2026 lstmcu contributors
 * SPDX-License-Identifier: Apache-2.0 */
/* Normal numbers whose result is one, too; all others are left to the compiler's library. Rounded
 * to the nearest, halves to even, from bits below the last one of which the lowest tells of any
 * further ones. */
#include "single.h"

#if defined(LSTMCU_OWN_FLOATS)

#include <stdint.h>
#include <string.h>

#define EXPONENT 23U
#define FRACTION 0x7FFFFFU
#define ONE 0x800000U /* the leading bit of a significand */
#define SIGN 0x80000000U
#define BIAS 127U
#define NORMAL 254U /* the exponents of normal numbers are 1 to this */
#define BELOW 7U    /* bits below the last one */

static uint32_t bits_of(float x)
{
    uint32_t bits;
    (void)memcpy(&bits, &x, sizeof bits);
    return bits;
}

static uint32_t exponent_of(uint32_t bits)
{
    return (bits >> EXPONENT) & 255U;
}

static uint32_t significand_of(uint32_t bits)
{
    return (bits & FRACTION) | ONE;
}

/* `wide` has a significand over BELOW more bits; what it carries counts the exponent up. */
static inline float rounded(uint32_t sign, uint32_t exponent, uint32_t wide)
{
    const uint32_t half = (1U << (BELOW - 1U)) - 1U + ((wide >> BELOW) & 1U);
    const uint32_t bits = sign + ((exponent - 1U) << EXPONENT) + ((wide + half) >> BELOW);
    float x;
    (void)memcpy(&x, &bits, sizeof x);
    return x;
}

/* Of two significands, over BELOW or BELOW - 1 more bits. */
static inline uint32_t product_of(uint32_t x, uint32_t y)
{
#if defined(__ARM_ARCH_6M__) /* it multiplies to 32 bits */
    const uint32_t middle = ((x >> 12U) * (y & 0xFFFU)) + ((x & 0xFFFU) * (y >> 12U));
    const uint32_t low = ((x & 0xFFFU) * (y & 0xFFFU)) + ((middle & 0xFFFU) << 12U);
    const uint32_t high = ((x >> 12U) * (y >> 12U)) + (middle >> 12U) + (low >> 24U);
    const uint32_t rest = low << 8U;
    return (high << BELOW) | (rest >> 25U) | (((rest << BELOW) != 0U) ? 1U : 0U);
#else
    const uint32_t over = x << 8U;
    const uint32_t by = y << BELOW;
    const uint64_t product = (uint64_t)over * by;
    return (uint32_t)(product >> 32U) | (((uint32_t)product != 0U) ? 1U : 0U);
#endif
}

float lstmcu_product_f32(float a, float b)
{
    const uint32_t x = bits_of(a);
    const uint32_t y = bits_of(b);
    const uint32_t of_x = exponent_of(x) - 1U;
    const uint32_t of_y = exponent_of(y) - 1U;
    uint32_t exponent = of_x + of_y + 2U - BIAS;
    if ((of_x >= NORMAL) || (of_y >= NORMAL) || ((exponent - 1U) >= (NORMAL - 1U))) {
        return a * b;
    }
    uint32_t wide = product_of(significand_of(x), significand_of(y));
    if (wide < (ONE << BELOW)) {
        wide <<= 1U;
    } else {
        ++exponent;
    }
    return rounded((x ^ y) & SIGN, exponent, wide);
}

/* |x| >= |y|, both normal, x so large that their sum is, too. */
static inline float sum_of(uint32_t x, uint32_t y)
{
    uint32_t exponent = exponent_of(x);
    const uint32_t shift = exponent - exponent_of(y);
    const uint32_t aligned = (shift < 31U) ? (significand_of(y) << BELOW) : 0U;
    const uint32_t shifted = aligned >> (shift & 31U);
    const uint32_t added = shifted | (((shifted << (shift & 31U)) != aligned) ? 1U : 0U);
    uint32_t wide = significand_of(x) << BELOW;
    if (((x ^ y) & SIGN) == 0U) {
        wide += added;
        if (wide >= SIGN) {
            wide = (wide >> 1U) | (wide & 1U);
            ++exponent;
        }
    } else {
        wide -= added;
        while (wide < (ONE << BELOW)) {
            wide <<= 1U;
            --exponent;
        }
    }
    return rounded(x & SIGN, exponent, wide);
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
    /* what is near the least normal number may cancel to less, what is alike to nothing */
    const uint32_t of_x = exponent_of(x) - 25U;
    if ((of_x >= (NORMAL - 25U)) || (exponent_of(y) == 0U) || (x == (y ^ SIGN))) {
        return a + b;
    }
    return sum_of(x, y);
}

#endif
