/* SPDX-FileCopyrightText: 2026 lstmcu contributors
 * SPDX-License-Identifier: Apache-2.0 */
/** The gates of one unit before their activation, of any cell: G gates, F inputs, H units.
 *
 * What a cell makes of them is generated, so that a firmware holds the functions that it uses and
 * no others. Of a single step from reset `recurrent` is NULL, and so may `hidden` be. */
#ifndef LSTMCU_GATES_H
#define LSTMCU_GATES_H

#include "hybrid.h"
#include "lstmcu.h"

/* of this version alone */
#define lstmcu_unit_gates_s8 LSTMCU_SYMBOL(unit_gates_s8)
#define lstmcu_unit_gates_s16 LSTMCU_SYMBOL(unit_gates_s16)
#define lstmcu_unit_gates_f32 LSTMCU_SYMBOL(unit_gates_f32)
#define lstmcu_unit_gates_dyn LSTMCU_SYMBOL(unit_gates_dyn)

#ifdef __cplusplus
extern "C" {
#endif

typedef struct {
    int32_t inputs;
    int32_t units;
    int32_t gates;
    const int8_t *kernel;            /* (H, G, F) */
    const int8_t *recurrent;         /* (H, G, H) */
    const int32_t *kernel_bias;      /* (H, G) */
    const int32_t *recurrent_bias;   /* (H, G) */
    const uint32_t *kernel_scale;    /* (H, G): accumulator to the gate's scale, see row_scale */
    const uint32_t *recurrent_scale; /* (H, G) */
} lstmcu_gates_s8;

/** x (F) and hidden (H) in, gate (G) out: each product is requantised and saturated on its own. */
void lstmcu_unit_gates_s8(const lstmcu_gates_s8 *layer, int32_t unit, const int8_t *x,
                          const int8_t *hidden, int16_t *gate);

typedef struct {
    int32_t inputs;
    int32_t units;
    int32_t gates;
    const int8_t *kernel;            /* (H, G, F) */
    const int8_t *recurrent;         /* (H, G, H) */
    const int64_t *bias;             /* (H, G) */
    const uint32_t *kernel_scale;    /* (H, G): accumulator to the gate's scale, see row_scale */
    const uint32_t *recurrent_scale; /* (H, G) */
} lstmcu_gates_s16;

void lstmcu_unit_gates_s16(const lstmcu_gates_s16 *layer, int32_t unit, const int16_t *x,
                           const int16_t *hidden, int16_t *gate);

typedef struct {
    int32_t inputs;
    int32_t units;
    int32_t gates;
    const float *kernel;    /* (H, G, F) */
    const float *recurrent; /* (H, G, H) */
    const float *bias;      /* (H, G) */
} lstmcu_gates_f32;

void lstmcu_unit_gates_f32(const lstmcu_gates_f32 *layer, int32_t unit, const float *x,
                           const float *hidden, float *gate);

typedef struct {
    int32_t inputs;
    int32_t units;
    int32_t gates;
    const int8_t *kernel;           /* (H, G, F) */
    const int8_t *recurrent;        /* (H, G, H) */
    const int32_t *kernel_total;    /* (H, G): sum of each row */
    const int32_t *recurrent_total; /* (H, G): sum of each row */
    const float *bias;              /* (H, G) */
    const float *kernel_scale;      /* (H, G) */
    const float *recurrent_scale;   /* (H, G) */
} lstmcu_gates_dyn;

/** quantised (F + H): x and behind it hidden; range: how each was (2). */
void lstmcu_unit_gates_dyn(const lstmcu_gates_dyn *layer, int32_t unit, const int8_t *quantised,
                           const lstmcu_range *range, float *gate);

#ifdef __cplusplus
}
#endif

#endif
