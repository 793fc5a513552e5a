/* SPDX-FileCopyrightText: 2026 lstmcu contributors
 * SPDX-License-Identifier: Apache-2.0 */
/* The runtime's float arithmetic by itself. "exp", "sigmoid", "tanh": stdin floats, stdout their
 * results. "vectors": stdin vectors of an int32 count and as many floats, stdout of each the scale,
 * the zero point and the quantised values. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "float_math.h"
#include "hybrid.h"

static void vectors(void)
{
    int32_t count;
    while (fread(&count, sizeof count, 1, stdin) == 1) {
        float *x = malloc((size_t)count * sizeof *x);
        int8_t *quantised = malloc((size_t)count);
        if (x == NULL || quantised == NULL || fread(x, sizeof *x, (size_t)count, stdin) == 0) {
            exit(1);
        }
        const lstmcu_range range = lstmcu_quantise_vector(x, count, quantised);
        fwrite(&range.scale, sizeof range.scale, 1, stdout);
        fwrite(&range.zero_point, sizeof range.zero_point, 1, stdout);
        fwrite(quantised, 1, (size_t)count, stdout);
        free(quantised);
        free(x);
    }
}

int main(int count, char **words)
{
    if (count != 2) {
        return 1;
    }
    if (strcmp(words[1], "vectors") == 0) {
        vectors();
        return 0;
    }
    float x;
    while (fread(&x, sizeof x, 1, stdin) == 1) {
        const float y = strcmp(words[1], "exp") == 0       ? lstmcu_exp(x)
                        : strcmp(words[1], "sigmoid") == 0 ? lstmcu_sigmoid(x)
                                                           : lstmcu_tanh(x);
        fwrite(&y, sizeof y, 1, stdout);
    }
    return 0;
}
