/* SPDX-FileCopyrightText: 2026 lstmcu contributors
 * SPDX-License-Identifier: Apache-2.0 */
/** The int8 kernels of the set `c` under other names, for layers that the assembly cannot take. */
#define LSTMCU_PORTABLE_S8
#include "lstmcu_kernels.h"

#include "../c/dense_s8.c"
#include "../c/lstm_s8.c"

void lstmcu_portable_step(const void *layer, const int8_t *x, int8_t *hidden, int16_t *cell,
                          int8_t *scratch)
{
    lstmcu_lstm_s8_step(layer, x, hidden, cell, scratch);
}

void lstmcu_portable_once(const void *layer, const int8_t *x, int8_t *hidden, int8_t *scratch)
{
    (void)scratch;
    lstmcu_lstm_s8_once(layer, x, hidden);
}

void lstmcu_portable_run(const void *layer, const int8_t *x, int8_t *y, int8_t *scratch)
{
    (void)scratch;
    lstmcu_dense_s8_run(layer, x, y);
}

void lstmcu_portable_add(const void *layer, int32_t part, const int8_t *x, int32_t *sums,
                         int8_t *scratch)
{
    const lstmcu_dense_s8 *dense = layer;
    (void)scratch;
    lstmcu_dense_s8_add(dense, dense->kernel + part * dense->outputs * dense->inputs, x, sums);
}

void lstmcu_portable_finish(const void *layer, const int32_t *sums, int8_t *y)
{
    lstmcu_dense_s8_finish(layer, sums, y);
}
