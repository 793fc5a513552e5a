// SPDX-FileCopyrightText: 2026 lstmcu contributors
// SPDX-License-Identifier: Apache-2.0
// Runs an RV32 bench firmware on a core's own hardware description and counts clock cycles:
//
//   core image.bin ORIGIN ENTRY
//
// image.bin is the memory at ORIGIN; memory answers in one cycle, code and data at the same time. The
// count of a call is from the cycle in which the instruction at ENTRY is in the decode stage to that
// in which the instruction at its return address is; one line a call goes to the standard output.
//
// Semihosting: in memory (not in the ELF) its three instructions slli, ebreak, srai, which on real
// cores need a debugger, are stores and a load at addresses that the harness answers. They lie in
// the bench, outside the measured function.

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "Vcore.h"
#include "verilated.h"

static std::vector<uint8_t> memory;
static uint32_t origin;
static uint32_t operation, result;
static std::vector<FILE *> files{nullptr};

static const uint32_t OPERATION = 0xFFFFFFF8u, BLOCK = 0xFFFFFFFCu;
static const uint32_t STUB = 0x7FFFFF80u; // where Ibex starts for boot address 0x7FFFFF00

static uint8_t *at(uint32_t address)
{
    if (address - origin >= memory.size()) {
        std::fprintf(stderr, "rtl: access outside the memory at 0x%08x\n", address);
        std::exit(1);
    }
    return &memory[address - origin];
}

static uint32_t word(uint32_t address)
{
    uint32_t value;
    if ((address & ~127u) == STUB) // lui t0, ORIGIN; jr t0; what is prefetched behind them
        return address == STUB ? origin | 0x2B7 : address == STUB + 4 ? 0x00028067 : 0x00000013;
    if (address - origin >= memory.size())
        return 0x00000013; // prefetched behind the end
    std::memcpy(&value, at(address & ~3u), 4);
    return value;
}

static uint32_t argument(uint32_t block, unsigned index)
{
    uint32_t value;
    std::memcpy(&value, at(block + 4 * index), 4);
    return value;
}

static uint32_t semihosting(uint32_t block)
{
    const uint32_t a = argument(block, 0);
    if (operation == 0x20) // SYS_EXIT_EXTENDED
        std::exit(static_cast<int>(argument(block, 1)));
    if (operation == 0x01) { // SYS_OPEN
        const std::string path(reinterpret_cast<char *>(at(a)), argument(block, 2));
        if (path.find('/') != std::string::npos)
            return UINT32_MAX; // a firmware has the folder it runs in, and nothing else of the host's
        FILE *const file = path == ":tt" ? stderr : std::fopen(path.c_str(), argument(block, 1) < 4 ? "rb" : "wb");
        if (file == nullptr)
            return UINT32_MAX;
        files.push_back(file);
        return static_cast<uint32_t>(files.size() - 1);
    }
    FILE *const file = a < files.size() ? files[a] : nullptr;
    if (file == nullptr)
        return UINT32_MAX;
    if (operation == 0x02) // SYS_CLOSE
        return static_cast<uint32_t>(std::fclose(file));
    if (operation == 0x0C) { // SYS_FLEN
        std::fseek(file, 0, SEEK_END);
        const long length = std::ftell(file);
        std::rewind(file);
        return static_cast<uint32_t>(length);
    }
    const uint32_t bytes = argument(block, 2);
    if (operation == 0x05) // SYS_WRITE
        return bytes - static_cast<uint32_t>(std::fwrite(at(argument(block, 1)), 1, bytes, file));
    if (operation == 0x06) // SYS_READ
        return bytes - static_cast<uint32_t>(std::fread(at(argument(block, 1)), 1, bytes, file));
    return UINT32_MAX;
}

static void patch_semihosting()
{
    const uint32_t call[3] = {0x01F01013, 0x00100073, 0x40705013};
    const uint32_t instead[3] = {0xFEA02C23, 0xFEB02E23, 0xFFC02503}; // sw a0, -8; sw a1, -4; lw a0, -4
    for (size_t i = 0; i + sizeof call <= memory.size(); i += 2) {
        if (std::memcmp(&memory[i], call, sizeof call) == 0)
            std::memcpy(&memory[i], instead, sizeof instead);
    }
}

static void store(uint32_t address, uint32_t value, unsigned lanes)
{
    if (address == OPERATION) {
        operation = value;
    } else if (address == BLOCK) {
        result = semihosting(value);
    } else {
        for (unsigned i = 0; i < 4; i++) {
            if (lanes & 1u << i)
                *at((address & ~3u) + i) = static_cast<uint8_t>(value >> 8 * i);
        }
    }
}

int main(int count, char **words)
{
    if (count != 4)
        return 2;
    origin = static_cast<uint32_t>(std::strtoul(words[2], nullptr, 0));
    const uint32_t entry = static_cast<uint32_t>(std::strtoul(words[3], nullptr, 0));
    FILE *const image = std::fopen(words[1], "rb");
    if (image == nullptr)
        return 2;
    for (int byte = std::fgetc(image); byte != EOF; byte = std::fgetc(image))
        memory.push_back(static_cast<uint8_t>(byte));
    std::fclose(image);
    patch_semihosting();

    Vcore core;
    core.clk = 0;
    core.rst_n = 0;
    core.eval();
    uint64_t cycle = 0, begun = 0;
    uint32_t before = 0, returning = 0; // the last two addresses in decode; the call's return address
    bool inside = false;
    for (;; cycle++) {
        core.rst_n = cycle > 4;
        core.clk = 0;
        core.eval();
        // What the core asks for in this cycle is answered in the next.
        const bool instr_req = core.instr_req, data_req = core.data_req, data_we = core.data_we;
        const uint32_t instr_addr = core.instr_addr, data_addr = core.data_addr, data_out = core.data_out;
        const unsigned data_be = core.data_be;
        if (core.decoding && core.rst_n) {
            const uint32_t pc = core.pc;
            if (!inside && pc == entry && before != entry) {
                inside = true;
                begun = cycle;
                uint16_t low;
                std::memcpy(&low, at(before), 2);
                returning = before + ((low & 3) == 3 ? 4 : 2);
            } else if (inside && pc == returning) {
                inside = false;
                std::printf("%llu\n", static_cast<unsigned long long>(cycle - begun));
                std::fflush(stdout);
            }
            before = pc;
        }
        core.clk = 1;
        core.eval();
        core.instr_valid = instr_req;
        core.instr_data = instr_req ? word(instr_addr) : 0;
        core.data_valid = data_req;
        core.data_in = 0;
        if (data_req && data_we)
            store(data_addr, data_out, data_be);
        else if (data_req)
            core.data_in = (data_addr & ~3u) == BLOCK ? result : word(data_addr);
    }
}
