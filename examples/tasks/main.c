/* SPDX-FileCopyrightText: 2026 lstmcu contributors
 * SPDX-License-Identifier: Apache-2.0 */
/* Two tasks of a preemptive scheduler, each with an instance of one model and a sensor of its own.
 * Either is interrupted amid a step, again and again, while the other one computes: the state
 * struct is all the memory there is, so that neither disturbs the other. Under FreeRTOS `follow` is
 * what xTaskCreate takes. */

#include "board.h"
#include "forecast.h"
#include "tasks.h"

enum { TICK = 1000 }; /* cycles: a step of the model takes longer */

typedef struct {
    int start; /* hour of the first value */
    forecast_state state;
    int8_t output[FORECAST_OUTPUTS];
} stream;

static stream inside = {.start = 0}, outside = {.start = 12};
static task one, other;

/* The sensor: hours of a day in 24 steps, in the model's 0 .. 1. */
static float sensor(int hour)
{
    return (float)(hour % 24) / 32.0f;
}

static void follow(void *argument)
{
    stream *s = argument;
    forecast_reset(&s->state);
    for (int hour = 0; hour < FORECAST_STEPS; ++hour) {
        const int8_t now = forecast_quantise(sensor(s->start + hour));
        (void)forecast_step(&s->state, &now, s->output);
    }
}

void tasks_ended(void)
{
    for (int i = 0; i < FORECAST_OUTPUTS; ++i) {
        board_print_number(inside.output[i]);
    }
    for (int i = 0; i < FORECAST_OUTPUTS; ++i) {
        board_print_number(outside.output[i]);
    }
    board_print("interrupted:\n");
    board_print_number((int)one.ticks);
    board_print_number((int)other.ticks);
    board_end(0);
}

int main(void)
{
    tasks_add(&one, follow, &inside);
    tasks_add(&other, follow, &outside);
    tasks_run(TICK);
    return 0;
}
