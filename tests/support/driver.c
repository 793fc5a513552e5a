/* SPDX-FileCopyrightText: 2026 lstmcu contributors
 * SPDX-License-Identifier: Apache-2.0 */
/* Runs a generated model in every way its API allows, in buffers of exactly the sizes it states, so
 * that the address sanitizer sees every access beyond them. All memory starts as garbage that
 * differs from run to run.
 *
 * inputs.bin (N windows) -> run.bin: N outputs of _run, all on one state
 *                        -> steps.bin: for every step one byte, what _step returned, and its output
 * vector; windows one after the other, each after a reset
 *                        -> twice.bin: the same of two instances that take turns, sample k in one,
 * k + 1 in the other, only the first one's written
 *                        -> on.bin: the same of one stream, reset before the first window only
 *
 * STATE_GUARDS(X), where the state was given guards, is X(guard) for each: no access may touch
 * them. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include MODEL_BENCH_H

#ifdef STATE_GUARDS
#include <sanitizer/asan_interface.h>
#endif

typedef MODEL_INPUT_TYPE in_t;
typedef MODEL_OUTPUT_TYPE out_t;

enum {
    WINDOW = MODEL_INPUT_LENGTH * sizeof(in_t),
    OUTPUT = MODEL_OUTPUT_LENGTH * sizeof(out_t),
    FEATURES = MODEL_INPUT_LENGTH / MODEL_STEPS
};

static void require(int truth, const char *what)
{
    if (!truth) {
        fprintf(stderr, "driver: %s\n", what);
        exit(1);
    }
}

static void *garbage(size_t bytes, unsigned value)
{
    void *memory = malloc(bytes);
    require(memory != NULL, "no memory");
    memset(memory, (int)(value & 0xFFU), bytes);
    return memory;
}

#ifdef STATE_GUARDS
#define FORBID(guard) __asan_poison_memory_region(state->guard, sizeof state->guard);
#endif

static MODEL_STATE *new_state(unsigned value)
{
    MODEL_STATE *state = garbage(sizeof *state, value);
#ifdef STATE_GUARDS
    STATE_GUARDS(FORBID)
#endif
    return state;
}

static FILE *open_file(const char *name, const char *mode)
{
    FILE *file = fopen(name, mode);
    require(file != NULL, name);
    return file;
}

static void put(FILE *file, const void *data, size_t bytes)
{
    require(fwrite(data, 1, bytes, file) == bytes, "cannot write");
}

static void run_all(const unsigned char *windows, size_t count)
{
    FILE *file = open_file("run.bin", "wb");
    MODEL_STATE *state = new_state(0xA5);
    for (size_t k = 0; k < count; ++k) {
        in_t *input = garbage(WINDOW, 0);
        memcpy(input, windows + k * WINDOW, WINDOW);
        out_t *first = garbage(OUTPUT, 0x55), *second = garbage(OUTPUT, 0xAA);
        MODEL_RUN(state, input, first);
        MODEL_RUN(state, input,
                  second); /* equal: nothing of the state survives, every element is written */
        require(memcmp(first, second, OUTPUT) == 0, "a second run differs from the first");
        require(memcmp(input, windows + k * WINDOW, WINDOW) == 0, "the input was written to");
        put(file, first, OUTPUT);
        free(second);
        free(first);
        free(input);
    }
    free(state);
    fclose(file);
}

#ifdef MODEL_STEP
static void step(FILE *file, MODEL_STATE *state, const in_t *window, size_t t)
{
#if MODEL_INPUTS == 1
    in_t *input = garbage(FEATURES * sizeof(in_t), 0);
    memcpy(input, window + t * FEATURES, FEATURES * sizeof(in_t));
    t = 0;
#else
    in_t *input = garbage(WINDOW, 0);
    memcpy(input, window, WINDOW);
#endif
    out_t *output = garbage(STEP_OUTPUT_LENGTH * sizeof(out_t), 0x33);
    out_t *untouched = garbage(STEP_OUTPUT_LENGTH * sizeof(out_t), 0x33);
    const int ready = MODEL_STEP(state, input, t, output, 0);
    require(ready == 0 || ready == 1, "a step returned neither 0 nor 1");
    require(ready || memcmp(output, untouched, STEP_OUTPUT_LENGTH * sizeof(out_t)) == 0,
            "a step wrote an output and said it did not");
    if (file != NULL) {
        const unsigned char byte = (unsigned char)ready;
        put(file, &byte, 1);
        put(file, output, STEP_OUTPUT_LENGTH * sizeof(out_t));
    }
    free(untouched);
    free(output);
    free(input);
}

static void step_all(const unsigned char *windows, size_t count, const char *name, int twice,
                     int on)
{
    FILE *file = open_file(name, "wb");
    MODEL_STATE *state = new_state(0x5A), *other = new_state(0xC3);
    in_t *mine = garbage(WINDOW, 0), *others = garbage(WINDOW, 0);
    for (size_t k = 0; k < count; ++k) {
        memcpy(mine, windows + k * WINDOW, WINDOW);
        memcpy(others, windows + (k + 1) % count * WINDOW, WINDOW);
        if (k == 0 || !on)
            MODEL_RESET(state);
        MODEL_RESET(other);
        for (size_t t = 0; t < MODEL_STEPS; ++t) {
            step(file, state, mine, t);
            if (twice)
                step(NULL, other, others, t);
        }
        /* the next reset comes in the middle of a window */
        for (size_t t = 1; t < MODEL_STEPS && !on; t += 2)
            step(NULL, state, others, t);
    }
    free(others);
    free(mine);
    free(other);
    free(state);
    fclose(file);
}
#endif

int main(void)
{
    FILE *file = open_file("inputs.bin", "rb");
    require(fseek(file, 0, SEEK_END) == 0, "cannot seek");
    const long length = ftell(file);
    require(length > 0 && (size_t)length % WINDOW == 0, "inputs.bin holds no whole windows");
    rewind(file);
    unsigned char *windows = garbage((size_t)length, 0);
    require(fread(windows, 1, (size_t)length, file) == (size_t)length, "cannot read");
    fclose(file);

    const size_t count = (size_t)length / WINDOW;
    run_all(windows, count);
#ifdef MODEL_STEP
    step_all(windows, count, "steps.bin", 0, 0);
    step_all(windows, count, "twice.bin", 1, 0);
    step_all(windows, count, "on.bin", 0, 1);
#endif
    free(windows);
    printf("%zu\n", sizeof(MODEL_STATE));
    return 0;
}
