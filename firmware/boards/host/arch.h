/* SPDX-FileCopyrightText: 2026 lstmcu contributors
 * SPDX-License-Identifier: Apache-2.0 */
/* The machine that compiles: what boards/common/arch.h is for a core. The host's own stack is not
 * measured; the bench finds one word of it that nobody ever writes, and so 0 bytes in use. */

#ifndef LSTMCU_BOARD_ARCH_H
#define LSTMCU_BOARD_ARCH_H

#include <stdint.h>

extern uint32_t __stack_top[];

static inline uintptr_t arch_stack_pointer(void)
{
    return (uintptr_t)__stack_top;
}

#endif
