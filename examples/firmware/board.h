/* SPDX-FileCopyrightText: 2026 lstmcu contributors
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef BOARD_H
#define BOARD_H

/** Print a text on the debugger's console. */
void board_print(const char *text);

/** Print a number and end the line. */
void board_print_number(int value);

/** End the run; 0: all is well. */
void board_end(int status);

#endif
