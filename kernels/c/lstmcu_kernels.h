/* SPDX-FileCopyrightText: 2026 lstmcu contributors
 * SPDX-License-Identifier: Apache-2.0 */
/** Kernel set `c`: portable C99, one dot product a row, written to be read.
 *
 * Sizes: F inputs, H units, I dense inputs, O dense outputs. The caller owns all memory; arrays do
 * not overlap. Zero points are folded into the biases by the generator: sum W (x - zero) + b = sum
 * W x + (b - zero * sum W). */
#ifndef LSTMCU_KERNELS_H
#define LSTMCU_KERNELS_H

#include "lstmcu.h"

/* of this version alone */
#define lstmcu_lstm_s8_step LSTMCU_SYMBOL(lstm_s8_step)
#define lstmcu_lstm_s8_once LSTMCU_SYMBOL(lstm_s8_once)
#define lstmcu_dense_s8_run LSTMCU_SYMBOL(dense_s8_run)
#define lstmcu_dense_s8_add LSTMCU_SYMBOL(dense_s8_add)
#define lstmcu_dense_s8_finish LSTMCU_SYMBOL(dense_s8_finish)
#define lstmcu_lstm_s16_step LSTMCU_SYMBOL(lstm_s16_step)
#define lstmcu_lstm_s16_once LSTMCU_SYMBOL(lstm_s16_once)
#define lstmcu_dense_s16_run LSTMCU_SYMBOL(dense_s16_run)
#define lstmcu_dense_s16_add LSTMCU_SYMBOL(dense_s16_add)
#define lstmcu_dense_s16_finish LSTMCU_SYMBOL(dense_s16_finish)
#define lstmcu_lstm_f32_step LSTMCU_SYMBOL(lstm_f32_step)
#define lstmcu_lstm_f32_once LSTMCU_SYMBOL(lstm_f32_once)
#define lstmcu_dense_f32_run LSTMCU_SYMBOL(dense_f32_run)
#define lstmcu_dense_f32_add LSTMCU_SYMBOL(dense_f32_add)
#define lstmcu_dense_f32_finish LSTMCU_SYMBOL(dense_f32_finish)
#define lstmcu_lstm_dyn_step LSTMCU_SYMBOL(lstm_dyn_step)
#define lstmcu_lstm_dyn_once LSTMCU_SYMBOL(lstm_dyn_once)
#define lstmcu_dense_dyn_run LSTMCU_SYMBOL(dense_dyn_run)
#define lstmcu_dense_dyn_add LSTMCU_SYMBOL(dense_dyn_add)
#define lstmcu_dense_dyn_finish LSTMCU_SYMBOL(dense_dyn_finish)

#ifdef __cplusplus
extern "C" {
#endif

typedef struct {
    int32_t inputs;
    int32_t units;
    const int8_t *kernel;                       /* (H, 4, F) */
    const int8_t *recurrent;                    /* (H, 4, H) */
    const int32_t *kernel_bias;                 /* (H, 4) */
    const int32_t *recurrent_bias;              /* (H, 4) */
    lstmcu_scale kernel_scale[LSTMCU_GATES];    /* accumulator to Q3.12 */
    lstmcu_scale recurrent_scale[LSTMCU_GATES]; /* accumulator to Q3.12 */
    lstmcu_cell cell;
} lstmcu_lstm_s8;

/** One time step: x (F), hidden (H) and cell (H) in; hidden and cell updated; next (H) is scratch.
 */
void lstmcu_lstm_s8_step(const lstmcu_lstm_s8 *layer, const int8_t *x, int8_t *hidden,
                         int16_t *cell, int8_t *next);

/** An LSTM that runs for one step from reset: the recurrent weights and the forget gate never
 * matter. */
typedef struct {
    int32_t inputs;
    int32_t units;
    const int8_t *kernel;  /* (H, 3, F): input, candidate, output gate */
    const int32_t *bias;   /* (H, 3) */
    lstmcu_scale scale[3]; /* accumulator to Q3.12 */
    lstmcu_cell cell;
} lstmcu_lstm_once_s8;

/** The only time step: x (F) in, hidden (H) out. */
void lstmcu_lstm_s8_once(const lstmcu_lstm_once_s8 *layer, const int8_t *x, int8_t *hidden);

typedef struct {
    int32_t inputs;
    int32_t outputs;
    const int8_t *kernel;      /* (O, I) */
    const int32_t *bias;       /* (O) */
    const lstmcu_scale *scale; /* (O): accumulator to the output's scale */
    int32_t zero_point;
    int32_t low; /* output range, narrower than int8 for a fused relu */
    int32_t high;
} lstmcu_dense_s8;

/** y (O) = kernel x (I) + bias. */
void lstmcu_dense_s8_run(const lstmcu_dense_s8 *layer, const int8_t *x, int8_t *y);

/** The same over a flattened sequence, one part at a time; inputs I counts one part's.
 * Start with sums = bias, add part 0, 1, … with its own block (O, I) of the kernel, then finish. */
void lstmcu_dense_s8_add(const lstmcu_dense_s8 *layer, int32_t part, const int8_t *x,
                         int32_t *sums);
void lstmcu_dense_s8_finish(const lstmcu_dense_s8 *layer, const int32_t *sums, int8_t *y);

/* ---- int16x8: int16 inputs and states with zero point 0, int8 weights, 64-bit sums ---- */

typedef struct {
    int32_t inputs;
    int32_t units;
    const int8_t *kernel;                       /* (H, 4, F) */
    const int8_t *recurrent;                    /* (H, 4, H) */
    const int64_t *bias;                        /* (H, 4) */
    lstmcu_scale kernel_scale[LSTMCU_GATES];    /* accumulator to Q3.12 */
    lstmcu_scale recurrent_scale[LSTMCU_GATES]; /* accumulator to Q3.12 */
    lstmcu_cell cell;
} lstmcu_lstm_s16;

void lstmcu_lstm_s16_step(const lstmcu_lstm_s16 *layer, const int16_t *x, int16_t *hidden,
                          int16_t *cell, int16_t *next);

typedef struct {
    int32_t inputs;
    int32_t units;
    const int8_t *kernel;  /* (H, 3, F): input, candidate, output gate */
    const int64_t *bias;   /* (H, 3) */
    lstmcu_scale scale[3]; /* accumulator to Q3.12 */
    lstmcu_cell cell;
} lstmcu_lstm_once_s16;

void lstmcu_lstm_s16_once(const lstmcu_lstm_once_s16 *layer, const int16_t *x, int16_t *hidden);

typedef struct {
    int32_t inputs;
    int32_t outputs;
    const int8_t *kernel;      /* (O, I) */
    const int64_t *bias;       /* (O) */
    const lstmcu_scale *scale; /* (O): accumulator to the output's scale */
    int32_t low;               /* output range, narrower than int16 for a fused relu */
    int32_t high;
} lstmcu_dense_s16;

void lstmcu_dense_s16_run(const lstmcu_dense_s16 *layer, const int16_t *x, int16_t *y);
void lstmcu_dense_s16_add(const lstmcu_dense_s16 *layer, int32_t part, const int16_t *x,
                          int64_t *sums);
void lstmcu_dense_s16_finish(const lstmcu_dense_s16 *layer, const int64_t *sums, int16_t *y);

/* ---- float32 ---- */

typedef struct {
    int32_t inputs;
    int32_t units;
    const float *kernel;    /* (H, 4, F) */
    const float *recurrent; /* (H, 4, H) */
    const float *bias;      /* (H, 4) */
    float cell_limit;       /* the cell state is clamped to +- this; 0: never */
} lstmcu_lstm_f32;

/** One time step: as lstmcu_lstm_s8_step. */
void lstmcu_lstm_f32_step(const lstmcu_lstm_f32 *layer, const float *x, float *hidden, float *cell,
                          float *next);

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
void lstmcu_dense_f32_add(const lstmcu_dense_f32 *layer, int32_t part, const float *x, float *sums);
void lstmcu_dense_f32_finish(const lstmcu_dense_f32 *layer, const float *sums, float *y);

/* ---- dynamic: int8 weights, float values; each vector is quantised to int8 before it is
 * multiplied ---- */

typedef struct {
    int32_t inputs;
    int32_t units;
    const int8_t *kernel;           /* (H, 4, F) */
    const int8_t *recurrent;        /* (H, 4, H) */
    const int32_t *kernel_total;    /* (H, 4): sum of each row */
    const int32_t *recurrent_total; /* (H, 4): sum of each row */
    const float *bias;              /* (H, 4) */
    float kernel_scale[LSTMCU_GATES];
    float recurrent_scale[LSTMCU_GATES];
    float cell_limit; /* the cell state is clamped to +- this; 0: never */
} lstmcu_lstm_dyn;

/** One time step; next (H) and quantised (F + H) are scratch. */
void lstmcu_lstm_dyn_step(const lstmcu_lstm_dyn *layer, const float *x, float *hidden, float *cell,
                          float *next, int8_t *quantised);

typedef struct {
    int32_t inputs;
    int32_t units;
    const int8_t *kernel;        /* (H, 3, F): input, candidate, output gate */
    const int32_t *kernel_total; /* (H, 3): sum of each row */
    const float *bias;           /* (H, 3) */
    float scale[3];
    float cell_limit;
} lstmcu_lstm_once_dyn;

void lstmcu_lstm_dyn_once(const lstmcu_lstm_once_dyn *layer, const float *x, float *hidden,
                          int8_t *quantised);

typedef struct {
    int32_t inputs;
    int32_t outputs;
    const int8_t *kernel;        /* (O, I) */
    const int32_t *kernel_total; /* (O): sum of each row, of each part of a flattened sequence */
    const float *bias;           /* (O) */
    const float *scale;          /* (O) */
    int32_t relu;                /* 1: negative outputs become 0 */
} lstmcu_dense_dyn;

/** y (O) = kernel x (I) + bias; quantised (I) is scratch. */
void lstmcu_dense_dyn_run(const lstmcu_dense_dyn *layer, const float *x, float *y,
                          int8_t *quantised);

/** Part number `part` of a flattened sequence, quantised on its own. */
void lstmcu_dense_dyn_add(const lstmcu_dense_dyn *layer, int32_t part, const float *x, float *sums,
                          int8_t *quantised);
void lstmcu_dense_dyn_finish(const lstmcu_dense_dyn *layer, const float *sums, float *y);

#ifdef __cplusplus
}
#endif

#endif
