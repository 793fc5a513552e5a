/* SPDX-FileCopyrightText: 2026 lstmcu contributors
 * SPDX-License-Identifier: Apache-2.0 */
/** Products of floats and the sum they are added to. */
#ifndef LSTMCU_FUSED_H
#define LSTMCU_FUSED_H

#include "single.h"

/** sum + a b: rounded once on a core that has an instruction for it, else twice.
 *
 * Whether is decided here and not by the compiler, so that a core has one result. clang calls a
 * function of the library for the builtin, as that may tell errno. */
static inline float lstmcu_fused(float a, float b, float sum)
{
    float result = sum;
#if defined(__clang__) && defined(__arm__) && defined(__ARM_FEATURE_FMA)
    __asm__("vfma.f32 %0, %1, %2" : "+t"(result) : "t"(a), "t"(b));
#elif defined(__clang__) && defined(__riscv_flen)
    __asm__("fmadd.s %0, %1, %2, %0" : "+f"(result) : "f"(a), "f"(b));
#elif defined(__ARM_FEATURE_FMA) || defined(__riscv_flen) || defined(__FMA__)
    result = __builtin_fmaf(a, b, result);
#else
    result = lstmcu_sum_f32(result, lstmcu_product_f32(a, b));
#endif
    return result;
}

#endif
