/* SPDX-FileCopyrightText: 2026 lstmcu contributors
 * SPDX-License-Identifier: Apache-2.0 */
/** Kernel set `cmsis-nn`: Arm's library behind the calls of this runtime; int8 and int16x8.
 *
 * Sizes: F inputs, H units, I dense inputs, O dense outputs. Zero points of inputs are folded into
 * the biases. A Dense over a flattened sequence, which the library cannot add up step by step,
 * stays with the set `c`. */
#ifndef LSTMCU_CMSIS_H
#define LSTMCU_CMSIS_H

#include "arm_nn_types.h"

#include "lstmcu_version.h"

/* of this version alone */
#define lstmcu_cmsis_lstm_s8_step LSTMCU_SYMBOL(cmsis_lstm_s8_step)
#define lstmcu_cmsis_lstm_s16_step LSTMCU_SYMBOL(cmsis_lstm_s16_step)
#define lstmcu_cmsis_lstm_s8_once LSTMCU_SYMBOL(cmsis_lstm_s8_once)
#define lstmcu_cmsis_lstm_s16_once LSTMCU_SYMBOL(cmsis_lstm_s16_once)
#define lstmcu_cmsis_dense_s8_run LSTMCU_SYMBOL(cmsis_dense_s8_run)
#define lstmcu_cmsis_dense_s16_run LSTMCU_SYMBOL(cmsis_dense_s16_run)

#ifdef __cplusplus
extern "C" {
#endif

/** One time step: x (F), hidden (H) and cell (H) in; hidden and cell updated; gates (2 H) and next
 * (H) are scratch. */
void lstmcu_cmsis_lstm_s8_step(const cmsis_nn_lstm_params *layer, const int8_t *x, int8_t *hidden,
                               int16_t *cell, int16_t *gates, int8_t *next);
void lstmcu_cmsis_lstm_s16_step(const cmsis_nn_lstm_params *layer, const int16_t *x,
                                int16_t *hidden, int16_t *cell, int16_t *gates);

/** A single step from reset: x (F) in, hidden (H) out; gates (3 H) is scratch. */
void lstmcu_cmsis_lstm_s8_once(const cmsis_nn_lstm_params *layer, const int8_t *x, int8_t *hidden,
                               int16_t *gates);
void lstmcu_cmsis_lstm_s16_once(const cmsis_nn_lstm_params *layer, const int16_t *x,
                                int16_t *hidden, int16_t *gates);

typedef struct {
    int32_t inputs;
    int32_t outputs;
    const int8_t *kernel;      /* (O, I) */
    const void *bias;          /* (O): int32, with the zero point folded in; int64 in int16x8 */
    const int32_t *multiplier; /* (O): accumulator to the output's scale; one in int16x8 */
    const int32_t *shift;
    int32_t zero_point;
    int32_t low; /* range of the output */
    int32_t high;
} lstmcu_cmsis_dense;

/** y (O) = kernel x (I) + bias. */
void lstmcu_cmsis_dense_s8_run(const lstmcu_cmsis_dense *layer, const int8_t *x, int8_t *y);
void lstmcu_cmsis_dense_s16_run(const lstmcu_cmsis_dense *layer, const int16_t *x, int16_t *y);

#ifdef __cplusplus
}
#endif

#endif
