/* SPDX-FileCopyrightText: 2026 lstmcu contributors
 * SPDX-License-Identifier: Apache-2.0 */
/* The least a Cortex-M4F needs; your board has its own. Texts go out by semihosting. */

#include <stdint.h>

#include "board.h"

int main(void);
void reset(void);

extern uint32_t stack_top[], data_start[], data_end[], bss_start[], bss_end[]; /* link.ld */
extern const uint32_t data_load[];

#define CPACR (*(volatile uint32_t *)0xE000ED88u)

enum { WRITE0 = 0x04, EXIT = 0x18, STOPPED = 0x20026, FAILED = 0x20023 };

static void semihosting(uint32_t operation, uintptr_t argument)
{
    register uint32_t r0 __asm__("r0") = operation;
    register uintptr_t r1 __asm__("r1") = argument;
    __asm__ volatile("bkpt 0xAB" : "+r"(r0) : "r"(r1) : "memory");
}

void board_print(const char *text)
{
    semihosting(WRITE0, (uintptr_t)text);
}

void board_print_number(int value)
{
    char text[8] = {0};
    char *first = text + sizeof text - 2;
    unsigned rest = value < 0 ? 0U - (unsigned)value : (unsigned)value;
    *first = '\n';
    do {
        *--first = (char)('0' + rest % 10U);
        rest /= 10U;
    } while (rest);
    if (value < 0) {
        *--first = '-';
    }
    board_print(first);
}

void board_end(int status)
{
    semihosting(EXIT, status == 0 ? STOPPED : FAILED);
    for (;;) {
    }
}

static void fault(void)
{
    board_end(1);
}

/* a scheduler has its own */
void pendsv(void) __attribute__((weak, alias("fault")));
void systick(void) __attribute__((weak, alias("fault")));

void reset(void)
{
    CPACR |= 0xFu << 20; /* FPU on */
    __asm__ volatile("dsb\n\tisb" : : : "memory");
    const uint32_t *from = data_load;
    for (uint32_t *to = data_start; to < data_end;) {
        *to++ = *from++;
    }
    for (uint32_t *to = bss_start; to < bss_end;) {
        *to++ = 0;
    }
    board_end(main());
}

struct vectors {
    uint32_t *stack;
    void (*handlers[15])(void);
};

__attribute__((section(".vectors"), used)) static const struct vectors vectors = {
    stack_top,
    {reset, fault, fault, fault, fault, fault, fault, fault, fault, fault, fault, fault, fault,
     pendsv, systick}};
