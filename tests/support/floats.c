/* SPDX-FileCopyrightText: 2026 lstmcu contributors
 * SPDX-License-Identifier: Apache-2.0 */
/* The runtime's float arithmetic by itself. The name of a function: stdin floats,
 * stdout their results. "vectors": stdin vectors of an int32 count and as many floats, stdout of
 * each the scale, the zero point and the quantised values. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "functions_f32.h"
#include "hybrid.h"

static float elu(float x)
{
    return lstmcu_elu(x, 0.7f);
}

static float leaky_relu(float x)
{
    return lstmcu_leaky_relu(x, 0.3f);
}

static float bent_relu(float x)
{
    return lstmcu_bent_relu(x, 5.0f, 0.1f, 1.0f);
}

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

static const struct {
    const char *name;
    float (*of)(float x);
} functions[] = {
    {"exp", lstmcu_exp},
    {"decay", lstmcu_decay},
    {"sigmoid", lstmcu_sigmoid},
    {"tanh", lstmcu_tanh},
    {"relu6", lstmcu_relu6},
    {"hard_tanh", lstmcu_hard_tanh},
    {"hard_sigmoid_keras2", lstmcu_hard_sigmoid_keras2},
    {"hard_sigmoid_keras3", lstmcu_hard_sigmoid_keras3},
    {"hard_swish", lstmcu_hard_swish},
    {"softsign", lstmcu_softsign},
    {"elu", elu},
    {"leaky_relu", leaky_relu},
    {"bent_relu", bent_relu},
    {"selu", lstmcu_selu},
    {"silu", lstmcu_silu},
    {"gelu", lstmcu_gelu},
    {"gelu_tanh", lstmcu_gelu_tanh},
    {"softplus", lstmcu_softplus},
    {"exponential", lstmcu_exponential},
    {"mish", lstmcu_mish},
    {"expm1", lstmcu_expm1},
};

int main(int count, char **words)
{
    if (count != 2) {
        return 1;
    }
    if (strcmp(words[1], "vectors") == 0) {
        vectors();
        return 0;
    }
    for (size_t k = 0; k < sizeof functions / sizeof *functions; ++k) {
        if (strcmp(words[1], functions[k].name) == 0) {
            float x;
            while (fread(&x, sizeof x, 1, stdin) == 1) {
                const float y = functions[k].of(x);
                fwrite(&y, sizeof y, 1, stdout);
            }
            return 0;
        }
    }
    return 1;
}
