# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""MISRA C:2012 by cppcheck's addon: the C has nothing but the deviations on file, and a planted violation is caught."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from measure.checks import misra
from model import emit, formats, quantise
from model.errors import UserError
from model.functions import named
from model.layers.embedding import Embedding
from model.layers.permute import Permute
from model.network import chained
from model.signal import Signal, Weights
from tests.firmware import test_lstm_functions as lstm_functions
from tests.firmware.test_cells import STRUCTURES as CELLS
from tests.firmware.test_convolutions import STRUCTURES as OVER_WINDOWS
from tests.support import convolutions, graphs, networks
from tests.support.checkout import Shared
from tests.support.compared import STRUCTURES
from tests.support.host import FIRMWARE, ROOT
from tests.support.networks import Chain

# rule: what to plant in a file of the runtime
BEGIN, END = "static int32_t planted(int32_t a)\n{\n    ", "\n}\n"
PLANTED = {
    "7.1": "int32_t lstmcu_planted(void);\nint32_t lstmcu_planted(void)\n{\n    return 017;\n}\n",
    "8.4": "int32_t lstmcu_planted(void)\n{\n    return 0;\n}\n",
    "12.1": f"{BEGIN}return a + a * 3;{END}",
    "13.4": "static int32_t planted(int32_t a)\n{\n    int32_t b;\n    if ((b = a) != 0) {\n        b = 1;\n    }\n"
            "    return b;\n}\n",
    "14.4": "static int32_t planted(int32_t a)\n{\n    int32_t b = 0;\n    if (a) {\n        b = 1;\n    }\n"
            "    return b;\n}\n",
    "15.1": f"{BEGIN}if (a > 3) {{\n        goto end;\n    }}\nend:\n    return a;{END}",
    "15.5": f"{BEGIN}if (a > 3) {{\n        return 1;\n    }}\n    return a;{END}",
    "15.6": f"{BEGIN}int32_t b = a;\n    if (a > 3)\n        b = 3;\n    return b;{END}",
    "17.2": f"{BEGIN}return (a > 3) ? planted(a - 1) : a;{END}",
    "17.7": "#include <string.h>\nstatic void planted(char *a)\n{\n    memset(a, 0, 3U);\n}\n",
    "17.8": f"{BEGIN}a += 1;\n    return a;{END}",
    "18.8": f"{BEGIN}int32_t b[a];\n    b[0] = 1;\n    return b[0];{END}",
    "19.2": "union planted {\n    float number;\n    int32_t bits;\n};\n",
    "21.3": "#include <stdlib.h>\nstatic void *planted(void)\n{\n    return malloc(4U);\n}\n",
    "20.5": "#undef INT8_MAX\n",
}  # fmt: skip


def test_nothing_but_deviations_and_none_of_them_idle(built: Shared) -> None:
    found = misra.check_firmware()
    for quantisation in ("int8", "float32"):
        root = built("target=cortex-m4", "kernels=c", f"quant={quantisation}").root
        source = root / f"build/cortex-m4/forecast/{quantisation}-c/forecast.c"
        folders = [root / name for name in ("firmware/include", "firmware/runtime", "kernels/c")]
        of_model = misra.check([source], [source.parent, *folders])
        found += [one for one in of_model if one.path in ("generated/forecast.c", "generated/forecast.h")]
    known = misra.deviations()
    assert [str(finding) for finding in misra.open_points(found, known)] == []
    assert [deviation.rule for deviation in misra.idle(found, known)] == []


SHAPES = (
    "both, flattened, relu", "both, then one backwards", "both, sequence out", "dense of every step",
    "flattened, relu, dense", "vector to sequence", "both, one step", "flattened, softmax",
)  # fmt: skip


WINDOWS = ("strides, pool, LSTM", "mean of a convolution", "flattened", "cropped out", "depthwise, pointwise")


def test_cells_and_branches_have_nothing_else(tmp_path: Path) -> None:
    """What is generated for them; their kernels are tried with the shipped models."""
    joined = graphs.drawn(8, 10, windows=True)
    real = np.random.default_rng(1).normal(0, 1, (5, *joined.given.shape)).astype(np.float32)
    made = [quantise.quantise(joined, real, name) for name in ("int8", "float32")]
    cells = ("one after another", "both ways, flattened", "mean and product", "one step")
    made += [networks.build_chain(Chain("int8", *CELLS[name], seed=7)) for name in cells]
    given = Signal((5, 2))
    random = np.random.default_rng(2)
    relu = lstm_functions.network_of(given, lstm_functions.real_lstm(random, given, 3, activation=named("relu")))
    made += [quantise.quantise(relu, lstm_functions.inputs_of(random, relu), name) for name in ("int8", "float32")]
    sources = []
    for k, network in enumerate(made):  # those of relu have their gates in assembly
        kernels = "c" if k < len(made) - 2 else "vfp,armv7em"
        for name, text in emit.generate(replace(network, name=f"net{k}"), kernels, "window").items():
            (tmp_path / name).write_text(text)
        sources.append(tmp_path / f"net{k}.c")
    folders = [tmp_path, *(ROOT / name for name in ("firmware/include", "firmware/runtime", "kernels/c"))]
    found = misra.check(sources, folders)
    assert "\n".join(map(str, misra.open_points(found, misra.deviations()))) == ""


@pytest.mark.parametrize("state", ["window", "stream"])
def test_windows_over_a_sequence_have_nothing_else(tmp_path: Path, state: str) -> None:
    names = ("kernels/c/pool", "kernels/c/grouped_f32", "kernels/c/grouped_s8", "firmware/runtime/window")
    sources = [ROOT / f"{name}.c" for name in names]
    for k, structure in enumerate(WINDOWS):
        made = convolutions.build(Chain(("int8", "float32")[k % 2], *OVER_WINDOWS[structure], seed=7))
        for name, text in emit.generate(replace(made, name=f"net{k}"), "c", state).items():
            (tmp_path / name).write_text(text)
        sources.append(tmp_path / f"net{k}.c")
    folders = [tmp_path, *(ROOT / name for name in ("firmware/include", "firmware/runtime", "kernels/c"))]
    found = [one for one in misra.check(sources, folders) if "lstmcu.h" not in one.path]  # types that others use
    assert "\n".join(map(str, misra.open_points(found, misra.deviations()))) == ""


@pytest.mark.parametrize("quantisation", formats.names())
def test_networks_of_other_shapes_have_nothing_else(tmp_path: Path, quantisation: str) -> None:
    """Strides, parts of flattened sequences and steps that run backwards, which no shipped model has all of."""
    sources = []
    for k, structure in enumerate(SHAPES):
        shape, words = STRUCTURES[structure]
        made = networks.build_chain(Chain(quantisation, shape, words, seed=7))
        network = replace(made, name=f"net{k}")
        for name, text in emit.generate(network, "c", "window").items():
            (tmp_path / name).write_text(text)
        sources.append(tmp_path / f"net{k}.c")
    text = "".join(source.read_text() for source in sources)
    assert "(t * " in text
    assert " - t) * " in text
    found = misra.check(
        sources, [tmp_path, *(ROOT / name for name in ("firmware/include", "firmware/runtime", "kernels/c"))]
    )
    of_models = [one for one in found if one.path.startswith("generated/")]
    assert of_models
    assert "\n".join(map(str, misra.open_points(of_models, misra.deviations()))) == ""


@pytest.mark.parametrize("quantisation", formats.names())
def test_tables_and_permuted_windows_have_nothing_else(tmp_path: Path, quantisation: str) -> None:
    shape, calibration = (5, 4), np.zeros((1, 5, 1), np.float32)
    table = Weights(np.ones((7, 4), np.float32))
    layers = (Embedding("words", table, Signal(shape)), Permute("turned", Signal(shape[::-1])))
    trained = chained("net", "made by a test", "0" * 64, "float32", Signal((5, 1)), layers)
    sources = [ROOT / f"kernels/c/{name}.c" for name in ("embedding", "permute")] + [tmp_path / "net.c"]
    for name, text in emit.generate(quantise.quantise(trained, calibration, quantisation), "c", "window").items():
        (tmp_path / name).write_text(text)
    folders = [tmp_path, *(ROOT / name for name in ("firmware/include", "firmware/runtime", "kernels/c"))]
    found = [one for one in misra.check(sources, folders) if "lstmcu.h" not in one.path]  # types that others use
    assert "\n".join(map(str, misra.open_points(found, misra.deviations()))) == ""


@pytest.mark.parametrize("rule", PLANTED)
def test_a_planted_violation_is_caught(tmp_path: Path, rule: str) -> None:
    """In a copy of a file of the runtime; the findings of the file itself are known."""
    path = tmp_path / "convert.c"
    shutil.copy(FIRMWARE / "runtime/convert.c", path)
    with path.open("a", encoding="utf-8") as file:
        file.write(f"\n{PLANTED[rule]}")
    found = misra.check([path], [FIRMWARE / "include", FIRMWARE / "runtime"])
    as_firmware = [replace(one, path=one.path.replace("generated", "firmware/runtime")) for one in found]
    caught = {finding.rule for finding in misra.open_points(as_firmware, misra.deviations())}
    assert rule in caught, caught


def test_a_deviation_covers_its_own_files_only() -> None:
    one = misra.Deviation("18.4", ("kernels/*",), "why")
    assert one.covers(misra.Finding("kernels/c/dot.h", 1, "18.4", ""))
    assert not one.covers(misra.Finding("firmware/runtime/cell.h", 1, "18.4", ""))
    assert not one.covers(misra.Finding("kernels/c/dot.h", 1, "18.5", ""))


def test_a_deviation_without_a_reason_is_refused(tmp_path: Path) -> None:
    (tmp_path / "deviations.toml").write_text('[[deviation]]\nrule = "1.1"\ncategory = "required"\nfiles = ["*"]\n')
    with pytest.raises(UserError, match="needs rule, category, files and reason"):
        misra.deviations(tmp_path / "deviations.toml")


def test_c_that_cannot_be_read_is_no_success(tmp_path: Path) -> None:
    (tmp_path / "broken.c").write_text("int x = ;\n")
    with pytest.raises(UserError, match="could not read the C"):
        misra.check([tmp_path / "broken.c"], [])


def test_the_goal_checks_what_is_generated(built: Shared) -> None:
    said = built("misra", "target=cortex-m4", "model=forecast-window", "kernels=c")
    done = said.build("misra", "target=cortex-m4", "model=forecast-window", "kernels=c")
    assert "nothing but" in done.out
