/* SPDX-FileCopyrightText: 2026 lstmcu contributors
 * SPDX-License-Identifier: Apache-2.0 */
/** Simple recurrent layer of kernel set `c`: hidden = tanh(kernel x + recurrent hidden + bias).
 *
 * Sizes: F inputs, H units. `_once`: one step from reset, which no recurrent weights matter to. */
#ifndef LSTMCU_SIMPLE_RNN_H
#define LSTMCU_SIMPLE_RNN_H

#include "lstmcu.h"

/* of this version alone */
#define lstmcu_simple_rnn_s8_step LSTMCU_SYMBOL(simple_rnn_s8_step)
#define lstmcu_simple_rnn_s8_once LSTMCU_SYMBOL(simple_rnn_s8_once)
#define lstmcu_simple_rnn_s16_step LSTMCU_SYMBOL(simple_rnn_s16_step)
#define lstmcu_simple_rnn_s16_once LSTMCU_SYMBOL(simple_rnn_s16_once)
#define lstmcu_simple_rnn_f32_step LSTMCU_SYMBOL(simple_rnn_f32_step)
#define lstmcu_simple_rnn_f32_once LSTMCU_SYMBOL(simple_rnn_f32_once)
#define lstmcu_simple_rnn_dyn_step LSTMCU_SYMBOL(simple_rnn_dyn_step)
#define lstmcu_simple_rnn_dyn_once LSTMCU_SYMBOL(simple_rnn_dyn_once)

#ifdef __cplusplus
extern "C" {
#endif

typedef struct {
    int32_t inputs;
    int32_t units;
    const int8_t *kernel;            /* (H, F) */
    const int8_t *recurrent;         /* (H, H) */
    const int32_t *kernel_bias;      /* (H), zero point folded in */
    const int32_t *recurrent_bias;   /* (H) */
    const uint32_t *kernel_scale;    /* (H): accumulator to gate, see row_scale */
    const uint32_t *recurrent_scale; /* (H) */
    lstmcu_scale hidden;             /* Q0.15 to the hidden state's scale */
    int32_t zero_point;              /* of the hidden state */
} lstmcu_simple_rnn_s8;

/** One time step: x (F) in, hidden (H) updated; next (H) is scratch. */
void lstmcu_simple_rnn_s8_step(const lstmcu_simple_rnn_s8 *layer, const int8_t *x, int8_t *hidden,
                               int8_t *next);

typedef struct {
    int32_t inputs;
    int32_t units;
    const int8_t *kernel;  /* (H, F) */
    const int32_t *bias;   /* (H), zero point folded in */
    const uint32_t *scale; /* (H): accumulator to gate, see row_scale */
    lstmcu_scale hidden;   /* as above */
    int32_t zero_point;
} lstmcu_simple_rnn_once_s8;

/** The only time step: x (F) in, hidden (H) out. */
void lstmcu_simple_rnn_s8_once(const lstmcu_simple_rnn_once_s8 *layer, const int8_t *x,
                               int8_t *hidden);

typedef struct {
    int32_t inputs;
    int32_t units;
    const int8_t *kernel;            /* (H, F) */
    const int8_t *recurrent;         /* (H, H) */
    const int64_t *bias;             /* (H) */
    const uint32_t *kernel_scale;    /* (H): accumulator to gate, see row_scale */
    const uint32_t *recurrent_scale; /* (H) */
    lstmcu_scale hidden;             /* Q0.15 to the hidden state's scale */
} lstmcu_simple_rnn_s16;

void lstmcu_simple_rnn_s16_step(const lstmcu_simple_rnn_s16 *layer, const int16_t *x,
                                int16_t *hidden, int16_t *next);

typedef struct {
    int32_t inputs;
    int32_t units;
    const int8_t *kernel;  /* (H, F) */
    const int64_t *bias;   /* (H) */
    const uint32_t *scale; /* (H): accumulator to gate, see row_scale */
    lstmcu_scale hidden;   /* as above */
} lstmcu_simple_rnn_once_s16;

void lstmcu_simple_rnn_s16_once(const lstmcu_simple_rnn_once_s16 *layer, const int16_t *x,
                                int16_t *hidden);

typedef struct {
    int32_t inputs;
    int32_t units;
    const float *kernel;    /* (H, F) */
    const float *recurrent; /* (H, H) */
    const float *bias;      /* (H) */
} lstmcu_simple_rnn_f32;

void lstmcu_simple_rnn_f32_step(const lstmcu_simple_rnn_f32 *layer, const float *x, float *hidden,
                                float *next);

typedef struct {
    int32_t inputs;
    int32_t units;
    const float *kernel; /* (H, F) */
    const float *bias;   /* (H) */
} lstmcu_simple_rnn_once_f32;

void lstmcu_simple_rnn_f32_once(const lstmcu_simple_rnn_once_f32 *layer, const float *x,
                                float *hidden);

/** dynamic: quantised (F + H, or F where there is no state) is scratch, too. */
typedef struct {
    int32_t inputs;
    int32_t units;
    const int8_t *kernel;           /* (H, F) */
    const int8_t *recurrent;        /* (H, H) */
    const int32_t *kernel_total;    /* (H): sum of each row */
    const int32_t *recurrent_total; /* (H): sum of each row */
    const float *bias;              /* (H) */
    const float *kernel_scale;      /* (H) */
    const float *recurrent_scale;   /* (H) */
} lstmcu_simple_rnn_dyn;

void lstmcu_simple_rnn_dyn_step(const lstmcu_simple_rnn_dyn *layer, const float *x, float *hidden,
                                float *next, int8_t *quantised);

typedef struct {
    int32_t inputs;
    int32_t units;
    const int8_t *kernel;        /* (H, F) */
    const int32_t *kernel_total; /* (H): sum of each row */
    const float *bias;           /* (H) */
    const float *scale;          /* (H) */
} lstmcu_simple_rnn_once_dyn;

void lstmcu_simple_rnn_dyn_once(const lstmcu_simple_rnn_once_dyn *layer, const float *x,
                                float *hidden, int8_t *quantised);

#ifdef __cplusplus
}
#endif

#endif
