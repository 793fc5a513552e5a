/* SPDX-FileCopyrightText: 2026 lstmcu contributors
 * SPDX-License-Identifier: Apache-2.0 */
/* Writes every intermediate value to trace.bin in the host's working directory, in the order of
 * computation. */

#include "trace.h"

#include "semihosting.h"

#ifdef LSTMCU_TRACE
void lstmcu_trace(const void *values, uint32_t bytes)
{
    static int file = -1;
    if (file < 0) {
        file = semihosting_open("trace.bin", SEMIHOSTING_WRITE);
    }
    if (file < 0 || semihosting_write(file, values, bytes) != 0) {
        (void)semihosting_write_text(semihosting_console(), "bench: cannot write trace.bin\n");
        semihosting_exit(1);
    }
}
#endif
