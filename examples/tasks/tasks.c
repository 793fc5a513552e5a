/* SPDX-FileCopyrightText: 2026 lstmcu contributors
 * SPDX-License-Identifier: Apache-2.0 */
/* For a Cortex-M4F. SysTick asks for PendSV, which saves the registers of one task on its own
 * stack and takes those of the next. Both have the lowest priority, so PendSV never interrupts a
 * handler. */
#include "tasks.h"

#include <stddef.h>

#define SYST_CSR (*(volatile uint32_t *)0xE000E010u)
#define SYST_RVR (*(volatile uint32_t *)0xE000E014u)
#define SYST_CVR (*(volatile uint32_t *)0xE000E018u)
#define ICSR (*(volatile uint32_t *)0xE000ED04u)
#define SHPR3 (*(volatile uint32_t *)0xE000ED20u)

enum { MOST = 4, PENDSVSET = 1 << 28, THUMB = 1 << 24 };

static task *tasks[MOST];
static uint32_t count, running;
static uint32_t discarded[TASK_STACK]; /* takes the registers of main, which never goes on */

void systick(void); /* startup.c puts these into the vector table */
void pendsv(void);

static void end(void)
{
    uint32_t left = 0;
    __asm__ volatile("cpsid i" : : : "memory");
    tasks[running]->done = 1;
    for (uint32_t k = 0; k < count; ++k) {
        left += tasks[k]->done ? 0u : 1u;
    }
    if (left == 0) {
        tasks_ended();
    }
    __asm__ volatile("cpsie i" : : : "memory");
    for (;;) {
        ICSR = PENDSVSET;
    }
}

void tasks_add(task *t, void (*function)(void *argument), void *argument)
{
    /* as an exception leaves it: r0-r3, r12, lr, pc, xpsr; below them what pendsv saves: r4-r11
     * and EXC_RETURN, here to a thread on its own stack that has not used the FPU */
    uint32_t *sp = &t->stack[TASK_STACK - 8];
    sp[0] = (uint32_t)(uintptr_t)argument;
    sp[5] = (uint32_t)(uintptr_t)end;
    sp[6] = (uint32_t)(uintptr_t)function;
    sp[7] = THUMB;
    sp[-1] = 0xFFFFFFFDu;
    t->sp = sp - 9;
    tasks[count++] = t;
}

/* The stack of the next task, given that of the one that ran. Called by pendsv. */
__attribute__((used)) static uint32_t *next(uint32_t *sp)
{
    if (sp < discarded || sp > discarded + TASK_STACK) {
        tasks[running]->sp = sp;
    }
    do {
        running = (running + 1) % count;
    } while (tasks[running]->done);
    return tasks[running]->sp;
}

__attribute__((naked)) void pendsv(void)
{
    __asm__ volatile("mrs r0, psp\n\t"
                     "tst lr, #0x10\n\t" /* clear: the task has used the FPU */
                     "it eq\n\t"
                     "vstmdbeq r0!, {s16-s31}\n\t"
                     "stmdb r0!, {r4-r11, lr}\n\t"
                     "bl next\n\t"
                     "ldmia r0!, {r4-r11, lr}\n\t"
                     "tst lr, #0x10\n\t"
                     "it eq\n\t"
                     "vldmiaeq r0!, {s16-s31}\n\t"
                     "msr psp, r0\n\t"
                     "isb\n\t"
                     "bx lr");
}

void systick(void)
{
    ++tasks[running]->ticks;
    ICSR = PENDSVSET;
}

void tasks_run(uint32_t cycles)
{
    __asm__ volatile("msr psp, %0" : : "r"(discarded + TASK_STACK) : "memory");
    running = count - 1; /* the first task is next */
    SHPR3 |= 0xFFFF0000u;
    SYST_RVR = cycles - 1;
    SYST_CVR = 0;
    SYST_CSR = 7;
    ICSR = PENDSVSET;
    for (;;) {
    }
}
