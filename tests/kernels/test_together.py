# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Models, kernel sets, optimise levels and versions of lstmcu in one firmware: none takes what is another's."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from kernels import OPTIMIZE, all_sets
from model import formats, quantise, reference
from model.network import Network
from model.signal import Array
from model.version import VERSION
from target import compiler
from target.description import Target
from tests.probe import CORES, ROOT
from tests.support import networks
from tests.support.networks import Chain, Spec
from tests.support.together import Part, Symbols, Together, assembled, defined, version_tree

OWN = f"lstmcu_{VERSION.replace('.', '_')}_"
# a core, and the sets whose instructions it has
TOGETHER = {
    "cortex-m0": ("c", "armv6m"),
    "cortex-m4": ("c", "armv6m", "armv7m", "armv7em", "vfp"),
    "cortex-m55": ("c", "armv6m", "armv7m", "armv7em", "helium", "helium_f32", "vfp"),
    "rv32imafcv": ("c", "rv32im", "rvv"),
}
FIRST = Spec(5, 3, (7, 4), True, True, ((6, "relu"), (3, "linear")), (False, False), True, False, False, 5)
SECOND = Spec(4, 9, (6,), False, False, ((5, "linear"),), (True,), True, False, True, 8)
FLOATS = replace(FIRST, integer=False, dense=((4, "relu"),))


def named(spec: Spec, name: str) -> tuple[Network, Array]:
    """The network of a spec under a name, and what it runs on."""
    return replace(networks.build(spec), name=name), networks.inputs_of(spec, 3)


def parts_of(target: str, tree: Path = ROOT, prefix: str = "m") -> Iterator[Part]:
    """Two models of every set at every level, one more of int16x8, of dynamic; of a set for floats one of those."""
    for kernels in TOGETHER[target]:
        floats = not all_sets()[kernels].covers_format("s8")
        for optimize in OPTIMIZE:
            for number, spec in enumerate((FLOATS,) if floats else (FIRST, SECOND)):
                name = f"{prefix}_{kernels}_{optimize}_{number}"
                yield Part(*named(spec, name), kernels, optimize, tree)
            for format in ("int16x8", "dynamic"):
                if all_sets()[kernels].covers_format(formats.named(format).suffix):
                    yield Part(*calm(f"{prefix}_{kernels}_{optimize}_{format}", 0, format), kernels, optimize, tree)


def test_every_set_is_there() -> None:
    assert {kernels for sets in TOGETHER.values() for kernels in sets} == set(all_sets()) - {"cmsis_nn"}


def same_or_apart(models: Sequence[tuple[str, Sequence[Path]]]) -> int:
    """How many symbols models have in common: each weak, of lstmcu's version, and of the same content."""
    seen: Symbols = {}
    common = 0
    for name, objects in models:
        for path in objects:
            for symbol, (bind, content) in defined(path).items():
                assert symbol.startswith((f"{name}_", OWN)), f"{path.name} defines {symbol}"
                if symbol in seen:
                    assert symbol.startswith(OWN)
                    assert bind == "STB_WEAK"
                    assert seen[symbol] == (bind, content), f"{symbol} of {name} is another"
                    common += 1
                seen[symbol] = (bind, content)
    return common


@pytest.mark.parametrize("target", TOGETHER)
def test_all_sets_and_levels_in_one_firmware(tmp_path: Path, target: str) -> None:
    """Linked in one order and in the other, so that each pair meets in both."""
    firmware = Together(CORES[target], tmp_path)
    parts = list(parts_of(target))
    objects = [firmware.objects(part) for part in parts]
    for part in parts:
        assert part.kernels == "c" or assembled(tmp_path / part.network.name), part.network.name
    assert firmware.link(objects, parts) == []
    assert firmware.link(objects[::-1], parts) == []
    common = same_or_apart([(part.network.name, made) for part, made in zip(parts, objects, strict=True)])
    assert common > 0
    for path in firmware.runtime([ROOT]):
        assert all(symbol.startswith(OWN) for symbol in defined(path)), path.name


def calm(name: str, seed: int, quantisation: str = "int8") -> tuple[Network, Array]:
    """A network as trained ones are, all of which the library can run, and what it runs on."""
    words = (("lstm", 5 + seed, True, False), ("lstm", 4, False, False), ("dense", 3, "linear"))
    trained = networks.build_chain(Chain("float32", (4, 3), words, seed=3 + seed))
    real = np.random.default_rng(seed).normal(0, 1, (8, 4, 3)).astype(np.float32)
    network = replace(quantise.quantise(trained, real, quantisation), name=name)
    return network, reference.stored_inputs(network, real)


@pytest.mark.parametrize(
    ("target", "own"), [("cortex-m0", "armv6m"), ("cortex-m4", "armv7em"), ("cortex-m55", "helium")]
)
def test_a_librarys_kernels_beside_ours(tmp_path: Path, cmsis_stand_in: Path, target: str, own: str) -> None:
    """Layers that CMSIS-NN runs, layers of a set of ours and of C: in one firmware, linked in both orders."""
    firmware = Together(CORES[target], tmp_path, str(cmsis_stand_in))
    parts = [Part(*calm(f"m_{kernels}_{seed}", seed), kernels) for kernels in ("cmsis_nn", own, "c") for seed in (0, 1)]
    objects = [firmware.objects(part) for part in parts]
    for part in parts[:4]:
        assert assembled(tmp_path / part.network.name), part.network.name
    assert "lstmcu_cmsis_lstm_s8" in (tmp_path / "m_cmsis_nn_0/m_cmsis_nn_0.c").read_text()
    assert firmware.link(objects, parts) == []
    assert firmware.link(objects[::-1], parts) == []
    same_or_apart([(part.network.name, made) for part, made in zip(parts, objects, strict=True)])


def test_a_firmware_that_mixes_what_a_name_means_is_noticed(tmp_path: Path) -> None:
    """What once went wrong: the sets' symbols without set and level."""
    tree = version_tree(tmp_path / "mixed", VERSION)
    path = tree / "kernels/common/assembly.py"
    path.write_text(path.read_text().replace("{kernels}_{optimize}_##name", "##name"))
    text = path.read_text().replace("LSTMCU_SYMBOL(##name)", "LSTMCU_SYMBOL(name)")
    path.write_text(text)
    assert "LSTMCU_SYMBOL(name)" in text
    parts = [Part(*named(FIRST, f"m_{kernels}"), kernels, "size", tree) for kernels in ("armv7em", "armv7m")]
    firmware = Together(CORES["cortex-m4"], tmp_path)
    objects = [firmware.objects(part) for part in parts]
    assert firmware.link(objects, parts) == ["m_armv7m"]
    with pytest.raises(AssertionError, match="is another"):
        same_or_apart([(part.network.name, made) for part, made in zip(parts, objects, strict=True)])


def _swap(path: Path, one: str, other: str) -> None:
    """Every line's ``one`` for its ``other``, and the other way round."""
    text = path.read_text()
    assert one in text
    assert other in text
    path.write_text(other.join(part.replace(other, one) for part in text.split(one)))


@pytest.mark.parametrize(("target", "kernels"), [("cortex-m4", "armv7em"), ("rv32imafcv", "rv32im")])
def test_two_versions_in_one_firmware(tmp_path: Path, target: str, kernels: str) -> None:
    """The other one's Dense in C has the ends of its range the other way round: ours would be wrong with it."""
    tree = version_tree(tmp_path / "other", "0.2.0")
    _swap(tree / "kernels/c/layout.py", '(str(low), "lowest output")', '(str(out.high), "highest output")')
    _swap(tree / "kernels/c/lstmcu_kernels.h", "int32_t low;", "int32_t high;")
    firmware = Together(CORES[target], tmp_path)
    ours = [Part(*named(FIRST, f"ours_{k}"), sets, "size") for k, sets in enumerate((kernels, "c"))]
    theirs = [
        replace(part, network=replace(part.network, name=f"theirs_{k}"), tree=tree) for k, part in enumerate(ours)
    ]
    parts = [*ours, *theirs]
    objects = [firmware.objects(part) for part in parts]
    assert firmware.link(objects, parts) == []
    assert firmware.link(objects[::-1], parts) == []
    first, second = (
        {s for made in group for path in made for s in defined(path)} for group in (objects[:2], objects[2:])
    )
    assert not first & second
    old, new = ({s for path in firmware.runtime([each]) for s in defined(path)} for each in (ROOT, tree))
    assert old
    assert not old & new


def refused(target: Target, source: Path, *includes: Path) -> str:
    """What the compiler says of a file that it must not compile."""
    found = compiler.find(target, "gcc")
    words = [found.program, *found.compile, *(f"-I{path}" for path in includes), "-fsyntax-only", str(source)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    return done.stderr


def test_headers_of_another_version_stop_the_compiler(tmp_path: Path) -> None:
    tree = version_tree(tmp_path / "other", "0.2.0")
    firmware = Together(CORES["cortex-m4"], tmp_path)
    part = Part(*named(FIRST, "ours"), "armv7em")
    firmware.objects(part)
    firmware.objects(replace(part, network=replace(part.network, name="theirs"), tree=tree))
    names = ("firmware/include", "firmware/runtime", "kernels", "kernels/c", "kernels/common")
    folders = [tree / name for name in names]
    for name in ("ours.c", "ours_kernels.S"):
        said = refused(firmware.target, tmp_path / "ours" / name, *folders)
        assert f'"{name} is of lstmcu {VERSION}: take lstmcu' in said
        assert '"these headers are of lstmcu 0.2.0"' in said
    theirs = (tmp_path / "theirs/theirs.h").read_text()
    mixed = tmp_path / "mixed"
    mixed.mkdir()
    (mixed / "ours.c").write_text((tmp_path / "ours/ours.c").read_text())
    (mixed / "ours.h").write_text(theirs.replace("theirs", "ours").replace("THEIRS", "OURS"))
    own = [ROOT / name for name in ("firmware/include", "firmware/runtime", "kernels/c")]
    said = refused(firmware.target, mixed / "ours.c", *own)
    assert '"ours.h is of lstmcu 0.2.0"' in said
    assert f'"ours.c is of lstmcu {VERSION}: take the ours.h that was generated with it"' in said


def test_a_file_of_the_users_includes_models_of_two_versions(tmp_path: Path) -> None:
    """And of one model again: the public headers need nothing that differs by version."""
    tree = version_tree(tmp_path / "other", "0.2.0")
    firmware = Together(CORES["cortex-m4"], tmp_path)
    part = Part(*named(FIRST, "ours"), "c")
    firmware.objects(part)
    firmware.objects(replace(part, network=replace(part.network, name="theirs"), tree=tree))
    (tmp_path / "main.c").write_text('#include "ours.h"\n#include "theirs.h"\n#include "ours.h"\n')
    words = ["-Wall", "-Wextra", "-Wundef", "-Werror", f"-I{tmp_path / 'ours'}", f"-I{tmp_path / 'theirs'}"]
    firmware.compile(tmp_path / "main.c", tmp_path / "main.o", *words)
