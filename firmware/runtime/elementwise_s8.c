/* SPDX-FileCopyrightText: 2026 lstmcu contributors
 * SPDX-License-Identifier: Apache-2.0 */
#include "elementwise.h"

void lstmcu_look_up_s8(const int8_t *x, int8_t *y, int32_t count, const int8_t *table)
{
    for (int32_t k = 0; k < count; ++k) {
        y[k] = table[x[k] + 128];
    }
}
