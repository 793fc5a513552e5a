# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Runs a .tflite over many windows with other people's interpreters, from a reset state each time.

tflite-micro is the oracle for int8 and int16x8 (equal bits), LiteRT the one for float32 and dynamic (a tolerance).
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from model.signal import Array

ARENA = 4 << 20  # bytes: enough for every model of the tests


def run_micro(model: bytes, *inputs: Array) -> Array:
    """Outputs (N, ...) of tflite-micro for inputs (N, ...) in the model's own input types."""
    from tflite_micro.python.tflite_micro import runtime

    interpreter = runtime.Interpreter.from_bytes(model, arena_size=ARENA)
    outputs = []
    for windows in zip(*inputs, strict=True):
        for number, window in enumerate(windows):
            interpreter.set_input(window.reshape(interpreter.get_input_details(number)["shape"]), number)
        interpreter.invoke()
        outputs.append(np.array(interpreter.get_output(0)))
        interpreter.reset()  # hidden states to their zero point, cell states to zero
    return np.stack(outputs)


class Micro:
    """tflite-micro with one model, a call at a time; inputs and outputs are vectors, whatever their shapes there."""

    def __init__(self, model: bytes) -> None:
        from tflite_micro.python.tflite_micro import runtime

        self.interpreter: Any = runtime.Interpreter.from_bytes(model, arena_size=ARENA)

    def __call__(self, inputs: list[Array], outputs: int) -> list[Array]:
        """All of them."""
        for number, values in enumerate(inputs):
            shape = self.interpreter.get_input_details(number)["shape"]
            self.interpreter.set_input(values.reshape(shape), number)
        self.interpreter.invoke()
        return [np.array(self.interpreter.get_output(number)).reshape(-1) for number in range(outputs)]


class NotRunError(Exception):
    """What tflite-micro says of a model that it does not run."""


def run_micro_apart(model: bytes, *inputs: Array) -> Array | None:
    """First outputs (N, ...) for inputs (N, ...), in a process of its own; None where tflite-micro takes it down.

    Raises ``NotRunError``."""
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder) / name for name in ("model.tflite", "inputs.npz", "outputs.npy")]
        files[0].write_bytes(model)
        np.savez(files[1], *inputs)
        command = [sys.executable, "-m", "tests.oracle.interpreters", *map(str, files)]
        done = subprocess.run(command, cwd=Path(__file__).parents[2], capture_output=True, check=False)
        if done.returncode > 0:
            raise NotRunError(done.stderr.decode())
        return np.load(files[2]) if done.returncode == 0 else None


def _litert(model: bytes) -> Any:
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    # without the default delegate: its float kernels are faster and a little different
    interpreter: Any = Interpreter(
        model_content=model,
        num_threads=1,
        experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
    )
    interpreter.allocate_tensors()
    return interpreter


def run_litert(model: bytes, *inputs: Array) -> Array:
    """Outputs (N, ...) of LiteRT, the desktop runtime, for inputs (N, ...) in the model's own input types."""
    interpreter = _litert(model)
    sources = interpreter.get_input_details()
    sink = interpreter.get_output_details()[0]["index"]
    outputs = []
    for windows in zip(*inputs, strict=True):
        interpreter.reset_all_variables()
        for source, window in zip(sources, windows, strict=True):
            interpreter.set_tensor(source["index"], window.reshape(source["shape"]))
        interpreter.invoke()
        outputs.append(np.array(interpreter.get_tensor(sink)))
    return np.stack(outputs)


def run_litert_signature(model: bytes, inputs: Array, signature: str) -> Array:
    """The same of one of several signatures; each window by an interpreter of its own, as none but the first signature
    can be reset."""
    outputs = []
    for window in inputs:
        runner = _litert(model).get_signature_runner(signature)
        (name,) = runner.get_input_details()
        (output,) = runner(**{name: window[np.newaxis]}).values()
        outputs.append(output)
    return np.stack(outputs)


def run_litert_on(model: bytes, inputs: Array, states: dict[int, int]) -> Array:
    """The same of a model that keeps a state outside: each of these inputs is given what an output was before."""
    interpreter = _litert(model)
    sources, sinks = interpreter.get_input_details(), interpreter.get_output_details()
    held = {number: np.zeros(sources[number]["shape"], np.float32) for number in states}
    (first,) = set(range(len(sources))) - set(states)
    (last,) = set(range(len(sinks))) - set(states.values())
    outputs = []
    for window in inputs:
        interpreter.set_tensor(sources[first]["index"], window[np.newaxis])
        for number, state in held.items():
            interpreter.set_tensor(sources[number]["index"], state)
        interpreter.invoke()
        outputs.append(np.array(interpreter.get_tensor(sinks[last]["index"])))
        held = {number: np.array(interpreter.get_tensor(sinks[after]["index"])) for number, after in states.items()}
    return np.stack(outputs)


if __name__ == "__main__":
    with np.load(sys.argv[2]) as held:
        given = [held[name] for name in held.files]
    np.save(sys.argv[3], run_micro(Path(sys.argv[1]).read_bytes(), *given))
