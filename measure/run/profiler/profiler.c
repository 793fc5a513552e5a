/* SPDX-FileCopyrightText: 2026 lstmcu contributors
 * SPDX-License-Identifier: Apache-2.0 */
/* A QEMU plugin that counts, exactly, what one function and everything it calls execute. It knows
 * no instruction set: decoding and timing are done offline, over the text it writes.
 *
 *   -plugin libprofiler.so,entry=0x…,stack_low=0x…,stack_high=0x…,flash_low=0x…,flash_high=0x…,
 *           out=profile.txt
 *
 * A call begins where a block that starts at `entry` executes, and ends where control reaches the
 * end of the block executed just before: the return address. (So a veneer or a tail jump must not
 * stand between call and entry; a call that never returns is an error, told at exit.)
 *
 * The file, all sums over all calls, addresses without a Thumb bit, instructions ascending:
 *
 *   calls N
 *   instructions MIN MAX TOTAL          of a call
 *   stack BYTES                         from stack_high down to the lowest address stored to in
 *                                       [stack_low, stack_high) during a call; 0: none
 *   insn 0xADDR SIZE COUNT TAKEN NOT_TAKEN LOADS STORES FLASH
 *
 * TAKEN and NOT_TAKEN are of the instruction as the last of a block: the next block was elsewhere,
 * or right behind it. For a branch their sum is COUNT (a branch to the next instruction is "not
 * taken"); for any other instruction they say nothing. LOADS and STORES are memory accesses as QEMU
 * makes them: one for each register of a load-multiple; FLASH those of LOADS that are from
 * [flash_low, flash_high). On Arm an instruction in an IT block counts even where its condition
 * fails. */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugin_api.h"

int qemu_plugin_version = PLUGIN_API_VERSION;

/* One guest instruction, shared by all blocks that hold it. */
struct instruction {
    struct instruction *next; /* in its bucket */
    struct block *blocks;     /* those that start here */
    uint64_t address;
    size_t size; /* bytes */
    uint64_t count, taken, not_taken;
    uint64_t loads, stores, flash;
};

/* One translation block. Every execution leaves it once, so its count is taken + not_taken. */
struct block {
    struct block *next; /* with the same start */
    uint64_t start;
    uint64_t end; /* the address after it */
    uint64_t taken, not_taken;
    size_t length; /* instructions */
    struct instruction *instructions[];
};

enum { BUCKETS = 1 << 14 };
static struct instruction *buckets[BUCKETS];
static size_t known; /* instructions in all buckets */

static struct {
    uint64_t entry, stack_low, stack_high, flash_low, flash_high;
    char out[4096];
} options;

static struct {
    bool inside;
    uint64_t return_address;
    const struct block *caller; /* the block before entry, while outside: any last block */
    struct block *block;        /* the last block of the call */
    uint64_t instructions;      /* of this call */
    uint64_t calls, least, most, total;
    uint64_t lowest_store;
} run;

static void *allocate(size_t bytes)
{
    void *memory = calloc(1, bytes);
    if (memory == NULL) {
        fputs("profiler: out of memory\n", stderr);
        exit(1);
    }
    return memory;
}

static struct instruction *instruction_at(uint64_t address, size_t size)
{
    struct instruction **link = &buckets[address / 2 % BUCKETS];
    for (; *link != NULL; link = &(*link)->next) {
        if ((*link)->address == address)
            return *link;
    }
    *link = allocate(sizeof **link);
    (*link)->address = address;
    (*link)->size = size;
    known++;
    return *link;
}

/* QEMU may translate the same code again; the counts then go on in the same place. */
static struct block *block_of(const struct qemu_plugin_tb *tb)
{
    const size_t length = qemu_plugin_tb_n_insns(tb);
    struct block *block = allocate(sizeof *block + length * sizeof block->instructions[0]);
    for (size_t i = 0; i < length; i++) {
        const struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
        const uint64_t address = qemu_plugin_insn_vaddr(insn);
        const size_t size = qemu_plugin_insn_size(insn);
        block->instructions[i] = instruction_at(address, size);
        block->end = address + size;
    }
    block->start = block->instructions[0]->address;
    block->length = length;
    struct block **link = &block->instructions[0]->blocks;
    for (; *link != NULL; link = &(*link)->next) {
        if ((*link)->length == length) {
            free(block);
            return *link;
        }
    }
    *link = block;
    return block;
}

static void begin_call(void)
{
    run.inside = true;
    run.return_address = run.caller != NULL ? run.caller->end : UINT64_MAX;
    run.instructions = 0;
}

static void end_call(void)
{
    run.inside = false;
    if (run.calls == 0 || run.instructions < run.least)
        run.least = run.instructions;
    if (run.instructions > run.most)
        run.most = run.instructions;
    run.total += run.instructions;
    run.calls++;
}

static void on_block(unsigned int cpu, void *data)
{
    struct block *block = data;
    (void)cpu;
    if (run.inside) {
        if (block->start == run.block->end)
            run.block->not_taken++;
        else
            run.block->taken++;
        if (block->start == run.return_address)
            end_call();
    } else if (block->start == options.entry) {
        begin_call();
    }
    if (run.inside) {
        run.block = block;
        run.instructions += block->length;
    } else {
        run.caller = block;
    }
}

static void on_access(unsigned int cpu, qemu_plugin_meminfo_t info, uint64_t address, void *data)
{
    struct instruction *instruction = data;
    (void)cpu;
    if (!run.inside)
        return;
    if (!qemu_plugin_mem_is_store(info)) {
        instruction->loads++;
        if (address >= options.flash_low && address < options.flash_high)
            instruction->flash++;
        return;
    }
    instruction->stores++;
    if (address < run.lowest_store && address >= options.stack_low)
        run.lowest_store = address;
}

static void on_translation(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
    struct block *block = block_of(tb);
    (void)id;
    qemu_plugin_register_vcpu_tb_exec_cb(tb, on_block, QEMU_PLUGIN_CB_NO_REGS, block);
    for (size_t i = 0; i < block->length; i++) {
        /* Costs nothing for an instruction that touches no memory. RW: the filter of QEMU 7.2
         * mistakes loads for stores. */
        qemu_plugin_register_vcpu_mem_cb(qemu_plugin_tb_get_insn(tb, i), on_access,
                                         QEMU_PLUGIN_CB_NO_REGS, QEMU_PLUGIN_MEM_RW,
                                         block->instructions[i]);
    }
}

/* Spread the counts of the blocks that start at `first` over their instructions. */
static void spread(const struct instruction *first)
{
    for (const struct block *block = first->blocks; block != NULL; block = block->next) {
        struct instruction *last = block->instructions[block->length - 1];
        for (size_t i = 0; i < block->length; i++)
            block->instructions[i]->count += block->taken + block->not_taken;
        last->taken += block->taken;
        last->not_taken += block->not_taken;
    }
}

static int by_address(const void *left, const void *right)
{
    const struct instruction *const *a = left;
    const struct instruction *const *b = right;
    return ((*a)->address > (*b)->address) - ((*a)->address < (*b)->address);
}

static void write_profile(FILE *file)
{
    struct instruction **all = allocate((known + 1) * sizeof *all);
    size_t n = 0;
    for (size_t bucket = 0; bucket < BUCKETS; bucket++) {
        for (struct instruction *i = buckets[bucket]; i != NULL; i = i->next) {
            spread(i);
            all[n++] = i;
        }
    }
    qsort(all, n, sizeof *all, by_address);

    fprintf(file, "calls %" PRIu64 "\n", run.calls);
    fprintf(file, "instructions %" PRIu64 " %" PRIu64 " %" PRIu64 "\n", run.least, run.most,
            run.total);
    fprintf(file, "stack %" PRIu64 "\n", options.stack_high - run.lowest_store);
    for (size_t i = 0; i < n; i++) {
        if (all[i]->count != 0)
            fprintf(file,
                    "insn 0x%08" PRIx64 " %zu %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64
                    " %" PRIu64 " %" PRIu64 "\n",
                    all[i]->address, all[i]->size, all[i]->count, all[i]->taken, all[i]->not_taken,
                    all[i]->loads, all[i]->stores, all[i]->flash);
    }
    free(all);
}

static void on_exit_of_qemu(qemu_plugin_id_t id, void *data)
{
    (void)id;
    (void)data;
    if (run.inside) {
        fprintf(stderr, "profiler: the call of 0x%" PRIx64 " did not return to 0x%" PRIx64 "\n",
                options.entry, run.return_address);
        return;
    }
    FILE *file = fopen(options.out, "w");
    if (file != NULL) {
        write_profile(file);
        const bool failed = ferror(file) != 0;
        if (fclose(file) == 0 && !failed)
            return;
        remove(options.out);
    }
    fprintf(stderr, "profiler: cannot write %s\n", options.out);
}

/* key=0x… into *value; false when the argument is another or not a number. */
static bool take_number(const char *argument, const char *key, uint64_t *value)
{
    const size_t length = strlen(key);
    char *end;
    if (strncmp(argument, key, length) != 0 || argument[length] != '=')
        return false;
    *value = strtoull(argument + length + 1, &end, 0);
    return end != argument + length + 1 && *end == '\0';
}

static bool take_out(const char *argument)
{
    if (strncmp(argument, "out=", 4) != 0 || strlen(argument + 4) >= sizeof options.out)
        return false;
    strcpy(options.out, argument + 4);
    return true;
}

int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t *info, int argc, char **argv)
{
    if (PLUGIN_API_VERSION < info->version.min || PLUGIN_API_VERSION > info->version.cur) {
        fprintf(stderr, "profiler: made for plugin API version %d, this QEMU has %d to %d\n",
                PLUGIN_API_VERSION, info->version.min, info->version.cur);
        return -1;
    }
    if (!info->system_emulation || info->system.smp_vcpus != 1) {
        fputs("profiler: needs system emulation of a single CPU\n", stderr);
        return -1;
    }
    for (int i = 0; i < argc; i++) {
        if (!take_number(argv[i], "entry", &options.entry) &&
            !take_number(argv[i], "stack_low", &options.stack_low) &&
            !take_number(argv[i], "stack_high", &options.stack_high) &&
            !take_number(argv[i], "flash_low", &options.flash_low) &&
            !take_number(argv[i], "flash_high", &options.flash_high) && !take_out(argv[i])) {
            fprintf(stderr, "profiler: cannot use the argument %s\n", argv[i]);
            return -1;
        }
    }
    if (options.out[0] == '\0') {
        fputs("profiler: out= is missing\n", stderr);
        return -1;
    }
    run.lowest_store = options.stack_high; /* a store above it is none of the stack's */
    qemu_plugin_register_vcpu_tb_trans_cb(id, on_translation);
    qemu_plugin_register_atexit_cb(id, on_exit_of_qemu, NULL);
    return 0;
}
