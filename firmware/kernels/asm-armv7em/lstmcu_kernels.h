/* SPDX-FileCopyrightText: 2026 lstmcu contributors
 * SPDX-License-Identifier: Apache-2.0 */
/** Kernel set `asm` for ARMv7E-M (Cortex-M4, M7, M33): int8 in assembly, everything else from the
 * set `c`.
 *
 * A layer's code is instantiated for its own sizes and scales, in the generated <name>_kernels.S,
 * from the macros of lstm_s8.inc and dense_s8.inc. A layer whose weights do not let the layout
 * prove what the assembly assumes runs on the portable kernels (lstmcu_portable_*), with the same
 * bits. */
#ifndef LSTMCU_KERNELS_ASM_ARMV7EM_H
#define LSTMCU_KERNELS_ASM_ARMV7EM_H

/* the portable int8 kernels give way to those below, and keep working under another name */
#define lstmcu_lstm_s8 lstmcu_portable_lstm_s8
#define lstmcu_lstm_s8_step lstmcu_portable_lstm_s8_step
#define lstmcu_lstm_once_s8 lstmcu_portable_lstm_once_s8
#define lstmcu_lstm_s8_once lstmcu_portable_lstm_s8_once
#define lstmcu_dense_s8 lstmcu_portable_dense_s8
#define lstmcu_dense_s8_run lstmcu_portable_dense_s8_run
#define lstmcu_dense_s8_add lstmcu_portable_dense_s8_add
#define lstmcu_dense_s8_finish lstmcu_portable_dense_s8_finish
#include "../c/lstmcu_kernels.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The portable kernels as a layer's own code; `layer` is what they take as their first argument. */
void lstmcu_portable_step(const void *layer, const int8_t *x, int8_t *hidden, int16_t *cell,
                          int8_t *scratch);
void lstmcu_portable_once(const void *layer, const int8_t *x, int8_t *hidden, int8_t *scratch);
void lstmcu_portable_run(const void *layer, const int8_t *x, int8_t *y, int8_t *scratch);
void lstmcu_portable_add(const void *layer, int32_t part, const int8_t *x, int32_t *sums,
                         int8_t *scratch);
void lstmcu_portable_finish(const void *layer, const int32_t *sums, int8_t *y);

#ifdef __cplusplus
}
#endif

#ifndef LSTMCU_PORTABLE_S8
#undef lstmcu_lstm_s8
#undef lstmcu_lstm_s8_step
#undef lstmcu_lstm_once_s8
#undef lstmcu_lstm_s8_once
#undef lstmcu_dense_s8
#undef lstmcu_dense_s8_run
#undef lstmcu_dense_s8_add
#undef lstmcu_dense_s8_finish

#ifdef __cplusplus
extern "C" {
#endif

typedef struct {
    void (*step)(const void *weights, const int8_t *x, int8_t *hidden, int16_t *cell,
                 int8_t *scratch);
    const void *weights;
} lstmcu_lstm_s8;

/** One time step: x (F), hidden (H) and cell (H) in; hidden and cell updated; scratch of any
 * alignment. */
static inline void lstmcu_lstm_s8_step(const lstmcu_lstm_s8 *layer, const int8_t *x, int8_t *hidden,
                                       int16_t *cell, int8_t *scratch)
{
    layer->step(layer->weights, x, hidden, cell, scratch);
}

/** An LSTM that runs for one step from reset: the recurrent weights and the forget gate never
 * matter. */
typedef struct {
    void (*once)(const void *weights, const int8_t *x, int8_t *hidden, int8_t *scratch);
    const void *weights;
} lstmcu_lstm_once_s8;

static inline void lstmcu_lstm_s8_once(const lstmcu_lstm_once_s8 *layer, const int8_t *x,
                                       int8_t *hidden, int8_t *scratch)
{
    layer->once(layer->weights, x, hidden, scratch);
}

typedef struct {
    void (*run)(const void *weights, const int8_t *x, int8_t *y, int8_t *scratch);
    const void *weights;
} lstmcu_dense_s8;

/** y (O) = kernel x (I) + bias. */
static inline void lstmcu_dense_s8_run(const lstmcu_dense_s8 *layer, const int8_t *x, int8_t *y,
                                       int8_t *scratch)
{
    layer->run(layer->weights, x, y, scratch);
}

/** The same over a flattened sequence, one part at a time: start with sums = bias array, add each
 * part, finish. */
typedef struct {
    void (*add)(const void *weights, int32_t part, const int8_t *x, int32_t *sums, int8_t *scratch);
    const void *weights;
    void (*finish)(const void *scales, const int32_t *sums, int8_t *y);
    const void *scales;
} lstmcu_dense_parts_s8;

static inline void lstmcu_dense_s8_add(const lstmcu_dense_parts_s8 *layer, int32_t part,
                                       const int8_t *x, int32_t *sums, int8_t *scratch)
{
    layer->add(layer->weights, part, x, sums, scratch);
}

static inline void lstmcu_dense_s8_finish(const lstmcu_dense_parts_s8 *layer, const int32_t *sums,
                                          int8_t *y)
{
    layer->finish(layer->scales, sums, y);
}

#ifdef __cplusplus
}
#endif

#endif /* LSTMCU_PORTABLE_S8 */
#endif
