/* SPDX-FileCopyrightText: 2026 lstmcu contributors
 * SPDX-License-Identifier: Apache-2.0 */
/* Files, console and exit of the host (QEMU or a debug probe), by Arm semihosting. */

#ifndef LSTMCU_BOARD_SEMIHOSTING_H
#define LSTMCU_BOARD_SEMIHOSTING_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The modes of fopen() that are used here, by their semihosting numbers. */
enum semihosting_mode { SEMIHOSTING_READ = 1 /* "rb" */, SEMIHOSTING_WRITE = 5 /* "wb" */ };

/* A file of the host, by its path from the host's working directory; -1 when it cannot open. */
int semihosting_open(const char *path, enum semihosting_mode mode);

/* The host's standard output, as a file. */
int semihosting_console(void);

/* Bytes read: fewer than asked for at the end of the file, where there are none, or when it cannot
 * be read. Servers do not agree on how long a file is (SYS_FLEN); they do on where it ends. */
size_t semihosting_read(int file, void *buffer, size_t bytes);

/* These return 0 when all was done, -1 when not. */
int semihosting_write(int file, const void *buffer, size_t bytes);
int semihosting_close(int file);

/* Text for people: a string, a decimal number, eight or sixteen hexadecimal digits. 0 or -1. */
int semihosting_write_text(int file, const char *text);
int semihosting_write_decimal(int file, uint32_t value);
int semihosting_write_hex(int file, uintptr_t value);

/* End the program; the host's process takes `code` as its exit code. */
__attribute__((noreturn)) void semihosting_exit(int code);

#ifdef __cplusplus
}
#endif

#endif
