/* SPDX-FileCopyrightText: 2026 lstmcu contributors
 * SPDX-License-Identifier: Apache-2.0 */
/** A convolution whose features fall into groups: output o reads those of group o * G / O alone. A
 * depthwise convolution has as many groups as features. */
#ifndef LSTMCU_GROUPED_H
#define LSTMCU_GROUPED_H

#include "lstmcu_kernels.h"

/* of this version alone */
#define lstmcu_grouped_f32_run LSTMCU_SYMBOL(grouped_f32_run)
#define lstmcu_grouped_dyn_run LSTMCU_SYMBOL(grouped_dyn_run)
#define lstmcu_grouped_s8_run LSTMCU_SYMBOL(grouped_s8_run)
#define lstmcu_grouped_s16_run LSTMCU_SYMBOL(grouped_s16_run)

typedef struct {
    lstmcu_dense_f32 rows; /* kernel (O, K, F / G) */
    int32_t length;        /* K: vectors of a window */
    int32_t features;      /* F: of a vector */
    int32_t groups;        /* G */
} lstmcu_grouped_f32;

typedef struct {
    lstmcu_dense_dyn rows;
    int32_t length;
    int32_t features;
    int32_t groups;
} lstmcu_grouped_dyn;

typedef struct {
    lstmcu_dense_s8 rows;
    int32_t length;
    int32_t features;
    int32_t groups;
} lstmcu_grouped_s8;

typedef struct {
    lstmcu_dense_s16 rows;
    int32_t length;
    int32_t features;
    int32_t groups;
} lstmcu_grouped_s16;

/** y (O) of a window x (K, F). */
void lstmcu_grouped_f32_run(const lstmcu_grouped_f32 *layer, const float *x, float *y);

/** The same; the window is quantised as one vector (K * F) to scratch. */
void lstmcu_grouped_dyn_run(const lstmcu_grouped_dyn *layer, const float *x, float *y,
                            int8_t *quantised);

/** The same; sums (O) is scratch. */
void lstmcu_grouped_s8_run(const lstmcu_grouped_s8 *layer, const int8_t *x, int8_t *y,
                           int32_t *sums);
void lstmcu_grouped_s16_run(const lstmcu_grouped_s16 *layer, const int16_t *x, int16_t *y,
                            int64_t *sums);

#endif
