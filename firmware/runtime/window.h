/* SPDX-FileCopyrightText: 2026 lstmcu contributors
 * SPDX-License-Identifier: Apache-2.0 */
/** Windows over the last vectors of a sequence, for convolutions and pooling.
 *
 * A ring holds, for each of `dilation` phases, `length` vectors in two slots each: wherever a
 * window starts, its vectors lie side by side, oldest first. Nothing is ever moved. */
#ifndef LSTMCU_WINDOW_H
#define LSTMCU_WINDOW_H

#include <stdint.h>

#include "lstmcu_version.h"

/* of this version alone */
#define lstmcu_window_push LSTMCU_SYMBOL(window_push)

#ifdef __cplusplus
extern "C" {
#endif

/** What a model keeps of a ring: the slot where the last window starts, how many vectors come
 * before the next window is complete, the next vector's slot in its phase, its phase. */
#define LSTMCU_WINDOW_START 0
#define LSTMCU_WINDOW_WAIT 1
#define LSTMCU_WINDOW_SLOT 2
#define LSTMCU_WINDOW_PHASE 3

/** Before the first vector; `wait` vectors come before the one that completes the first window. */
static inline void lstmcu_window_reset(int16_t window[4], int16_t wait)
{
    window[LSTMCU_WINDOW_START] = 0;
    window[LSTMCU_WINDOW_WAIT] = wait;
    window[LSTMCU_WINDOW_SLOT] = 0;
    window[LSTMCU_WINDOW_PHASE] = 0;
}

/** Adds the vector x of `size` bytes to a ring of 2 * length * dilation of them. Returns 1 if it
 * completes a window of `length` vectors, `dilation` apart; every `stride`-th does. */
int lstmcu_window_push(int16_t window[4], void *ring, const void *x, int32_t size, int32_t length,
                       int32_t stride, int32_t dilation);

#ifdef __cplusplus
}
#endif

#endif
