# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""The options there are, with their defaults and help, and what the fixed ones may be. The goals are in goals/."""

from __future__ import annotations

from kernels import OPTIMIZE
from model import formats

QUANTISATIONS = formats.names()
STATES = ("window", "stream")

# option: (default, help)
OPTIONS = {
    "target": ("cortex-m4", "core to build for: a name, a list (a,b) or all"),
    "toolchain": ("", "a target of your own: the path of its .toml (docs/your-target.md), or a list"),
    "compiler": ("gcc", "gcc | clang, for targets whose file has a [clang] table"),
    "model": ("forecast", "a shipped model's name, the path of a trained model, a list (a,b), or all shipped ones"),
    "samples": ("", "windows to calibrate on and compare; default: the .npz, .npy, .csv or .wav beside the model"),
    "quant": ("", f"{' | '.join(QUANTISATIONS)}, a list, or all; default: int8, or as the file is"),
    "kernels": ("", "kernel set (asm | c | cmsis-nn), a list or all; default: the best of the target"),
    "cmsis_nn": ("", "for kernels=cmsis-nn: the folder of a CMSIS-NN you built, Include/ and libcmsis-nn.a"),
    "optimize": ("balanced", f"{' | '.join(OPTIMIZE)}, a list or all: the same bits, other tables, packing, loops"),
    "state": ("", "window: a whole window a call, from reset; stream: one time step a call, going on"),
    "cache": ("", "folder that keeps what was built, to be found again after a change and back"),
    "cache_key": ("", "for a cache= shared with others: the file of a key that only those you trust can read"),
    "ccache": ("", "1: compile through ccache; redis://host:port: and share with other machines (docs/build.md)"),
    "dest": ("", "for export: the folder or .zip to write"),
    "dir": ("", "for survey: the folder whose models are tried"),
    "flash_max": ("", "fail above these bytes of flash, 12K; so do ram_max= and stack_max="),
    "ram_max": ("", "of the state struct"),
    "stack_max": ("", "of the deepest call"),
    "instructions_max": ("", "fail above these instructions a call, 300k"),
    "cycles_max": ("", "fail above these modelled cycles a call, where the target has a timing model"),
    "budget": ("", "a .toml with such limits, by target and model"),
    "flash_wait": (
        "0",
        "wait states of flash: modelled cycles become an interval, without and with them (docs/cycles.md)",
    ),
    "flash_width": ("", "for flash_wait=: bits that one access reads, 32 (default), 64 or 128"),
    "flash_prefetch": ("", "for flash_wait=: 1 where flash reads the next line of code while one runs"),
    "code_in": ("", "for flash_wait=: ram, where the code is copied there and the weights are not; default: flash"),
    "clock": ("", "of the core, 64MHz: gives milliseconds a call where there is a timing model"),
    "period": ("", "for clock= and battery=: time between two samples, 20ms; default: as the samples' .json says"),
    "current": ("", "of the running core as its maker says, 35uA/MHz, with voltage=: gives the energy of a call"),
    "voltage": ("", "for current=: 3.0V"),
    "battery": ("", "for current=: 220mAh; gives the days in which calls alone empty it"),
    "gdb": ("", "host:port of a GDB server: the samples run on its board, whose cycles are counted (docs/board.md)"),
    "baseline": ("baseline.json", "for baseline and diff: the file that keeps the figures"),
    "timeout": ("300", "seconds of a processor a run may take, or may do nothing; that a board may be silent"),
    "verbose": ("0", "1 shows every command in full"),
}
