/* SPDX-FileCopyrightText: 2026 lstmcu contributors
 * SPDX-License-Identifier: Apache-2.0 */
/* Reset and traps of every RISC-V core, RV32 and RV64, in machine mode. */

#include <stddef.h>
#include <stdint.h>

#include "semihosting.h"

int main(void);
void reset(void);
void start(void);
void trap(void);
void trap_again(void);
void trap_report(void);

/* From link.ld. */
extern uint32_t __stack_limit[], __stack_top[];
extern uint32_t __data_start[], __data_end[], __bss_start[], __bss_end[];
extern const uint32_t __data_load[];

/* The CSR instructions, which -march= need not name: what C compiles to never uses them. clang 16
 * knows no such directive, and has them always. */
#ifdef __clang__
#define WITH_CSR ""
#else
#define WITH_CSR ".option arch, +zicsr\n\t"
#endif

#if __riscv_xlen == 64
#define STORE "sd"
#define WORD "8"
#else
#define STORE "sw"
#define WORD "4"
#endif

#define CSR_READ(name, value)                                                                      \
    __asm__ volatile(".option push\n\t" WITH_CSR "csrr %0, " name "\n\t.option pop" : "=r"(value))
#define CSR_SET(name, bits)                                                                        \
    __asm__ volatile(".option push\n\t" WITH_CSR "csrs " name ", %0\n\t.option pop" : : "r"(bits))

#define LOAD_GLOBAL_POINTER                                                                        \
    ".option push\n\t.option norelax\n\tlla gp, __global_pointer$\n\t.option pop\n\t"

__attribute__((naked, used, section(".reset"))) void reset(void)
{
    __asm__ volatile(".option push\n\t" WITH_CSR LOAD_GLOBAL_POINTER "lla sp, __stack_top\n\t"
                     "lla t0, trap\n\t"
                     "csrw mtvec, t0\n\t"
                     "tail start\n\t"
                     ".option pop");
}

/* Switch on what misa says the core has: F (5), which D needs, by mstatus.FS, V (21) by its VS. */
static void enable_units(void)
{
    uintptr_t misa;
    CSR_READ("misa", misa);
    if (misa & 1u << 5)
        CSR_SET("mstatus", (uintptr_t)1 << 13);
    if (misa & 1u << 21)
        CSR_SET("mstatus", (uintptr_t)1 << 9);
}

__attribute__((used)) void start(void)
{
    enable_units();
    const uint32_t *from = __data_load;
    for (volatile uint32_t *to = __data_start; to < __data_end;)
        *to++ = *from++;
    for (volatile uint32_t *to = __bss_start; to < __bss_end;)
        *to++ = 0;
    semihosting_exit(main());
}

/* The integer registers as they were at the trap, x0 unused. */
__attribute__((used)) static uintptr_t registers[32];

/* Every trap: no interrupt is ever enabled, so it is an exception. Save all registers, and report
 * on a new stack, as the old one may be what is wrong. */
__attribute__((naked, used, aligned(4))) void trap(void)
{
#define SAVE(n) STORE " x" #n ", " #n "*" WORD "(sp)\n\t"
    __asm__ volatile(".option push\n\t" WITH_CSR "csrw mscratch, sp\n\t"
                     "lla sp, registers\n\t" /* clang-format off */
                     SAVE(1) SAVE(3) SAVE(4) SAVE(5) SAVE(6) SAVE(7) SAVE(8) SAVE(9) SAVE(10)
                     SAVE(11) SAVE(12) SAVE(13) SAVE(14) SAVE(15) SAVE(16) SAVE(17) SAVE(18)
                     SAVE(19) SAVE(20) SAVE(21) SAVE(22) SAVE(23) SAVE(24) SAVE(25) SAVE(26)
                     SAVE(27) SAVE(28) SAVE(29) SAVE(30) SAVE(31) /* clang-format on */
                     "csrr t0, mscratch\n\t" STORE " t0, 2*" WORD "(sp)\n\t"
                     "lla t0, trap_again\n\t"
                     "csrw mtvec, t0\n\t" LOAD_GLOBAL_POINTER "lla sp, __stack_top\n\t"
                     "tail trap_report\n\t"
                     ".option pop");
#undef SAVE
}

/* A trap while reporting one. */
__attribute__((used, aligned(4))) void trap_again(void)
{
    semihosting_exit(1);
}

static const char *const causes[] = {
    "instruction fetch from a misaligned address",
    "instruction fetch from a bad address",
    "illegal instruction, or its unit is off",
    "breakpoint",
    "load from a misaligned address",
    "load from a bad address",
    "store to a misaligned address",
    "store to a bad address",
};

static void print(const char *name, uintptr_t value, const char *end)
{
    const int console = semihosting_console();
    (void)semihosting_write_text(console, name);
    (void)semihosting_write_text(console, " ");
    (void)semihosting_write_hex(console, value);
    (void)semihosting_write_text(console, end);
}

__attribute__((used)) void trap_report(void)
{
    static const char *const names[32] = {
        "zero", "ra  ", "sp  ", "gp  ", "tp  ", "t0  ", "t1  ", "t2  ", "s0  ", "s1  ", "a0  ",
        "a1  ", "a2  ", "a3  ", "a4  ", "a5  ", "a6  ", "a7  ", "s2  ", "s3  ", "s4  ", "s5  ",
        "s6  ", "s7  ", "s8  ", "s9  ", "s10 ", "s11 ", "t3  ", "t4  ", "t5  ", "t6  "};
    const int console = semihosting_console();
    uintptr_t mcause, mepc, mtval, mstatus;
    CSR_READ("mcause", mcause);
    CSR_READ("mepc", mepc);
    CSR_READ("mtval", mtval);
    CSR_READ("mstatus", mstatus);
    (void)semihosting_write_text(console, "trap: ");
    if (mcause < sizeof causes / sizeof causes[0])
        (void)semihosting_write_text(console, causes[mcause]);
    else
        print("cause", mcause, "");
    (void)semihosting_write_text(console, "\n");
    if (registers[2] < (uintptr_t)__stack_limit || registers[2] > (uintptr_t)__stack_top)
        (void)semihosting_write_text(console, "stack overflow: sp is outside the stack\n");
    print("mepc", mepc, "  ");
    print("mcause", mcause, "  ");
    print("mtval", mtval, "  ");
    print("mstatus", mstatus, "\n");
    for (size_t i = 1; i < 32; i++)
        print(names[i], registers[i], i % 4 == 0 || i == 31 ? "\n" : "  ");
    semihosting_exit(1);
}
