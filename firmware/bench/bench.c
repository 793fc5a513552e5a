/* SPDX-FileCopyrightText: 2026 lstmcu contributors
 * SPDX-License-Identifier: Apache-2.0 */
/* Runs one generated model over samples of the host, one sample in memory at a time.
 *
 * In the host's working directory:
 *   inputs.bin   read: N windows of MODEL_INPUT_LENGTH elements, raw, little-endian
 *   outputs.bin  written: N outputs of MODEL_OUTPUT_LENGTH elements; of a stream's steps, each
 *                one's output in its row where the network has one a step, else the last step's
 *   bench.txt    written: samples, state_bytes, stack_bytes, stack_base as key=value lines
 *   cycles.bin   written: 32-bit words, little-endian: the core's counter (enum cycle_counter),
 *                its count of an empty call, of one of CYCLE_SPIN_INSTRUCTIONS more, of each of the
 *                model's calls
 *
 * stack_bytes is the stack of one call of MODEL_RUN (or MODEL_STEP), the deepest over all samples:
 * the bytes from SP at the call instruction down to the lowest word that the call, or anything it
 * calls, has written. What a callee reserves below its last written word is not seen. The bench's
 * own frames are not in it: stack_base is their share, from the top of the stack to that SP.
 *
 * A stream is reset before each sample; or, with MODEL_GOES_ON, before the first one only. */

#include <stddef.h>
#include <stdint.h>

#include "arch.h"
#include "cycle_counter.h"
#include "semihosting.h"

#include MODEL_BENCH_H

#ifndef MODEL_GOES_ON
#define MODEL_GOES_ON (MODEL_STEPS == 1) /* the samples are the steps of one stream */
#endif

/* From the linker script: the lowest word of the stack, and the word after its highest. */
extern uint32_t __stack_limit[], __stack_top[];

static MODEL_STATE state;
static MODEL_INPUT_TYPE input[MODEL_INPUT_LENGTH];
static MODEL_OUTPUT_TYPE output[MODEL_OUTPUT_LENGTH];

static size_t stack_bytes;
static size_t stack_base;

/* What is called and counted: the model's function, or one that does nothing like it. As nobody but
 * the reader of this variable knows which, both are called by the very same instructions. */
#if MODEL_STREAM
static int ready; /* what the last step returned */
static __typeof__(MODEL_STEP_NAME) *volatile called = MODEL_STEP_NAME;
#else
static __typeof__(MODEL_RUN_NAME) *volatile called = MODEL_RUN_NAME;
#endif

enum { CALIBRATIONS = 4, READINGS = 32 };
static uint32_t readings[READINGS]; /* of the counter, not yet written */
static size_t kept;
static int cycles_file;

__attribute__((noreturn)) static void fail(const char *sentence)
{
    (void)semihosting_write_text(semihosting_console(), "bench: ");
    (void)semihosting_write_text(semihosting_console(), sentence);
    (void)semihosting_write_text(semihosting_console(), "\n");
    semihosting_exit(1);
}

/* Paint: a value of its own for every word, so that a stored constant cannot pass for it twice. */
__attribute__((always_inline)) static inline uint32_t paint(const volatile uint32_t *word)
{
    return 0x5AC3A53Cu ^ (uint32_t)(uintptr_t)word;
}

static void write_readings(void)
{
    if (semihosting_write(cycles_file, readings, kept * sizeof readings[0]) != 0)
        fail("cannot write cycles.bin");
    kept = 0;
}

static void keep(uint32_t reading)
{
    readings[kept++] = reading;
    if (kept == READINGS)
        write_readings();
}

/* One call, with the stack below it painted before and looked over after. Never inlined, and no
 * other call in it, even unoptimised: SP is the same at painting, call and search. Returns what
 * the core's counter counted meanwhile. */
__attribute__((noinline)) static uint32_t measured_call(size_t step, size_t written)
{
    volatile uint32_t *const limit = __stack_limit;
    volatile uint32_t *const sp = (volatile uint32_t *)arch_stack_pointer();

    for (volatile uint32_t *word = limit; word < sp; word++)
        *word = paint(word);

    (void)step;
    (void)written;
    __typeof__(*called) *const function = called;
    const volatile uint32_t *const counter = cycle_counter_place;
    cycle_counter_restart();
    const uint32_t begin = cycle_counter_now(counter);
#if MODEL_STREAM
    ready = MODEL_STEP_BY(function, &state, input, step, output, written);
#else
    MODEL_RUN_BY(function, &state, input, output);
#endif
    const uint32_t end = cycle_counter_now(counter);
    const uint32_t counted = cycle_counter_between(begin, end);

    volatile uint32_t *lowest = limit;
    while (lowest < sp && *lowest == paint(lowest))
        lowest++;

    const size_t used = (size_t)(sp - lowest) * sizeof *sp;
    if (used > stack_bytes)
        stack_bytes = used;
    stack_base = (uintptr_t)__stack_top - (uintptr_t)sp;
    if (lowest == limit)
        fail("the stack is full to its last word: give the firmware more (__stack_size)");
    return counted;
}

/* The least that the counter counts around a function that does nothing with its arguments. */
static uint32_t calibrated(void (*function)(void))
{
    __typeof__(*called) *const model = called;
    uint32_t least = UINT32_MAX;
    called = (__typeof__(called))function;
    for (size_t k = 0; k < CALIBRATIONS; k++) {
        const uint32_t counted = measured_call(0, 0);
        least = counted < least ? counted : least;
    }
    called = model;
    stack_bytes = 0;
    return least;
}

static void run_sample(size_t sample)
{
#if MODEL_STREAM
    if (sample == 0 || !MODEL_GOES_ON)
        MODEL_RESET(&state);
    size_t written = 0;
    for (size_t step = 0; step < MODEL_STEPS; step++) {
        const size_t row = (written < MODEL_STEP_OUTPUTS) ? written : MODEL_STEP_OUTPUTS - 1;
        keep(measured_call(step, row));
        written += ready ? 1 : 0;
    }
    if (written != MODEL_STEP_OUTPUTS)
        fail("the steps of a window returned 1 more or less often than it has outputs");
#else
    (void)sample;
    keep(measured_call(0, 0));
#endif
}

static void write_figure(int file, const char *key, size_t value)
{
    if (semihosting_write_text(file, key) != 0 || semihosting_write_text(file, "=") != 0 ||
        semihosting_write_decimal(file, (uint32_t)value) != 0 ||
        semihosting_write_text(file, "\n") != 0)
        fail("cannot write bench.txt");
}

int main(void)
{
    const int inputs = semihosting_open("inputs.bin", SEMIHOSTING_READ);
    if (inputs < 0)
        fail("cannot open inputs.bin");
    const int outputs = semihosting_open("outputs.bin", SEMIHOSTING_WRITE);
    if (outputs < 0)
        fail("cannot open outputs.bin for writing");
    cycles_file = semihosting_open("cycles.bin", SEMIHOSTING_WRITE);
    if (cycles_file < 0)
        fail("cannot open cycles.bin for writing");

    const enum cycle_counter counter = cycle_counter_start();
    keep(counter);
    keep(counter == CYCLE_COUNTER_NONE ? 0 : calibrated(cycle_empty));
    keep(counter == CYCLE_COUNTER_NONE ? 0 : calibrated(cycle_spin));

    size_t samples = 0, got;
    while ((got = semihosting_read(inputs, input, sizeof input)) == sizeof input) {
        run_sample(samples++);
        if (semihosting_write(outputs, output, sizeof output) != 0)
            fail("cannot write outputs.bin");
    }
    if (got != 0)
        fail("the length of inputs.bin is not a whole number of windows of this model");
    if (samples == 0)
        fail("inputs.bin is empty");
    if (semihosting_close(outputs) != 0)
        fail("cannot write outputs.bin");
    write_readings();
    if (semihosting_close(cycles_file) != 0)
        fail("cannot write cycles.bin");

    const int figures = semihosting_open("bench.txt", SEMIHOSTING_WRITE);
    if (figures < 0)
        fail("cannot open bench.txt for writing");
    write_figure(figures, "samples", samples);
    write_figure(figures, "state_bytes", sizeof state);
    write_figure(figures, "stack_bytes", stack_bytes);
    write_figure(figures, "stack_base", stack_base);
    if (semihosting_close(figures) != 0)
        fail("cannot write bench.txt");
    return 0;
}
