/* SPDX-FileCopyrightText: 2026 lstmcu contributors
 * SPDX-License-Identifier: Apache-2.0 */
/** The least of a preemptive scheduler: tasks of one priority take turns at every tick. */
#ifndef TASKS_H
#define TASKS_H

#include <stdint.h>

enum { TASK_STACK = 256 }; /* words */

typedef struct {
    uint32_t *sp;                           /* while it does not run */
    _Alignas(8) uint32_t stack[TASK_STACK]; /* all its locals, and its registers */
    uint32_t ticks;                         /* how often it was taken the processor */
    uint32_t done;                          /* its function has returned */
} task;

/** Let `function(argument)` be a task; call it before tasks_run. At most 4. */
void tasks_add(task *t, void (*function)(void *argument), void *argument);

/** Run all tasks, a tick every `cycles`; ends in tasks_ended. */
void tasks_run(uint32_t cycles);

/** Yours: every task has returned. */
void tasks_ended(void);

#endif
