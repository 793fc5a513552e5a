/* SPDX-FileCopyrightText: 2026 lstmcu contributors
 * SPDX-License-Identifier: Apache-2.0 */
/* The few instructions that C cannot say, one block per instruction set. The stack pointer is the
 * caller's, so reading it is always inlined. */

#ifndef LSTMCU_BOARD_ARCH_H
#define LSTMCU_BOARD_ARCH_H

#include <stdint.h>

#if defined(__arm__)

/* Call the host: operation in r0, argument block in r1, result in r0 (M-profile: BKPT 0xAB). */
static inline uintptr_t arch_semihosting_call(uintptr_t operation, const void *argument)
{
    register uintptr_t r0 __asm__("r0") = operation;
    register const void *r1 __asm__("r1") = argument;
    __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
    return r0;
}

__attribute__((always_inline)) static inline uintptr_t arch_stack_pointer(void)
{
    uintptr_t sp;
    __asm__ volatile("mov %0, sp" : "=r"(sp) : : "memory");
    return sp;
}

#elif defined(__riscv)

/* Call the host: operation in a0, argument block in a1, result in a0. The host knows the ebreak by
 * its two neighbours; all three are four bytes long and must not straddle a page. */
static inline uintptr_t arch_semihosting_call(uintptr_t operation, const void *argument)
{
    register uintptr_t a0 __asm__("a0") = operation;
    register const void *a1 __asm__("a1") = argument;
    __asm__ volatile(".balign 16\n\t" /* before norvc: the linker may have to fill in half-words */
                     ".option push\n\t"
                     ".option norvc\n\t"
                     "slli x0, x0, 0x1f\n\t"
                     "ebreak\n\t"
                     "srai x0, x0, 7\n\t"
                     ".option pop"
                     : "+r"(a0)
                     : "r"(a1)
                     : "memory");
    return a0;
}

__attribute__((always_inline)) static inline uintptr_t arch_stack_pointer(void)
{
    uintptr_t sp;
    __asm__ volatile("mv %0, sp" : "=r"(sp) : : "memory");
    return sp;
}

#else
#error "boards/common/arch.h: add this instruction set"
#endif

#endif
