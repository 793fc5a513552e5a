/* SPDX-FileCopyrightText: 2026 lstmcu contributors
 * SPDX-License-Identifier: Apache-2.0 */
/** Intermediate values for `scons compare`: nothing at all unless LSTMCU_TRACE is defined. */
#ifndef LSTMCU_TRACE_H
#define LSTMCU_TRACE_H

#include <stdint.h>

#ifdef LSTMCU_TRACE
#include "lstmcu_version.h"
#define lstmcu_trace LSTMCU_SYMBOL(trace)
/** Take note of values (bytes); whoever defines LSTMCU_TRACE provides it. */
void lstmcu_trace(const void *values, uint32_t bytes);
#else
#define lstmcu_trace(values, bytes) ((void)0)
#endif

#endif
