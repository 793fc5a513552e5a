/* SPDX-FileCopyrightText: 2026 lstmcu contributors
 * SPDX-License-Identifier: Apache-2.0 */
/** Which lstmcu this is of. For C and assembly: there are only directives here. */
#ifndef LSTMCU_VERSION_H
#define LSTMCU_VERSION_H

#define LSTMCU_VERSION 0x000100

/** What `name` is called to the linker: several versions can be in one firmware. */
#define LSTMCU_SYMBOL(name) lstmcu_0_1_0_##name

/* generated files say by which version they were generated, and stop as well */
#if defined(LSTMCU_GENERATED_BY) && (LSTMCU_GENERATED_BY != LSTMCU_VERSION)
#error "these headers are of lstmcu 0.1.0"
#endif

#endif
