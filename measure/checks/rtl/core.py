# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""A simulator of a core's Verilog: ``python -m measure.checks.rtl.core --core ibex --out build/rtl/ibex/core``."""

from __future__ import annotations

import argparse
import importlib.util
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from model.errors import UserError, run_main

HERE = Path(__file__).resolve().parent
HARNESS = "harness.cpp"


@dataclass(frozen=True)
class Verilog:
    """Where a core's Verilog is: in a Python package, below its system_verilog folder; packages come first."""

    package: str  # of PyPI
    include: tuple[str, ...]
    files: tuple[str, ...]

    @property
    def wrapper(self) -> str:
        """Our module around the core, beside this file."""
        return f"{self.package.removeprefix('pythondata_cpu_')}.sv"


_PRIM = "vendor/lowrisc_ip/ip/prim/rtl"
_IBEX = (
    "pkg alu compressed_decoder controller counter csr cs_registers decoder ex_block id_stage if_stage load_store_unit "
    "multdiv_slow multdiv_fast prefetch_buffer fetch_fifo register_file_ff wb_stage core"
)
_CV32E40P = (
    "if_stage cs_registers register_file_ff load_store_unit id_stage aligner decoder compressed_decoder fifo "
    "prefetch_buffer hwloop_regs mult int_controller ex_stage alu_div alu ff_one popcnt apu_disp controller "
    "obi_interface prefetch_controller sleep_unit core"
)
CORES = {
    "ibex": Verilog(
        "pythondata_cpu_ibex",
        ("rtl", _PRIM, "vendor/lowrisc_ip/dv/sv/dv_utils"),
        (
            *(f"{_PRIM}/prim_{name}_pkg.sv" for name in ("util", "ram_1p", "secded", "cipher")),
            *(f"rtl/ibex_{name}.sv" for name in _IBEX.split()),
        ),
    ),
    "cv32e40p": Verilog(
        "pythondata_cpu_cv32e40p",
        ("rtl/include",),
        (
            *(f"rtl/include/cv32e40p_{name}pkg.sv" for name in ("apu_core_", "fpu_", "")),
            *(f"rtl/cv32e40p_{name}.sv" for name in _CV32E40P.split()),
        ),
    ),
}
# The Verilog is its authors': its warnings are not for us.
FLAGS = ("-O3", "-CFLAGS", "-O2", "-Wno-fatal", "-Wno-lint", "-Wno-style", "-Wno-BLKANDNBLK", "+define+SYNTHESIS")


def build(core: str, out: Path) -> None:
    """Make the simulator ``out``. UserError when Verilog or Verilator is missing, or it cannot be built."""
    verilog = CORES[core]
    found = importlib.util.find_spec(verilog.package)
    if found is None or found.origin is None:
        package = verilog.package.replace("_", "-")
        raise UserError(f"the Python package {package} is not installed: run './scons rtl', which installs it")
    if shutil.which("verilator") is None:
        raise UserError("verilator was not found on PATH: install it with 'sudo apt-get install verilator'")
    with tempfile.TemporaryDirectory(prefix="lstmcu-rtl-") as name:
        work = Path(name)
        theirs, ours = work / "theirs", work / "ours"  # Verilator and make split paths, which may be any, at blanks
        theirs.symlink_to(Path(found.origin).parent / "system_verilog")
        ours.symlink_to(HERE)
        command = ["verilator", "--cc", "--exe", "--build", "--top-module", "core", "--Mdir", f"{work}/made", *FLAGS]
        command += [f"-I{theirs / folder}" for folder in verilog.include]
        command += [*(str(theirs / file) for file in verilog.files), str(ours / verilog.wrapper), str(ours / HARNESS)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            wrong = [line for line in (done.stderr + done.stdout).splitlines() if "rror" in line]
            raise UserError(f"verilator cannot build {core}: {wrong[0] if wrong else done.stderr[-300:]}")
        out.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(work / "made/Vcore", out)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="measure.checks.rtl.core", description=__doc__)
    parser.add_argument("--core", choices=CORES, required=True)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    build(arguments.core, arguments.out)


if __name__ == "__main__":
    run_main(main)
