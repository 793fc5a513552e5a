/* SPDX-FileCopyrightText: 2026 lstmcu contributors
 * SPDX-License-Identifier: Apache-2.0 */
/* Two streams of a sensor, a forecast of each: what it prints are stored values, one to a line. */

#include "board.h"
#include "forecast.h"

static forecast_state inside, outside; /* one for each stream: they know nothing of each other */

/* The sensor: hours of a day in 24 steps, in the model's 0 .. 1. */
static float sensor(int hour)
{
    return (float)(hour % 24) / 32.0f;
}

int main(void)
{
    int8_t first[FORECAST_OUTPUTS], second[FORECAST_OUTPUTS];
    forecast_reset(&inside);
    forecast_reset(&outside);
    for (int hour = 0; hour < FORECAST_STEPS; ++hour) {
        const int8_t now = forecast_quantise(sensor(hour));
        const int8_t later = forecast_quantise(sensor(hour + 12));
        (void)forecast_step(&inside, &now, first);
        (void)forecast_step(&outside, &later, second);
    }
    for (int i = 0; i < FORECAST_OUTPUTS; ++i) {
        board_print_number(first[i]);
    }
    for (int i = 0; i < FORECAST_OUTPUTS; ++i) {
        board_print_number(second[i]);
    }
    return 0;
}
