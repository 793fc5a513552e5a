/* SPDX-FileCopyrightText: 2026 lstmcu contributors
 * SPDX-License-Identifier: Apache-2.0 */
/* Softmax as TensorFlow Lite Micro computes it, bit for bit. Q5.26 has 5 integer and 26 fraction
 * bits. */
#include "elementwise.h"
#include "fixed_point.h"

/* a * b of two Q0.31, rounded */
static int32_t product_q31(int32_t a, int32_t b)
{
    return (int32_t)(((int64_t)a * b + (1 << 30)) >> 31);
}

/* x / 2^bits, halves away from zero */
static int32_t shift_right(int32_t x, int32_t bits)
{
    return (int32_t)(((int64_t)x + ((int64_t)1 << (bits - 1)) - (x < 0)) >> bits);
}

/* exp of a Q5.26 that is not positive, in Q0.31: a series near -1/8, times a factor for each higher
 * bit */
static int32_t exp_q31(int32_t x)
{
    /* exp(-2^k), k = -2 .. 4 */
    static const int32_t factors[7] = {1672461947, 1302514674, 790015084, 290630308,
                                       39332535,   720401,     242};
    const int32_t quarter = 1 << 24;
    const int32_t low = (x & (quarter - 1)) - quarter; /* in [-1/4, 0) */
    const int32_t a = low * 32 + (1 << 28);
    const int32_t a2 = product_q31(a, a);
    const int32_t a3 = product_q31(a2, a);
    const int32_t a4 = product_q31(a2, a2);
    /* a + a^2/2 + a^3/6 + a^4/24 */
    const int32_t series = a + shift_right(product_q31(shift_right(a4, 2) + a3, 715827883) + a2, 1);
    int32_t result = 1895147668 + product_q31(series, 1895147668); /* exp(-1/8) */
    const int32_t rest = low - x;
    for (int k = 0; k < 7; ++k) {
        if (((rest >> (24 + k)) & 1) != 0) {
            result = product_q31(result, factors[k]);
        }
    }
    return (x == 0) ? INT32_MAX : result;
}

/* 1 / (1 + x) of x in [0, 1) as Q0.31, in Q0.31: three Newton steps on d = (1 + x) / 2 */
static int32_t reciprocal(int32_t x)
{
    const int32_t half = (int32_t)(((int64_t)x + INT32_MAX + 1) / 2);
    int32_t y = 1515870810 + product_q31(half, -1010580540); /* 48/17 - 32/17 d, Q2.29 */
    for (int k = 0; k < 3; ++k) {
        y += product_q31(y, (1 << 29) - product_q31(half, y)) * 4;
    }
    const int64_t doubled = (int64_t)y * 2;
    return (doubled > INT32_MAX) ? INT32_MAX : (int32_t)doubled;
}

void lstmcu_softmax_s8(const int8_t *x, int8_t *y, int32_t count, int32_t value, int32_t shift)
{
    const lstmcu_scale scale = {value, shift};
    /* exp of what lies further below the peak counts as 0; a fine scale reaches no such thing */
    const int32_t radius = (31 << 26) >> ((shift > 0) ? shift : 0);
    int32_t peak = INT8_MIN;
    for (int32_t k = 0; k < count; ++k) {
        peak = (x[k] > peak) ? x[k] : peak;
    }
    int32_t total = 0; /* Q12.19 */
    for (int32_t k = 0; k < count; ++k) {
        if ((x[k] - peak) >= -radius) {
            total += shift_right(exp_q31(lstmcu_requantise(x[k] - peak, scale)), 12);
        }
    }
    int32_t bits = 0; /* of the total */
    while ((bits < 31) && ((total >> bits) != 0)) {
        ++bits;
    }
    const int32_t inverse =
        reciprocal((int32_t)(((int64_t)total << (32 - bits)) - ((int64_t)1 << 31)));
    for (int32_t k = 0; k < count; ++k) {
        int32_t result = INT8_MIN;
        if ((x[k] - peak) >= -radius) {
            const int32_t e = exp_q31(lstmcu_requantise(x[k] - peak, scale));
            result += shift_right(product_q31(inverse, e), bits - 20 + 31 - 8);
        }
        y[k] = (int8_t)lstmcu_clamp(result, INT8_MIN, INT8_MAX);
    }
}
