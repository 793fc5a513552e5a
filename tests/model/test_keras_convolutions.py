# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Convolutions, pools, padding and cropping against Keras 2 and 3, saved and predicted by Keras itself."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from model import readers, reference
from model.errors import UserError
from train import keras_twin

F = 4  # features of every input
# layers of one model between an input of so many steps and an LSTM: as keras.layers names them
CASES: dict[str, tuple[int, list[tuple[str, dict[str, Any]]]]] = {
    "valid": (11, [("Conv1D", {"filters": 5, "kernel_size": 3})]),
    "same, strides": (11, [("Conv1D", {"filters": 5, "kernel_size": 4, "strides": 3, "padding": "same"})]),
    "causal, dilated": (9, [("Conv1D", {"filters": 3, "kernel_size": 3, "dilation_rate": 2, "padding": "causal"})]),
    "causal, strides": (9, [("Conv1D", {"filters": 3, "kernel_size": 4, "strides": 2, "padding": "causal"})]),
    "dilated, same": (9, [("Conv1D", {"filters": 3, "kernel_size": 2, "dilation_rate": 3, "padding": "same"})]),
    "longer than its input": (3, [("Conv1D", {"filters": 3, "kernel_size": 8, "padding": "same"})]),
    "groups": (8, [("Conv1D", {"filters": 6, "kernel_size": 3, "groups": 2, "activation": "relu"})]),
    "one step": (8, [("Conv1D", {"filters": 6, "kernel_size": 1, "use_bias": False, "activation": "tanh"})]),
    "one step, strides": (8, [("Conv1D", {"filters": 6, "kernel_size": 1, "strides": 3})]),
    "depthwise": (8, [("DepthwiseConv1D", {"kernel_size": 3, "depth_multiplier": 2, "padding": "same"})]),
    "depthwise, relu": (9, [("DepthwiseConv1D", {"kernel_size": 2, "strides": 2, "activation": "relu"})]),
    "separable": (
        9, [("SeparableConv1D", {"filters": 5, "kernel_size": 3, "depth_multiplier": 2, "activation": "sigmoid"})]
    ),
    "separable, same": (9, [("SeparableConv1D", {"filters": 2, "kernel_size": 3, "strides": 2, "padding": "same"})]),
    "normalised behind": (
        9, [("Conv1D", {"filters": 4, "kernel_size": 3, "use_bias": False}), ("BatchNormalization", {}), ("ReLU", {})]
    ),
    "normalised before": (9, [("BatchNormalization", {}), ("Conv1D", {"filters": 4, "kernel_size": 3})]),
    "normalised before zeros": (
        9, [("BatchNormalization", {}), ("Conv1D", {"filters": 4, "kernel_size": 3, "padding": "same"})]
    ),
    "pools": (
        12,
        [
            ("Conv1D", {"filters": 6, "kernel_size": 3, "activation": "relu"}),
            ("MaxPooling1D", {"pool_size": 2}),
            ("AveragePooling1D", {"pool_size": 3, "strides": 1}),
        ],
    ),
    "pools over the ends": (
        9,
        [("MaxPooling1D", {"pool_size": 4, "strides": 2, "padding": "same"}),
         ("AveragePooling1D", {"pool_size": 1, "strides": 2, "padding": "same"})],
    ),
    "padding": (6, [("ZeroPadding1D", {"padding": (2, 1)}), ("Conv1D", {"filters": 3, "kernel_size": 3})]),
    "padding alone": (6, [("ZeroPadding1D", {"padding": 2}), ("ZeroPadding1D", {"padding": (0, 1)})]),
    "cropping": (9, [("Cropping1D", {"cropping": (2, 3)}), ("Conv1D", {"filters": 3, "kernel_size": 2})]),
    "mean of all": (7, [("LSTM", {"units": 3, "return_sequences": True}), ("GlobalAveragePooling1D", {})]),
    "largest of all": (
        7, [("LSTM", {"units": 3, "return_sequences": True}), ("GlobalMaxPooling1D", {"keepdims": True})]
    ),
}  # fmt: skip


def saved(keras: Any, path: Path, steps: int, words: list[tuple[str, dict[str, Any]]]) -> Any:
    """The model of these layers with random weights, in a file."""
    made = [getattr(keras.layers, kind)(**settings) for kind, settings in words]
    last = [] if any(kind == "LSTM" for kind, _ in words) else [keras.layers.LSTM(3)]
    model = keras.Sequential([keras.layers.Input((steps, F)), *made, *last])
    random = np.random.default_rng(4)
    drawn = [random.normal(0, 0.5, w.shape).astype(np.float32) for w in model.get_weights()]
    names = [weights.name for weights in model.weights]
    model.set_weights([np.abs(w) if "variance" in name else w for name, w in zip(names, drawn, strict=True)])
    model.save(path)
    return model


@pytest.mark.parametrize("ending", ["keras", "h5"])
@pytest.mark.parametrize("case", CASES)
@pytest.mark.filterwarnings("ignore")
def test_the_reference_says_what_keras_says(keras: Any, tmp_path: Path, case: str, ending: str) -> None:
    model = saved(keras, tmp_path / f"m.{ending}", *CASES[case])
    network = readers.read(tmp_path / f"m.{ending}")
    x = np.random.default_rng(5).normal(0, 2, (12, *network.input.shape)).astype(np.float32)
    np.testing.assert_allclose(reference.run(network, x), model.predict(x, verbose=0), rtol=0, atol=3e-6)


REFUSED: dict[str, tuple[int, tuple[str, dict[str, Any]]]] = {
    r"\(Conv1D\): takes 5 steps at a time, but its input has 4": (4, ("Conv1D", {"filters": 2, "kernel_size": 5})),
    r"\(Conv1D\): takes 20001 steps at a time, every 1; supported: up to 16383": (
        5, ("Conv1D", {"filters": 2, "kernel_size": 2, "dilation_rate": 20000, "padding": "causal"})
    ),
    r"\(MaxPooling1D\): takes 7 steps at a time, but its input has 4": (4, ("MaxPooling1D", {"pool_size": 7})),
    r"\(Cropping1D\): cropping=\(3, 2\) leaves nothing of 5 steps": (5, ("Cropping1D", {"cropping": (3, 2)})),
    r"\(AveragePooling1D\): padding='same' would leave a mean of fewer than 2 steps at the ends of 5": (
        5, ("AveragePooling1D", {"pool_size": 2, "padding": "same"})
    ),
    r"\(GlobalMaxPooling1D\): data_format='channels_first' is not supported; supported: channels_last; train": (
        5, ("GlobalMaxPooling1D", {"data_format": "channels_first"})
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", [case for case in CASES if case not in ("cropping", "normalised before zeros")])
@pytest.mark.filterwarnings("ignore")
def test_the_twin_that_is_converted_computes_the_same(tmp_path: Path, case: str) -> None:
    import tf_keras

    saved(tf_keras, tmp_path / "m.keras", *CASES[case])
    network = readers.read(tmp_path / "m.keras")
    keras_twin.check(network)
    x = np.random.default_rng(5).normal(0, 2, (1, *network.input.shape)).astype(np.float32)
    twin = keras_twin.build(tf_keras, network).predict(x, verbose=0)
    np.testing.assert_allclose(reference.run(network, x), twin.reshape(1, *network.output.shape), rtol=0, atol=3e-6)


def shortened(path: Path, before: int, after: int) -> None:
    """Let the input of a saved model have another number of steps, as Keras itself would not."""
    with zipfile.ZipFile(path) as archive:
        held = {name: archive.read(name) for name in archive.namelist()}
    text = held["config.json"].decode()
    assert f"[null, {before}, {F}]" in text
    held["config.json"] = text.replace(f"[null, {before}, {F}]", f"[null, {after}, {F}]").encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in held.items():
            archive.writestr(name, data)


@pytest.mark.parametrize("sentence", REFUSED)
@pytest.mark.filterwarnings("ignore")
def test_what_is_not_supported_is_refused_by_its_name(tmp_path: Path, sentence: str) -> None:
    import keras

    steps, (kind, settings) = REFUSED[sentence]
    path, sequence = tmp_path / "m.keras", keras.layers.LSTM(3, return_sequences=True)
    first = [sequence, getattr(keras.layers, kind)(**settings)]
    model = keras.Sequential([keras.layers.Input((15, F)), *(first if "Global" in kind else [*first[1:], sequence])])
    model.save(path)
    shortened(path, 15, steps)
    with pytest.raises(UserError, match=sentence):
        readers.read(path)


@pytest.mark.filterwarnings("ignore")
def test_zeros_become_a_convolutions_own_padding(tmp_path: Path) -> None:
    import keras

    saved(keras, tmp_path / "m.keras", *CASES["padding"])
    assert [layer.kind for layer in readers.read(tmp_path / "m.keras").layers] == ["conv1d", "lstm"]
