/* SPDX-FileCopyrightText: 2026 lstmcu contributors
 * SPDX-License-Identifier: Apache-2.0 */
/** Functions of an int16 as tables of 513 int16. */
#ifndef LSTMCU_TABLE16_H
#define LSTMCU_TABLE16_H

#include <stdint.h>

/** A table (513) at an int16 x, linear between its entries, which belong to 128 k - 32768. */
static inline int32_t lstmcu_table16(const int16_t *table, int32_t x)
{
    const int32_t k = 256 + (x >> 7);
    return table[k] + ((((table[k + 1] - table[k]) * (x & 127)) + 64) >> 7);
}

#endif
