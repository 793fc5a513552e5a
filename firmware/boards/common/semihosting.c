/* SPDX-FileCopyrightText: 2026 lstmcu contributors
 * SPDX-License-Identifier: Apache-2.0 */

#include "semihosting.h"

#include "arch.h"

/* Operations and their argument blocks: "Semihosting for AArch32 and AArch64", Arm 2020Q2. */
enum {
    SYS_OPEN = 0x01,
    SYS_CLOSE = 0x02,
    SYS_WRITE = 0x05,
    SYS_READ = 0x06,
    SYS_EXIT_EXTENDED = 0x20,
    APPLICATION_EXIT = 0x20026
};

/* The one place from where the host is called, and weak so that no compiler takes it apart: a
 * debugger that stops at its first instruction finds both arguments in their registers, and may
 * answer and return in its place. */
__attribute__((weak, noinline)) uintptr_t semihosting_call(uintptr_t operation, const void *block)
{
    return arch_semihosting_call(operation, block);
}

static size_t text_length(const char *text)
{
    size_t length = 0;
    while (text[length] != '\0')
        length++;
    return length;
}

static int open_file(const char *path, uintptr_t mode)
{
    const uintptr_t block[3] = {(uintptr_t)path, mode, text_length(path)};
    return (int)semihosting_call(SYS_OPEN, block);
}

int semihosting_open(const char *path, enum semihosting_mode mode)
{
    return open_file(path, (uintptr_t)mode);
}

int semihosting_console(void)
{
    static int console = -1;
    if (console < 0)
        console = open_file(":tt", 4); /* "w": the standard output */
    return console;
}

/* Both transfers return the number of bytes that were not transferred. */

size_t semihosting_read(int file, void *buffer, size_t bytes)
{
    const uintptr_t block[3] = {(uintptr_t)file, (uintptr_t)buffer, bytes};
    const size_t left = (size_t)semihosting_call(SYS_READ, block);
    return left <= bytes ? bytes - left : 0;
}

int semihosting_write(int file, const void *buffer, size_t bytes)
{
    const uintptr_t block[3] = {(uintptr_t)file, (uintptr_t)buffer, bytes};
    return semihosting_call(SYS_WRITE, block) == 0 ? 0 : -1;
}

int semihosting_close(int file)
{
    const uintptr_t block[1] = {(uintptr_t)file};
    return semihosting_call(SYS_CLOSE, block) == 0 ? 0 : -1;
}

int semihosting_write_text(int file, const char *text)
{
    return semihosting_write(file, text, text_length(text));
}

int semihosting_write_decimal(int file, uint32_t value)
{
    char digits[10]; /* 2^32 - 1 has ten */
    size_t first = sizeof digits;
    do {
        digits[--first] = (char)('0' + value % 10);
        value /= 10;
    } while (value != 0);
    return semihosting_write(file, digits + first, sizeof digits - first);
}

int semihosting_write_hex(int file, uintptr_t value)
{
    char digits[2 + 2 * sizeof value] = {'0', 'x'};
    for (size_t i = sizeof digits; i > 2; value >>= 4)
        digits[--i] = "0123456789abcdef"[value & 15];
    return semihosting_write(file, digits, sizeof digits);
}

void semihosting_exit(int code)
{
    const uintptr_t block[2] = {APPLICATION_EXIT, (uintptr_t)code};
    for (;;)
        (void)semihosting_call(SYS_EXIT_EXTENDED, block);
}
