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

static void print(int value)
{
    char text[8] = {0};
    char *first = text + sizeof text - 2;
    unsigned rest = value < 0 ? 0U - (unsigned)value : (unsigned)value;
    *first = '\n';
    do {
        *--first = (char)('0' + rest % 10U);
        rest /= 10U;
    } while (rest);
    if (value < 0) {
        *--first = '-';
    }
    board_print(first);
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
        print(first[i]);
    }
    for (int i = 0; i < FORECAST_OUTPUTS; ++i) {
        print(second[i]);
    }
    return 0;
}
