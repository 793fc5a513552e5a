/* SPDX-FileCopyrightText: 2026 lstmcu contributors
 * SPDX-License-Identifier: Apache-2.0 */
/* The core's own counter of cycles, read around a call: CYCCNT of the DWT where a Cortex-M has one
 * that counts, SysTick where not, mcycle of a RISC-V. Whether what it counts are cycles is not
 * decided here: an emulator's may be anything. For one source file. */

#ifndef LSTMCU_BOARD_CYCLE_COUNTER_H
#define LSTMCU_BOARD_CYCLE_COUNTER_H

#include <stddef.h>
#include <stdint.h>

enum cycle_counter {
    CYCLE_COUNTER_NONE,
    CYCLE_COUNTER_DWT,
    CYCLE_COUNTER_SYSTICK,
    CYCLE_COUNTER_MCYCLE
};

/* In place of a count that did not fit into the counter. */
#define CYCLE_COUNT_LOST UINT32_MAX

/* From the call of cycle_spin to its return there are so many instructions more than of
 * cycle_empty, which is nothing but its return. */
enum { CYCLE_SPIN_INSTRUCTIONS = 2000 };

/* Its register, where that has an address; NULL where nothing is read. */
static const volatile uint32_t *cycle_counter_place;

/* Even unoptimised: the bench calls nothing where it measures but what it measures. */
#define CYCLE_INLINE __attribute__((always_inline)) static inline

#if defined(__ARM_ARCH_PROFILE) && __ARM_ARCH_PROFILE == 'M'

#define CYCLE_REGISTER(address) (*(volatile uint32_t *)(address))
#define CYCLE_SYST_CSR CYCLE_REGISTER(0xE000E010u)
#define CYCLE_SYST_RVR CYCLE_REGISTER(0xE000E014u)
#define CYCLE_SYST_CVR CYCLE_REGISTER(0xE000E018u)
#ifndef CYCLE_DWT /* where QEMU, which has none, has a counter that moves: for a test */
#define CYCLE_DWT 0xE0001000u
#endif
#define CYCLE_DWT_CTRL CYCLE_REGISTER(CYCLE_DWT)
#define CYCLE_DWT_CYCCNT CYCLE_REGISTER(CYCLE_DWT + 0x4u)
#define CYCLE_DWT_LAR CYCLE_REGISTER(CYCLE_DWT + 0xFB0u)
#define CYCLE_DWT_LSR CYCLE_REGISTER(CYCLE_DWT + 0xFB4u)
#define CYCLE_DEMCR CYCLE_REGISTER(0xE000EDFCu)

__attribute__((naked, noinline)) static void cycle_empty(void)
{
    __asm__ volatile("bx lr");
}

__attribute__((naked, noinline)) static void cycle_spin(void)
{
    __asm__ volatile(".syntax unified\n\t"
                     "movs r0, #231\n\t"
                     "adds r0, #255\n\t"
                     "adds r0, #255\n\t"
                     "adds r0, #255\n\t" /* 996 turns of two instructions, and eight more */
                     "nop\n\tnop\n\tnop\n\tnop\n"
                     "1:\tsubs r0, #1\n\t"
                     "bne 1b\n\t"
                     "bx lr");
}

CYCLE_INLINE uint32_t cycle_counter_now(const volatile uint32_t *place)
{
    return *place;
}

static int cycle_counter_moves(const volatile uint32_t *place, int patience)
{
    cycle_counter_place = place;
    const uint32_t before = *place;
    for (; patience > 0 && *place == before; patience--)
        cycle_spin();
    return *place != before;
}

static enum cycle_counter cycle_counter_start(void)
{
#if __ARM_ARCH_ISA_THUMB == 2 /* the baselines' DWT, where they have one, does not count cycles */
    CYCLE_DEMCR |= 1u << 24;  /* TRCENA: the DWT is on */
    if ((CYCLE_DWT_LSR & 3u) == 3u)
        CYCLE_DWT_LAR = 0xC5ACCE55u;          /* locked against software, as on a Cortex-M7 */
    if ((CYCLE_DWT_CTRL & (1u << 25)) == 0) { /* not NOCYCCNT */
        CYCLE_DWT_CTRL |= 1u;
        if (cycle_counter_moves(&CYCLE_DWT_CYCCNT, 1))
            return CYCLE_COUNTER_DWT;
    }
#endif
    CYCLE_SYST_RVR = 0xFFFFFFu;
    CYCLE_SYST_CVR = 0;
    CYCLE_SYST_CSR = 5; /* of the core's clock, without an interrupt */
    return cycle_counter_moves(&CYCLE_SYST_CVR, 4096) ? CYCLE_COUNTER_SYSTICK : CYCLE_COUNTER_NONE;
}

/* SysTick has 24 bits: each count begins with all of them ahead. Clears COUNTFLAG. */
CYCLE_INLINE void cycle_counter_restart(void)
{
    if (cycle_counter_place == &CYCLE_SYST_CVR)
        CYCLE_SYST_CVR = 0;
}

/* SysTick counts down, from 0 on to the top; COUNTFLAG says that it went through 0, so that nobody
 * knows how often. CYCCNT goes on from its top to 0, which 32-bit differences do not see. */
CYCLE_INLINE uint32_t cycle_counter_between(uint32_t begin, uint32_t end)
{
    if (cycle_counter_place != &CYCLE_SYST_CVR)
        return end - begin;
    return (CYCLE_SYST_CSR & (1u << 16)) != 0 ? CYCLE_COUNT_LOST : (begin - end) & 0xFFFFFFu;
}

#elif defined(__riscv) && !defined(__linux__)

#ifdef __clang__
#define CYCLE_WITH_CSR ""
#else
#define CYCLE_WITH_CSR ".option arch, +zicsr\n\t"
#endif

__attribute__((naked, noinline)) static void cycle_empty(void)
{
    __asm__ volatile("ret");
}

__attribute__((naked, noinline)) static void cycle_spin(void)
{
    __asm__ volatile("li a0, 996\n\t" /* turns of two instructions, and eight more */
                     "nop\n\tnop\n\tnop\n\tnop\n\tnop\n\tnop\n\tnop\n"
                     "1:\taddi a0, a0, -1\n\t"
                     "bnez a0, 1b\n\t"
                     "ret");
}

/* An instruction that the core may not know, after which it goes on either way: the trap handler
 * is, for as long, one that returns behind it. The handlers of some cores begin at multiples of 256
 * only. */
#define CYCLE_IF_KNOWN(instruction)                                                                \
    ".option push\n\t" CYCLE_WITH_CSR ".option norvc\n\t"                                          \
    "lla t0, 8f\n\t"                                                                               \
    "csrrw t0, mtvec, t0\n\t" instruction "\n\t"                                                   \
    "csrw mtvec, t0\n\t"                                                                           \
    "j 9f\n\t"                                                                                     \
    ".balign 256\n"                                                                                \
    "8:\tcsrr t1, mepc\n\t"                                                                        \
    "addi t1, t1, 4\n\t"                                                                           \
    "csrw mepc, t1\n\t"                                                                            \
    "mret\n"                                                                                       \
    "9:\n\t"                                                                                       \
    ".option pop"

/* The low 32 bits of mcycle. */
CYCLE_INLINE uint32_t cycle_counter_now(const volatile uint32_t *place)
{
    uintptr_t value = 0;
    if (place != NULL)
        __asm__ volatile(".option push\n\t" CYCLE_WITH_CSR "csrr %0, mcycle\n\t.option pop"
                         : "=r"(value)
                         :
                         : "memory");
    return (uint32_t)value;
}

static enum cycle_counter cycle_counter_start(void)
{
    /* Some cores start with the counter inhibited, older ones have no way to. */
    __asm__ volatile(CYCLE_IF_KNOWN("csrw 0x320, zero") : : : "t0", "t1", "memory");
    uintptr_t before = 1, after = 1; /* both, where there is no mcycle */
    __asm__ volatile(CYCLE_IF_KNOWN("csrr %0, mcycle") : "+r"(before) : : "t0", "t1", "memory");
    cycle_spin();
    __asm__ volatile(CYCLE_IF_KNOWN("csrr %0, mcycle") : "+r"(after) : : "t0", "t1", "memory");
    if (before == after)
        return CYCLE_COUNTER_NONE;
    static const volatile uint32_t has_no_address;
    cycle_counter_place = &has_no_address;
    return CYCLE_COUNTER_MCYCLE;
}

CYCLE_INLINE void cycle_counter_restart(void)
{
}

CYCLE_INLINE uint32_t cycle_counter_between(uint32_t begin, uint32_t end)
{
    return end - begin;
}

#else /* a machine with an operating system */

static void cycle_empty(void)
{
}

static void cycle_spin(void)
{
}

CYCLE_INLINE uint32_t cycle_counter_now(const volatile uint32_t *place)
{
    (void)place;
    return 0;
}

static enum cycle_counter cycle_counter_start(void)
{
    return CYCLE_COUNTER_NONE;
}

CYCLE_INLINE void cycle_counter_restart(void)
{
}

CYCLE_INLINE uint32_t cycle_counter_between(uint32_t begin, uint32_t end)
{
    return end - begin;
}

#endif

#endif
