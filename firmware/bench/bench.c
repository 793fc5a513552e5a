/* SPDX-FileCopyrightText: 2026 lstmcu contributors
 * SPDX-License-Identifier: Apache-2.0 */
/* Runs one generated model over samples of the host, one sample in memory at a time.
 *
 * In the host's working directory:
 *   inputs.bin   read: N windows of MODEL_INPUT_LENGTH elements, raw, little-endian
 *   outputs.bin  written: N outputs of MODEL_OUTPUT_LENGTH elements; of a stream's steps, each
 * one's output in its row where the network has one a step, else the last step's bench.txt written:
 * samples, state_bytes, stack_bytes, stack_base as key=value lines
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
#if MODEL_STREAM
static int ready; /* what the last step returned */
#endif

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

/* One call, with the stack below it painted before and looked over after. Never inlined, and no
 * other call in it, even unoptimised: SP is the same at painting, call and search. */
__attribute__((noinline)) static void measured_call(size_t step, size_t written)
{
    volatile uint32_t *const limit = __stack_limit;
    volatile uint32_t *const sp = (volatile uint32_t *)arch_stack_pointer();

    for (volatile uint32_t *word = limit; word < sp; word++)
        *word = paint(word);

    (void)step;
    (void)written;
#if MODEL_STREAM
    ready = MODEL_STEP(&state, input, step, output, written);
#else
    MODEL_RUN(&state, input, output);
#endif

    volatile uint32_t *lowest = limit;
    while (lowest < sp && *lowest == paint(lowest))
        lowest++;

    const size_t used = (size_t)(sp - lowest) * sizeof *sp;
    if (used > stack_bytes)
        stack_bytes = used;
    stack_base = (uintptr_t)__stack_top - (uintptr_t)sp;
    if (lowest == limit)
        fail("the stack is full to its last word: give the firmware more (__stack_size)");
}

static void run_sample(size_t sample)
{
#if MODEL_STREAM
    if (sample == 0 || !MODEL_GOES_ON)
        MODEL_RESET(&state);
    size_t written = 0;
    for (size_t step = 0; step < MODEL_STEPS; step++) {
        const size_t row = (written < MODEL_STEP_OUTPUTS) ? written : MODEL_STEP_OUTPUTS - 1;
        measured_call(step, row);
        written += ready ? 1 : 0;
    }
    if (written != MODEL_STEP_OUTPUTS)
        fail("the steps of a window returned 1 more or less often than it has outputs");
#else
    (void)sample;
    measured_call(0, 0);
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
    const long length = semihosting_length(inputs);
    if (length <= 0)
        fail("inputs.bin is empty");
    if ((size_t)length % sizeof input != 0)
        fail("the length of inputs.bin is not a whole number of windows of this model");
    const int outputs = semihosting_open("outputs.bin", SEMIHOSTING_WRITE);
    if (outputs < 0)
        fail("cannot open outputs.bin for writing");

    const size_t samples = (size_t)length / sizeof input;
    for (size_t sample = 0; sample < samples; sample++) {
        if (semihosting_read(inputs, input, sizeof input) != 0)
            fail("cannot read inputs.bin");
        run_sample(sample);
        if (semihosting_write(outputs, output, sizeof output) != 0)
            fail("cannot write outputs.bin");
    }
    if (semihosting_close(outputs) != 0)
        fail("cannot write outputs.bin");

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
