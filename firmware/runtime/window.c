/* SPDX-FileCopyrightText: 2026 lstmcu contributors
 * SPDX-License-Identifier: Apache-2.0 */
#include "window.h"

#include <string.h>

int lstmcu_window_push(int16_t window[4], void *ring, const void *x, int32_t size, int32_t length,
                       int32_t stride, int32_t dilation)
{
    const int32_t phase = window[LSTMCU_WINDOW_PHASE];
    const int32_t slot = window[LSTMCU_WINDOW_SLOT];
    const int32_t first = phase * 2 * length; /* slot of the phase */
    const int32_t oldest = ((slot + 1) == length) ? 0 : (slot + 1);
    uint8_t *const to = &((uint8_t *)ring)[(first + slot) * size];
    (void)memcpy(to, x, (size_t)size);
    (void)memcpy(&to[length * size], x, (size_t)size);
    window[LSTMCU_WINDOW_START] = (int16_t)(first + oldest);
    window[LSTMCU_WINDOW_PHASE] = (int16_t)(phase + 1);
    if ((phase + 1) == dilation) {
        window[LSTMCU_WINDOW_PHASE] = 0;
        window[LSTMCU_WINDOW_SLOT] = (int16_t)oldest;
    }
    const int32_t wait = window[LSTMCU_WINDOW_WAIT];
    const int32_t next = (wait > 0) ? wait : stride;
    window[LSTMCU_WINDOW_WAIT] = (int16_t)(next - 1);
    return (wait == 0) ? 1 : 0;
}
