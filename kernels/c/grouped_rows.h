/* SPDX-FileCopyrightText: 2026 lstmcu contributors
 * SPDX-License-Identifier: Apache-2.0 */
/** Where the rows of a convolution in groups begin to read. */
#ifndef LSTMCU_GROUPED_ROWS_H
#define LSTMCU_GROUPED_ROWS_H

#include <stdint.h>

/** Of the features, the first that row number `row` of `outputs` reads; it reads `width`. */
static inline int32_t first_feature(int32_t row, int32_t outputs, int32_t groups, int32_t width)
{
    return (row / (outputs / groups)) * width;
}

#endif
