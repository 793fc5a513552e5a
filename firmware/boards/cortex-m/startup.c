/* SPDX-FileCopyrightText: 2026 lstmcu contributors
 * SPDX-License-Identifier: Apache-2.0 */
/* Reset and faults of every Cortex-M, M0 to M55. Nothing is more than ARMv6-M unless guarded. */

#include <stddef.h>
#include <stdint.h>

#include "semihosting.h"

int main(void);
void reset(void);
void fault(void);
void fault_report(const uint32_t *frame, uint32_t exc_return);

/* From link.ld. */
extern uint32_t __stack_limit[], __stack_top[];
extern uint32_t __data_start[], __data_end[], __bss_start[], __bss_end[];
extern const uint32_t __data_load[];

#define REGISTER(address) (*(volatile uint32_t *)(address))
#define CCR REGISTER(0xE000ED14u)
#define CFSR REGISTER(0xE000ED28u)
#define HFSR REGISTER(0xE000ED2Cu)
#define MMFAR REGISTER(0xE000ED34u)
#define BFAR REGISTER(0xE000ED38u)
#define CPACR REGISTER(0xE000ED88u)

/* The main profile (ARMv7-M, ARMv8-M Mainline) has fault status registers, baselines do not. */
#define HAS_FAULT_STATUS (__ARM_ARCH_ISA_THUMB == 2)

/* No interrupt is ever enabled: sixteen words are the whole table. */
struct vectors {
    uint32_t *stack;
    void (*handlers[15])(void);
};

__attribute__((section(".vectors"), used)) static const struct vectors vectors = {
    __stack_top,
    {reset, fault, fault, fault, fault, fault, fault, fault, fault, fault, fault, fault, fault,
     fault, fault}};

void reset(void)
{
#if defined(__ARM_FP) || defined(__ARM_FEATURE_MVE)
    CPACR |= 0xFu << 20; /* CP10 and CP11: FPU and MVE */
#endif
#if defined(__ARM_FEATURE_MVE) || defined(__ARM_ARCH_8_1M_MAIN__)
    CCR |= 1u << 19; /* LOB: low-overhead loops cached (QEMU ignores it) */
#endif
    __asm__ volatile("dsb\n\tisb" : : : "memory");

    const uint32_t *from = __data_load;
    for (uint32_t *to = __data_start; to < __data_end;)
        *to++ = *from++;
    for (uint32_t *to = __bss_start; to < __bss_end;)
        *to++ = 0;

    semihosting_exit(main());
}

/* Every exception: nothing is enabled, so whichever comes is a fault. Hand over the frame that the
 * core has just stacked (on MSP: PSP is never used) and EXC_RETURN, which tells its form. After a
 * stack overflow start a new stack: what was on the old one is no longer needed. */
__attribute__((naked)) void fault(void)
{
    __asm__ volatile("mrs r0, msp\n\t"
                     "mov r1, lr\n\t"
                     "ldr r2, =__stack_limit\n\t"
                     "ldr r3, =__stack_top\n\t"
                     "cmp r0, r2\n\t"
                     "blo 1f\n\t"
                     "cmp r0, r3\n\t"
                     "blo 2f\n"
                     "1:\tmsr msp, r3\n"
                     "2:\tldr r2, =fault_report\n\t"
                     "bx r2\n\t"
                     ".ltorg");
}

static void print(const char *name, uint32_t value)
{
    const int console = semihosting_console();
    (void)semihosting_write_text(console, name);
    (void)semihosting_write_hex(console, value);
}

#if HAS_FAULT_STATUS
static const struct {
    uint32_t mask;
    const char *text;
} causes[] = {
    /* MemManage */
    {1u << 0, "instruction fetch not permitted"},
    {1u << 1, "data access not permitted (address in MMFAR)"},
    {1u << 4, "MemManage fault while stacking: stack overflow?"},
    /* BusFault */
    {1u << 8, "instruction fetch from a bad address"},
    {1u << 9, "data access to a bad address (address in BFAR)"},
    {1u << 10, "data access to a bad address (imprecise: PC is past it)"},
    {1u << 12, "BusFault while stacking: stack overflow?"},
    /* UsageFault */
    {1u << 16, "undefined instruction"},
    {1u << 17, "jump to an address without the Thumb bit"},
    {1u << 18, "bad exception return"},
    {1u << 19, "FPU or MVE instruction, but the unit is absent or off"},
    {1u << 20, "stack pointer below its limit: stack overflow"},
    {1u << 24, "unaligned access"},
    {1u << 25, "division by zero"},
};
#endif

void fault_report(const uint32_t *frame, uint32_t exc_return)
{
    static const char *const names[8] = {"R0   ", "R1   ", "R2   ", "R3   ",
                                         "R12  ", "LR   ", "PC   ", "xPSR "};
    const int console = semihosting_console();
    uint32_t ipsr; /* the number of the exception being handled */
    __asm__ volatile("mrs %0, ipsr" : "=r"(ipsr));
    (void)semihosting_write_text(console, ipsr == 3 ? "HardFault" : "exception ");
    if (ipsr != 3)
        (void)semihosting_write_decimal(console, ipsr);
    (void)semihosting_write_text(console, "\n");
    if (frame < __stack_limit || frame >= __stack_top)
        (void)semihosting_write_text(console, "stack overflow: SP is outside the stack\n");
    if (frame < __data_start || frame >= __stack_top) { /* outside RAM: nothing was stacked */
        print("SP   ", (uint32_t)(uintptr_t)frame);
        (void)semihosting_write_text(console, "\n");
        semihosting_exit(1);
    }

    /* Before the exception SP stood above the frame: 8 words, 26 with floating point (EXC_RETURN
     * bit 4 clear), and one more where the core had to align it (xPSR bit 9). */
    const uint32_t words = ((exc_return & 1u << 4) ? 8u : 26u) + (frame[7] >> 9 & 1u);
    for (size_t i = 0; i < 8; i++) {
        print(names[i], frame[i]);
        (void)semihosting_write_text(console, i % 4 == 3 ? "\n" : "  ");
    }
    print("SP   ", (uint32_t)(uintptr_t)(frame + words));
#if HAS_FAULT_STATUS
    const uint32_t cfsr = CFSR;
    print("  CFSR ", cfsr);
    print("  HFSR ", HFSR);
    print("\nBFAR ", BFAR);
    print("  MMFAR ", MMFAR);
    for (size_t i = 0; i < sizeof causes / sizeof causes[0]; i++) {
        if (cfsr & causes[i].mask) {
            (void)semihosting_write_text(console, "\n");
            (void)semihosting_write_text(console, causes[i].text);
        }
    }
#endif
    (void)semihosting_write_text(console, "\n");
    semihosting_exit(1);
}
