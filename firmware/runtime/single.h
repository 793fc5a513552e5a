/* SPDX-FileCopyrightText: 2026 lstmcu contributors
 * SPDX-License-Identifier: Apache-2.0 */
/** Sums and products of floats where most of the time goes.
 *
 * A core without an FPU calls a function of the compiler's library for each of them. On RISC-V and
 * ARMv6-M that is written in C for floats of every kind, and these are faster, with the same
 * bits; ARMv7-M has it in assembly. */
#ifndef LSTMCU_SINGLE_H
#define LSTMCU_SINGLE_H

#include "lstmcu_version.h"

/* of this version alone */
#define lstmcu_product_f32 LSTMCU_SYMBOL(product_f32)
#define lstmcu_sum_f32 LSTMCU_SYMBOL(sum_f32)

#if defined(__arm__) && !defined(__ARM_FP)
#define LSTMCU_NO_FPU
#elif defined(__riscv) && !defined(__riscv_flen)
#define LSTMCU_NO_FPU
#else
/* one it is */
#endif

#if defined(LSTMCU_NO_FPU) && (defined(__riscv) || defined(__ARM_ARCH_6M__))
#define LSTMCU_OWN_FLOATS
#endif

#if defined(LSTMCU_OWN_FLOATS)

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
