# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Run a bench firmware on its target, or on a board: ``python -m measure.run --target cortex-m4 --elf x.elf …``."""

from __future__ import annotations

import argparse
import dataclasses
import io
import json
import os
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from measure.cost import sizes
from measure.run import board, qemu
from measure.run.counts import UNAVAILABLE
from model.errors import UserError, run_main
from model.escape import lines
from target.description import Target, load_target


def main() -> None:
    """Parse the command line, run, and write all results or none."""
    options = _parse()
    card = json.loads(options.model.read_text())
    target = load_target(options.target)
    reason = qemu.reason_not_to_run(target, options.elf)
    result = _not_run(card, options.elf, reason) if reason else qemu.run(
        target,
        options.elf,
        _load_inputs(options.inputs),
        output_dtype=card["output"]["dtype"],
        output_shape=tuple(card["output"]["shape"]),
        function=card["function"],
        profiler=options.profiler,
        timeout=options.timeout,
    )  # fmt: skip
    files = {}
    if options.gdb:
        read = _on_board(options, target, card) if not reason or reason == qemu.NO_MACHINE else None
        files[options.board] = json.dumps(dataclasses.asdict(read.readings) if read else None).encode()
        if read:
            if told := _other_outputs(result.outputs, read.outputs):
                print(f"lstmcu: warning: {told}", file=sys.stderr)
            refusal = f"{qemu.NO_MACHINE}, and a board does not count them" if reason else result.refusal
            result = dataclasses.replace(result, outputs=read.outputs, bench=read.bench, refusal=refusal)
    files |= {options.outputs: _npy(result.outputs), options.bench: result.bench.encode()}
    if options.profile is not None:
        files[options.profile] = (result.profile_text or f"{UNAVAILABLE} {result.refusal}\n").encode()
    if result.refusal and target.qemu and not reason:
        print(f"lstmcu: warning: no instruction profile: {lines(result.refusal)}", file=sys.stderr)
    write_together(files)


def _on_board(options: argparse.Namespace, target: Target, card: dict[str, Any]) -> board.Run:
    return board.run(
        target,
        options.elf,
        _load_inputs(options.inputs),
        server=options.gdb,
        output_dtype=card["output"]["dtype"],
        output_shape=tuple(card["output"]["shape"]),
        timeout=options.timeout,
    )


def _other_outputs(emulated: NDArray[Any], board: NDArray[Any]) -> str:
    """A sentence if QEMU ran too, and computed something else: what was counted there may be another path then."""
    if not len(emulated) or np.array_equal(emulated, board, equal_nan=np.issubdtype(board.dtype, np.floating)):
        return ""
    differing = np.count_nonzero(emulated != board)
    return f"QEMU computed {differing:,} of {board.size:,} values otherwise than the board: its counts may not hold"


def _not_run(card: dict[str, Any], elf: Path, reason: str) -> qemu.Run:
    """No outputs, and of the figures only what the ELF itself tells."""
    none = np.zeros((0, *card["output"]["shape"]), card["output"]["dtype"])
    state = next(s.size for s in sizes.symbols(elf) if (s.file, s.name, s.kind) == ("bench.c", "state", "OBJECT"))
    return qemu.Run(none, f"samples=0\nstate_bytes={state}\n", None, "", b"", reason)


def write_together(files: dict[Path, bytes]) -> None:
    """Write every file beside its place, then move all into place: a failure leaves the old ones."""
    with ExitStack() as undo:
        moves: list[tuple[Path, Path]] = []
        for path, data in files.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
            temporary = Path(name)
            undo.callback(temporary.unlink, missing_ok=True)
            with os.fdopen(handle, "wb") as stream:
                stream.write(data)
            temporary.chmod(0o644)
            moves.append((temporary, path))
        for temporary, path in moves:
            temporary.replace(path)


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m measure.run", description=__doc__, allow_abbrev=False)
    parser.add_argument("--target", required=True, help="a shipped target's name, or the path of a .toml")
    parser.add_argument("--elf", required=True, type=Path, help="the bench firmware")
    parser.add_argument("--inputs", required=True, type=Path, help=".npy (N, …) in the device's input type")
    parser.add_argument("--model", required=True, type=Path, help="model.json of the generated model")
    parser.add_argument("--profiler", type=Path, help="the built profiler plugin")
    parser.add_argument("--timeout", type=float, default=120.0, metavar="SECONDS", help="default: 120")
    parser.add_argument("--gdb", default="", metavar="HOST:PORT", help="of a GDB server: outputs are its board's")
    parser.add_argument("--board", type=Path, help="written: what the board's counter said; goes with --gdb")
    parser.add_argument("--outputs", required=True, type=Path, help="written: .npy (N, *output shape)")
    parser.add_argument("--bench", required=True, type=Path, help="written: key=value lines")
    parser.add_argument("--profile", type=Path, help="written: the profile; goes with --profiler")
    options = parser.parse_args()
    if (options.profiler is None) != (options.profile is None):
        parser.error("--profiler and --profile go together")
    if bool(options.gdb) != (options.board is not None):
        parser.error("--gdb and --board go together")
    return options


def _load_inputs(path: Path) -> NDArray[Any]:
    try:
        inputs = np.load(path, allow_pickle=False)
    except (ValueError, EOFError) as error:
        raise UserError(f"{path} is not a readable .npy file: {error}") from None
    if not isinstance(inputs, np.ndarray) or inputs.ndim < 2 or len(inputs) == 0:
        raise UserError(f"{path} must hold one array (N, …) of at least one sample")
    return inputs


def _npy(array: NDArray[Any]) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array)
    return stream.getvalue()


if __name__ == "__main__":
    run_main(main)
