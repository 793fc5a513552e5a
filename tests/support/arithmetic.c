/* SPDX-FileCopyrightText: 2026 lstmcu contributors
 * SPDX-License-Identifier: Apache-2.0 */
/* The runtime's integer arithmetic by itself. stdin: triples of int32 (x, value, shift); stdout:
 * lstmcu_requantise of each. With an argument instead: all 65,536 results of sigmoid ("s") or tanh
 * at a log2 scale ("-12"), as int16. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fixed_point.h"

int main(int count, char **words)
{
    if (count == 2) {
        for (int32_t x = INT16_MIN; x <= INT16_MAX; ++x) {
            const int16_t y = strcmp(words[1], "s") == 0
                                  ? lstmcu_sigmoid16((int16_t)x)
                                  : lstmcu_tanh16((int16_t)x, atoi(words[1]));
            fwrite(&y, sizeof y, 1, stdout);
        }
        return 0;
    }
    int32_t triple[3];
    while (fread(triple, sizeof triple, 1, stdin) == 1) {
        const lstmcu_scale scale = {triple[1], triple[2]};
        const int32_t y = lstmcu_requantise(triple[0], scale);
        fwrite(&y, sizeof y, 1, stdout);
    }
    return 0;
}
