# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Several models in one firmware under QEMU, each of a kernel set, an optimise level and a version of its own.

parts = [Part(network, inputs, "armv7em", "size"), Part(other, others, "c", "speed")]
assert Together(load_target("cortex-m4"), tmp_path).run(parts) == []
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from elftools.elf.elffile import ELFFile
from elftools.elf.relocation import RelocationSection

from kernels import named
from kernels.cmsis_nn import library as cmsis_nn
from measure.run import qemu
from model import emit, reference, store
from model.network import Network
from model.signal import Array
from target import compiler
from target.description import Target
from tests.probe import CACHED, ROOT

STACK = 8192
MODE = ("-std=c99", "-O2", "-ffunction-sections", "-fdata-sections", "-ffp-contract=off")
PROGRAM = """
#include <string.h>

#include "semihosting.h"
{includes}
static int near(const float *output, const float *expected, size_t bytes)
{{
    size_t right = 0;
    for (size_t k = 0; k < bytes / sizeof *output; ++k) {{
        const float off = output[k] - expected[k];
        right += off < 1e-5f && off > -1e-5f;
    }}
    return right == bytes / sizeof *output;
}}

static int equal(const void *output, const void *expected, size_t bytes)
{{
    return memcmp(output, expected, bytes) == 0;
}}

int main(void)
{{
    (void)near;
    (void)equal;
{calls}
    semihosting_exit(0);
}}
"""
CALL = """
    {{
        static {name}_state state;
        static const {input_type} input[] = {{{inputs}}};
        static const {output_type} expected[] = {{{expected}}};
        static {output_type} output[sizeof expected / sizeof *expected];
        for (int k = 0; k < {count}; ++k) {{
            {name}_run(&state, input + k * ({steps} * {features}), output + k * {outputs});
        }}
        if (!{same}(output, expected, sizeof expected)) {{
            (void)semihosting_write_text(semihosting_console(), "{name}\\n");
        }}
    }}
"""
C_TYPES = {"int8": "int8_t", "int16": "int16_t", "float32": "float"}


@dataclass(frozen=True)
class Part:
    """A model of the firmware, of its own name; ``tree``: the lstmcu that it comes from."""

    network: Network
    inputs: Array  # (N, T, F), stored
    kernels: str
    optimize: str = "balanced"
    tree: Path = ROOT


def version_tree(folder: Path, version: str) -> Path:
    """A copy of lstmcu, as far as generated code goes, that says it is another version."""
    folder.mkdir()
    for name in ("model", "kernels", "firmware"):
        subprocess.run(["cp", "-r", ROOT / name, folder / name], check=True)
    for path in (folder / "model/version.py", folder / "firmware/include/lstmcu_version.h"):
        major, minor, patch = map(int, version.split("."))
        text = path.read_text().replace("0.1.0", version).replace("lstmcu_0_1_0_", f"lstmcu_{major}_{minor}_{patch}_")
        path.write_text(text.replace("0x000100", f"0x{major:02x}{minor:02x}{patch:02x}"))
    return folder


def _literals(values: Array) -> str:
    return ", ".join(map(str, np.asarray(values).reshape(-1).tolist()))


@dataclass(frozen=True)
class Together:
    """A core; what parts of one version share is compiled once."""

    target: Target
    folder: Path
    cmsis: str = ""  # prefix of a CMSIS-NN
    shared: dict[Path, Path] = field(default_factory=dict)

    def compile(self, source: Path, made: Path, *words: str) -> Path:
        """One object."""
        found = compiler.find(self.target, "gcc")
        own = MODE if source.suffix == ".c" else MODE[1:]
        command = [*CACHED, found.program, *found.compile, *own, *words, "-c", str(source), "-o", str(made)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return made

    def objects(self, part: Part) -> list[Path]:
        """The model's own, its C first."""
        name = part.network.name
        folder = self.folder / name
        folder.mkdir(exist_ok=True)
        if part.tree == ROOT:
            for file, text in emit.generate(part.network, part.kernels, "window", part.optimize).items():
                (folder / file).write_text(text)
        else:
            store.save(part.network, folder / "network.npz")
            words = ["--name", name, "--kernels", part.kernels, "--state", "window", "--optimize", part.optimize]
            words += ["--out", str(folder)]
            command = [sys.executable, "-m", "model.emit", str(folder / "network.npz"), *words]
            subprocess.run(command, cwd=part.tree, check=True)
        folders = ["firmware/include", "firmware/runtime", "kernels", "kernels/c"]
        folders += [
            f"kernels/{folder}" for each in named(part.kernels.split(",")) for folder in (each.name, *each.extends)
        ]
        includes = [f"-I{folder}", *(f"-I{part.tree / each}" for each in folders), *self._library_headers()]
        sources = [folder / f"{name}.c", *folder.glob("*.S")]
        return [self.compile(source, folder / f"{source.name}.o", *includes) for source in sources]

    def _library_headers(self) -> list[str]:
        return ["-isystem", str(cmsis_nn.find(self.cmsis, self.target).include)] if self.cmsis else []

    def runtime(self, trees: Iterable[Path]) -> list[Path]:
        """The objects that the models of each version share."""
        found = []
        own = ["firmware/runtime", "kernels/c", *(["kernels/cmsis_nn"] if self.cmsis else [])]
        for number, tree in enumerate(dict.fromkeys(trees)):
            for source in [path for each in own for path in tree.glob(f"{each}/*.c")]:
                if source not in self.shared:
                    words = [f"-I{tree / name}" for name in ("firmware/include", *own)] + self._library_headers()
                    self.shared[source] = self.compile(source, self.folder / f"{number}-{source.name}.o", *words)
                found.append(self.shared[source])
        return found

    def program(self, parts: Sequence[Part]) -> list[Path]:
        """main, which says the names of the models that go wrong, and the board."""
        calls = "".join(
            CALL.format(
                name=part.network.name, count=len(part.inputs), inputs=_literals(part.inputs),
                expected=_literals(reference.run(part.network, part.inputs)),
                input_type=C_TYPES[part.network.input.dtype], output_type=C_TYPES[part.network.output.dtype],
                same="near" if part.network.output.dtype == "float32" else "equal",
                steps=part.network.input.shape[0], features=part.network.input.shape[1],
                outputs=part.network.output.size,
            )
            for part in parts
        )  # fmt: skip
        names = [part.network.name for part in parts]
        includes = "".join(f'#include "{name}.h"\n' for name in names)
        (self.folder / "main.c").write_text(PROGRAM.format(includes=includes, calls=calls))
        boards = ROOT / "firmware/boards"
        board = boards / self.target.board
        sources = [self.folder / "main.c", boards / "common/semihosting.c", *board.glob("*.[cS]")]
        words = [f"-I{boards / 'common'}", f"-I{board}", *(f"-I{self.folder / name}" for name in names)]
        return [self.compile(source, self.folder / f"own-{source.name}.o", *words) for source in sources]

    def run(self, parts: Sequence[Part], *, backwards: bool = False) -> list[str]:
        """Names of the models whose outputs are not the reference's; linked in the order given, or backwards."""
        own = [self.objects(part) for part in parts]
        return self.link(own[::-1] if backwards else own, parts)

    def link(self, own: Sequence[Sequence[Path]], parts: Sequence[Part]) -> list[str]:
        """As ``run``, of the models' objects in their order."""
        found, board = compiler.find(self.target, "gcc"), ROOT / "firmware/boards" / self.target.board
        objects = [*(path for each in own for path in each), *self.runtime(part.tree for part in parts)]
        memory = {
            "flash_origin": self.target.flash.origin, "flash_size": self.target.flash.size,
            "ram_origin": self.target.ram.origin, "ram_size": self.target.ram.size, "stack_size": STACK,
        }  # fmt: skip
        words = [found.program, *found.link, *map(str, [*objects, *self.program(parts)])]
        words += [str(cmsis_nn.find(self.cmsis, self.target).library)] if self.cmsis else []
        words += ["-Wl,--start-group", *map(str, found.libraries), "-Wl,--end-group", f"-T{board}/link.ld"]
        words += [f"-Wl,--defsym=__{what}={value:#x}" for what, value in memory.items()]
        elf = self.folder / "together.elf"
        done = subprocess.run([*words, "-o", str(elf)], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert self.target.qemu is not None
        command = [self.target.qemu.program, *qemu._machine(self.target, elf, [])]
        ran = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
        assert ran.returncode == 0, ran.stdout + ran.stderr
        return ran.stdout.split()


def assembled(folder: Path) -> list[str]:
    """The layers of a generated model that have code of their own."""
    return list(json.loads((folder / "model.json").read_text())["assembled"])


Symbols = dict[str, tuple[str, object]]  # global ones: the binding, and all that the linker would see of them


def defined(path: Path) -> Symbols:
    """What an object file defines for others: its bytes, and what they refer to."""
    with path.open("rb") as stream:
        elf = ELFFile(stream)
        table = elf.get_section_by_name(".symtab")
        assert table is not None
        relocations = {
            section["sh_info"]: section for section in elf.iter_sections() if isinstance(section, RelocationSection)
        }
        found: Symbols = {}
        for symbol in table.iter_symbols():
            place = symbol["st_shndx"]
            if symbol["st_info"]["bind"] == "STB_LOCAL" or place == "SHN_UNDEF":
                continue
            begin, size = symbol["st_value"] & ~1, symbol["st_size"]
            refers = [
                (
                    r["r_offset"] - begin,
                    r["r_info_type"],
                    table.get_symbol(r["r_info_sym"]).name,
                    r.entry.get("r_addend"),
                )
                for r in (relocations[place].iter_relocations() if place in relocations else ())
                if begin <= r["r_offset"] < begin + size
            ]
            content = elf.get_section(place).data()[begin : begin + size]
            found[symbol.name] = (symbol["st_info"]["bind"], (content, tuple(refers)))
        return found
