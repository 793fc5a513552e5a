# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""The frameworks side by side: ``python -m measure.pages.frameworks --peers PEERS.csv --out PAGE REPORT.json ...``.

Every figure is of measure/cost/bench/peers/peers.csv or of the reports; what is said of a framework without any has
its source.
"""

from __future__ import annotations

import argparse
import csv
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from model.errors import UserError, run_main
from model.files import write_atomically

CORE, SHAPE = "m4", "S1"
TARGET, MODEL, QUANTISATION = "cortex-m4", "forecast.keras", "int8"  # of the same shape
HUB = "https://github.com"


@dataclass(frozen=True)
class Framework:
    """A row; ``measured`` is the name in the peers' file, ``why`` what stands instead of figures."""

    name: str
    types: str
    acceleration: str
    porting: str
    operators: str
    language: str
    lstm: str
    measured: str = ""


FRAMEWORKS = (
    Framework(
        "CMSIS-NN", "int8, int16, float16, float32", "Arm DSP, Helium", "kernels only: the calls are yours to write",
        "layers of convolutional and recurrent nets", "C", "yes", "s8 CMSIS-NN",
    ),
    Framework(
        "tflite-micro", "int8, int16x8, float32", "CMSIS-NN, Xtensa and others",
        "an interpreter to build with its own make, and an arena to size", "many", "C++17", "yes", "tflite-micro+cmsis",
    ),
    Framework(
        "NNoM", "int8 with scales of powers of two", "CMSIS-NN for convolutions", "a library and a generated header",
        "medium", "C", "yes", "NNoM",
    ),
    Framework(
        "TinyMaix", "int8, fp8, fp16, float32", "Arm DSP, Helium, NEON, RISC-V P and V",
        "one header an instruction set", "few", "C",
        "no: [asked for in March 2023]"
        f"({HUB}/sipeed/TinyMaix/issues/64), open",
    ),
    Framework(
        "tinyengine", "int8, float32", "Arm DSP",
        "[Cortex-M4 and M7 only, September 2022]"
        f"({HUB}/mit-han-lab/tinyengine/issues/1)",
        "few", "C, generated",
        "no: [operators, November 2026]"
        f"({HUB}/mit-han-lab/tinyengine/tree/main/code_generator/operators)",
    ),
    Framework(
        "microTVM", "int8, float32", "CMSIS-NN", f"[removed from TVM]({HUB}/apache/tvm/pull/17554)", "medium",
        "C, generated", "not maintained",
    ),
    Framework(
        "NCNN", "int8, bf16, fp16, float32", "NEON, x86, RISC-V V and others", "for phones and computers", "many",
        "C++",
        f"yes, [weights in int8 since May 2024]({HUB}/Tencent/ncnn/pull/5435); not for microcontrollers",
    ),
    Framework(
        "libonnx", "as the ONNX file", "none", "a library and the file", "medium", "C",
        "no: [its function is empty, commit 11a4eef]"
        f"({HUB}/xboot/libonnx/blob/11a4eef0f2a637b28a6b70e8d1e110ca7147b9d6/src/default/LSTM.c)",
    ),
    Framework(
        "MegCC", "int8, fp16, float32", "NEON, RISC-V V", "generated C; bare metal too", "medium", "C, generated",
        f"no: [bare-metal kernels, November 2026]({HUB}/MegEngine/MegCC/tree/main/compiler/lib/KernelGen/BareMetal)",
    ),
)  # fmt: skip
OWN = Framework(
    "lstmcu", "int8, int16x8, dynamic, float32", "[own assembly](kernels.md)", "a folder of C",
    "those of recurrent nets", "C99, generated", "yes",
)  # fmt: skip

HEAD = """<!-- SPDX-FileCopyrightText: 2026 lstmcu contributors -->
<!-- SPDX-License-Identifier: Apache-2.0 -->
# Compared with others

Regenerate with `./scons docs`; a test checks that this page is current. The figures are of one network, Input(32, 1),
LSTM(32), Dense(16), in int8 on a Cortex-M4: code and constants without weights, RAM without input and output,
instructions of one window, exact under QEMU. The others' are in `measure/cost/bench/peers`, with how they were
measured; of several builds the fastest in int8 is shown. Where a framework has no LSTM, there is nothing to measure,
and the page it can be seen on is named.

"""
TAIL = """
## Which one when

* You have images, or a network that changes on the device: tflite-micro interprets almost anything, and
  CMSIS-NN is what makes it fast.
* You write every call yourself and want Arm's kernels below it: CMSIS-NN.
* You have a recurrent network, with what stands around it in one dimension, and want it small, fast and exact: here.

The arithmetic of `int8` and `int16x8` here is tflite-micro's, bit for bit, so going from one to the other changes no
output. NNoM's is another: its scales are powers of two.

All shapes, cores and options, by `./scons bench`: the same comparison, as ratios to the fastest peer.
"""


def fastest(peers: Sequence[dict[str, str]], name: str) -> dict[str, str]:
    """The row of ``name`` with the fewest instructions."""
    rows = [row for row in peers if (row["shape"], row["core"], row["peer"]) == (SHAPE, CORE, name)]
    if not rows:
        raise UserError(f"the peers' file has no row {SHAPE}, {name}, {CORE}")
    return min(rows, key=lambda row: int(row["insn_per_inference"]))


def _line(framework: Framework, figures: Sequence[int]) -> str:
    told = [f"{figure:,}" for figure in figures] or ["-"] * 3
    about = (framework.types, framework.acceleration, framework.porting, framework.operators, framework.language)
    return f"| {' | '.join((framework.name, framework.lstm, *told, *about))} |"


def page(reports: Sequence[dict[str, Any]], peers: Sequence[dict[str, str]]) -> str:
    """The whole page."""
    own = [
        report for report in reports
        if (report["target"], report["model"]["source"], report["quantisation"]) == (TARGET, MODEL, QUANTISATION)
    ]  # fmt: skip
    if len(own) != 1:
        raise UserError(f"the comparison needs one build of {MODEL} for {TARGET} in {QUANTISATION}, not {len(own)}")
    flash = own[0]["flash"]
    measured = ("LSTM", "code, bytes", "RAM, bytes", "instructions")
    titles = ("", *measured, "data types", "acceleration", "porting", "operators", "language")
    lines = [f"| {' | '.join(titles)} |", f"|---|---|{'---:|' * 3}{'---|' * 5}"]
    lines.append(_line(OWN, (flash["code"] + flash["tables"], own[0]["ram"]["total"], own[0]["instructions"])))
    for framework in FRAMEWORKS:
        row = fastest(peers, framework.measured) if framework.measured else None
        keys = ("flash_code_const", "ram_static_scratch", "insn_per_inference")
        lines.append(_line(framework, [int(row[key]) for key in keys] if row else ()))
    return HEAD + "\n".join(lines) + "\n" + TAIL


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="measure.pages.frameworks", description=__doc__)
    for name in ("peers", "out"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("reports", type=Path, nargs="+")
    arguments = parser.parse_args()
    with arguments.peers.open(newline="") as file:
        peers = list(csv.DictReader(file))
    reports = [json.loads(path.read_text()) for path in arguments.reports]
    write_atomically(arguments.out, page(reports, peers))


if __name__ == "__main__":
    run_main(main)
