/* SPDX-FileCopyrightText: 2026 lstmcu contributors
 * SPDX-License-Identifier: Apache-2.0 */
/* boards/common/semihosting.h over stdio, so that the bench runs on the host itself. */

#include "semihosting.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arch.h"

/* See arch.h. On a core both names come from the linker script. */
extern uint32_t __stack_limit[1];
uint32_t __stack_limit[1];
__asm__(".globl __stack_top\n.set __stack_top, __stack_limit + 4");

enum { CONSOLE, FIRST_FILE, FILES = 8 };
static FILE *files[FILES]; /* by the file's number; the console's is not in it */

static FILE *stream(int file)
{
    return file == CONSOLE ? stdout : files[file];
}

int semihosting_open(const char *path, enum semihosting_mode mode)
{
    for (int file = FIRST_FILE; file < FILES; file++) {
        if (files[file] == NULL) {
            files[file] = fopen(path, mode == SEMIHOSTING_READ ? "rb" : "wb");
            return files[file] == NULL ? -1 : file;
        }
    }
    return -1;
}

int semihosting_console(void)
{
    return CONSOLE;
}

size_t semihosting_read(int file, void *buffer, size_t bytes)
{
    return fread(buffer, 1, bytes, stream(file));
}

int semihosting_write(int file, const void *buffer, size_t bytes)
{
    return fwrite(buffer, 1, bytes, stream(file)) == bytes ? 0 : -1;
}

int semihosting_close(int file)
{
    FILE *const f = stream(file);
    files[file] = NULL;
    return fclose(f) == 0 ? 0 : -1;
}

int semihosting_write_text(int file, const char *text)
{
    return semihosting_write(file, text, strlen(text));
}

int semihosting_write_decimal(int file, uint32_t value)
{
    return fprintf(stream(file), "%" PRIu32, value) > 0 ? 0 : -1;
}

int semihosting_write_hex(int file, uintptr_t value)
{
    return fprintf(stream(file), "0x%0*" PRIxPTR, (int)(2 * sizeof value), value) > 0 ? 0 : -1;
}

void semihosting_exit(int code)
{
    exit(code);
}
