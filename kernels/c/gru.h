/* SPDX-FileCopyrightText: 2026 lstmcu contributors
 * SPDX-License-Identifier: Apache-2.0 */
/** GRU of kernel set `c`. Sizes: F inputs, H units; gates z, r, h (update, reset, candidate).
 *
 * `_step`: r multiplies the hidden state's share of the candidate (Keras's reset_after, PyTorch);
 * `_step_before`: r multiplies the hidden state, before the product; `_once`: one step from reset,
 * which no recurrent weights matter to. Zero points are folded into the biases. */
#ifndef LSTMCU_GRU_H
#define LSTMCU_GRU_H

#include "lstmcu.h"

/* of this version alone */
#define lstmcu_gru_s8_step LSTMCU_SYMBOL(gru_s8_step)
#define lstmcu_gru_s8_step_before LSTMCU_SYMBOL(gru_s8_step_before)
#define lstmcu_gru_s8_once LSTMCU_SYMBOL(gru_s8_once)
#define lstmcu_gru_s16_step LSTMCU_SYMBOL(gru_s16_step)
#define lstmcu_gru_s16_step_before LSTMCU_SYMBOL(gru_s16_step_before)
#define lstmcu_gru_s16_once LSTMCU_SYMBOL(gru_s16_once)
#define lstmcu_gru_f32_step LSTMCU_SYMBOL(gru_f32_step)
#define lstmcu_gru_f32_step_before LSTMCU_SYMBOL(gru_f32_step_before)
#define lstmcu_gru_f32_once LSTMCU_SYMBOL(gru_f32_once)
#define lstmcu_gru_dyn_step LSTMCU_SYMBOL(gru_dyn_step)
#define lstmcu_gru_dyn_step_before LSTMCU_SYMBOL(gru_dyn_step_before)
#define lstmcu_gru_dyn_once LSTMCU_SYMBOL(gru_dyn_once)

#ifdef __cplusplus
extern "C" {
#endif

typedef struct {
    int32_t inputs;
    int32_t units;
    const int8_t *kernel;            /* (H, 3, F) */
    const int8_t *recurrent;         /* (H, 3, H) */
    const int32_t *kernel_bias;      /* (H, 3) */
    const int32_t *recurrent_bias;   /* (H, 3) */
    const uint32_t *kernel_scale;    /* (H, 3): accumulator to gate, see row_scale */
    const uint32_t *recurrent_scale; /* (H, 3) */
    lstmcu_scale candidate;          /* (1 - z) * h~ (Q0.30) to the memory's scale */
    lstmcu_scale reset;              /* r * memory to the hidden state's scale */
    lstmcu_scale hidden;             /* memory to the hidden state's scale */
    int32_t zero_point;              /* of the hidden state */
} lstmcu_gru_s8;

/** One time step: x (F) in, hidden (H) and the memory (H) that it is a view of updated; the rest is
 * scratch: next (H), or reset (H) and gates (H, 2). */
void lstmcu_gru_s8_step(const lstmcu_gru_s8 *layer, const int8_t *x, int8_t *hidden,
                        int16_t *memory, int8_t *next);
void lstmcu_gru_s8_step_before(const lstmcu_gru_s8 *layer, const int8_t *x, int8_t *hidden,
                               int16_t *memory, int8_t *reset, int16_t *gates);

typedef struct {
    int32_t inputs;
    int32_t units;
    const int8_t *kernel;   /* (H, 3, F) */
    const int32_t *bias;    /* (H, 3) */
    const uint32_t *scale;  /* (H, 3): accumulator to gate, see row_scale */
    const int16_t *share;   /* (H): the hidden state's of the candidate, Q3.12 */
    lstmcu_scale candidate; /* as above */
    lstmcu_scale hidden;
    int32_t zero_point;
} lstmcu_gru_once_s8;

/** The only time step: x (F) in, hidden (H) out. */
void lstmcu_gru_s8_once(const lstmcu_gru_once_s8 *layer, const int8_t *x, int8_t *hidden);

/* ---- int16x8: the hidden state is its own memory ---- */

typedef struct {
    int32_t inputs;
    int32_t units;
    const int8_t *kernel;            /* (H, 3, F) */
    const int8_t *recurrent;         /* (H, 3, H) */
    const int64_t *bias;             /* (H, 3) */
    const uint32_t *kernel_scale;    /* (H, 3): accumulator to gate, see row_scale */
    const uint32_t *recurrent_scale; /* (H, 3) */
    const int64_t *recurrent_bias;   /* (H): of the candidate, `_step` only */
    lstmcu_scale candidate;          /* (1 - z) * h~ (Q0.30) to the hidden state's scale */
} lstmcu_gru_s16;

void lstmcu_gru_s16_step(const lstmcu_gru_s16 *layer, const int16_t *x, int16_t *hidden,
                         int16_t *next);
void lstmcu_gru_s16_step_before(const lstmcu_gru_s16 *layer, const int16_t *x, int16_t *hidden,
                                int16_t *reset, int16_t *gates);

typedef struct {
    int32_t inputs;
    int32_t units;
    const int8_t *kernel;  /* (H, 3, F) */
    const int64_t *bias;   /* (H, 3) */
    const uint32_t *scale; /* (H, 3): accumulator to gate, see row_scale */
    const int16_t *share;  /* (H): the hidden state's of the candidate, Q3.12 */
    lstmcu_scale candidate;
} lstmcu_gru_once_s16;

void lstmcu_gru_s16_once(const lstmcu_gru_once_s16 *layer, const int16_t *x, int16_t *hidden);

/* ---- float32 ---- */

typedef struct {
    int32_t inputs;
    int32_t units;
    const float *kernel;         /* (H, 3, F) */
    const float *recurrent;      /* (H, 3, H) */
    const float *bias;           /* (H, 3) */
    const float *recurrent_bias; /* (H): of the candidate, `_step` only */
} lstmcu_gru_f32;

void lstmcu_gru_f32_step(const lstmcu_gru_f32 *layer, const float *x, float *hidden, float *next);
void lstmcu_gru_f32_step_before(const lstmcu_gru_f32 *layer, const float *x, float *hidden,
                                float *reset, float *gates);

typedef struct {
    int32_t inputs;
    int32_t units;
    const float *kernel; /* (H, 3, F) */
    const float *bias;   /* (H, 3) */
    const float *share;  /* (H): the hidden state's of the candidate */
} lstmcu_gru_once_f32;

void lstmcu_gru_f32_once(const lstmcu_gru_once_f32 *layer, const float *x, float *hidden);

/* ---- dynamic: quantised (F + H, or F where there is no state) is scratch, too ---- */

typedef struct {
    int32_t inputs;
    int32_t units;
    const int8_t *kernel;           /* (H, 3, F) */
    const int8_t *recurrent;        /* (H, 3, H) */
    const int32_t *kernel_total;    /* (H, 3): sum of each row */
    const int32_t *recurrent_total; /* (H, 3): sum of each row */
    const float *bias;              /* (H, 3) */
    const float *kernel_scale;      /* (H, 3) */
    const float *recurrent_scale;   /* (H, 3) */
    const float *recurrent_bias;    /* (H): of the candidate, `_step` only */
} lstmcu_gru_dyn;

void lstmcu_gru_dyn_step(const lstmcu_gru_dyn *layer, const float *x, float *hidden, float *next,
                         int8_t *quantised);
void lstmcu_gru_dyn_step_before(const lstmcu_gru_dyn *layer, const float *x, float *hidden,
                                float *reset, float *gates, int8_t *quantised);

typedef struct {
    int32_t inputs;
    int32_t units;
    const int8_t *kernel;        /* (H, 3, F) */
    const int32_t *kernel_total; /* (H, 3): sum of each row */
    const float *bias;           /* (H, 3) */
    const float *scale;          /* (H, 3) */
    const float *share;          /* (H): the hidden state's of the candidate */
} lstmcu_gru_once_dyn;

void lstmcu_gru_dyn_once(const lstmcu_gru_once_dyn *layer, const float *x, float *hidden,
                         int8_t *quantised);

#ifdef __cplusplus
}
#endif

#endif
