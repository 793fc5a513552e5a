/* SPDX-FileCopyrightText: 2026 lstmcu contributors
 * SPDX-License-Identifier: Apache-2.0 */
/** Kernel set `c`: portable C99, one dot product a row, written to be read.
 *
 * Sizes: F inputs, H units, I dense inputs, O dense outputs. The caller owns all memory; arrays do not overlap.
 * Zero points are folded into the biases by the generator: sum W (x - zero) + b = sum W x + (b - zero * sum W). */
#ifndef LSTMCU_KERNELS_H
#define LSTMCU_KERNELS_H

#include "lstmcu.h"

#ifdef __cplusplus
extern "C" {
#endif

/** What turns gate values into the new cell and hidden state. */
typedef struct {
    lstmcu_scale candidate; /* i * c~ (Q0.30) to the cell's scale */
    lstmcu_scale hidden;    /* o * tanh(c) (Q0.30) to the hidden state's scale */
    int32_t hidden_zero_point;
    int32_t cell_limit;      /* the cell state is clamped to +- this; 32768: never */
    int32_t cell_log2_scale; /* the cell state's scale is 2^this */
} lstmcu_cell_s8;

typedef struct {
    int32_t inputs;
    int32_t units;
    const int8_t *kernel;          /* (H, 4, F) */
    const int8_t *recurrent;       /* (H, 4, H) */
    const int32_t *kernel_bias;    /* (H, 4) */
    const int32_t *recurrent_bias; /* (H, 4) */
    lstmcu_scale kernel_scale[LSTMCU_GATES];    /* accumulator to Q3.12 */
    lstmcu_scale recurrent_scale[LSTMCU_GATES]; /* accumulator to Q3.12 */
    lstmcu_cell_s8 cell;
} lstmcu_lstm_s8;

/** One time step: x (F), hidden (H) and cell (H) in; hidden and cell updated; next (H) is scratch. */
void lstmcu_lstm_s8_step(const lstmcu_lstm_s8 *layer, const int8_t *x, int8_t *hidden, int16_t *cell,
                         int8_t *next);

/** An LSTM that runs for one step from reset: the recurrent weights and the forget gate never matter. */
typedef struct {
    int32_t inputs;
    int32_t units;
    const int8_t *kernel;     /* (H, 3, F): input, candidate, output gate */
    const int32_t *bias;      /* (H, 3) */
    lstmcu_scale scale[3];    /* accumulator to Q3.12 */
    lstmcu_cell_s8 cell;
} lstmcu_lstm_once_s8;

/** The only time step: x (F) in, hidden (H) out. */
void lstmcu_lstm_s8_once(const lstmcu_lstm_once_s8 *layer, const int8_t *x, int8_t *hidden);

typedef struct {
    int32_t inputs;
    int32_t outputs;
    const int8_t *kernel; /* (O, I) */
    const int32_t *bias;  /* (O) */
    const lstmcu_scale *scale; /* (O): accumulator to the output's scale */
    int32_t zero_point;
    int32_t low; /* output range, narrower than int8 for a fused relu */
    int32_t high;
} lstmcu_dense_s8;

/** y (O) = kernel x (I) + bias. */
void lstmcu_dense_s8_run(const lstmcu_dense_s8 *layer, const int8_t *x, int8_t *y);

/** The same over a flattened sequence, one step at a time; inputs I counts one step's.
 * Start with sums = bias, add each step's own kernel block (O, I), then finish. */
void lstmcu_dense_s8_add(const lstmcu_dense_s8 *layer, const int8_t *kernel, const int8_t *x, int32_t *sums);
void lstmcu_dense_s8_finish(const lstmcu_dense_s8 *layer, const int32_t *sums, int8_t *y);

typedef struct {
    int32_t inputs;
    int32_t units;
    const float *kernel;    /* (H, 4, F) */
    const float *recurrent; /* (H, 4, H) */
    const float *bias;      /* (H, 4) */
    float cell_limit;       /* the cell state is clamped to +- this; 0: never */
} lstmcu_lstm_f32;

/** One time step: as lstmcu_lstm_s8_step. */
void lstmcu_lstm_f32_step(const lstmcu_lstm_f32 *layer, const float *x, float *hidden, float *cell, float *next);

typedef struct {
    int32_t inputs;
    int32_t units;
    const float *kernel; /* (H, 3, F): input, candidate, output gate */
    const float *bias;   /* (H, 3) */
    float cell_limit;
} lstmcu_lstm_once_f32;

void lstmcu_lstm_f32_once(const lstmcu_lstm_once_f32 *layer, const float *x, float *hidden);

typedef struct {
    int32_t inputs;
    int32_t outputs;
    const float *kernel; /* (O, I) */
    const float *bias;   /* (O) */
    int32_t relu;        /* 1: negative outputs become 0 */
} lstmcu_dense_f32;

void lstmcu_dense_f32_run(const lstmcu_dense_f32 *layer, const float *x, float *y);
void lstmcu_dense_f32_add(const lstmcu_dense_f32 *layer, const float *kernel, const float *x, float *sums);
void lstmcu_dense_f32_finish(const lstmcu_dense_f32 *layer, const float *sums, float *y);

#ifdef __cplusplus
}
#endif

#endif
