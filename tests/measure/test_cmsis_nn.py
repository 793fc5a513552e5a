# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Finding a CMSIS-NN: where its files may lie, and a sentence for each that is missing. None is needed for this."""

from __future__ import annotations

from pathlib import Path

import pytest

from measure import cmsis_nn
from model.errors import UserError
from tests.support.checkout import Checkout


def prefix(root: Path, headers: str, library: str, types: str = "void *hidden_state;") -> str:
    for path, text in ((f"{headers}/arm_nnfunctions.h", ""), (f"{headers}/arm_nn_types.h", types), (library, "")):
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    return str(root)


@pytest.mark.parametrize("library", ["libcmsis-nn.a", "build/libcmsis-nn.a", "lib/libcmsis-nn.a", "m4/libcmsis-nn.a"])
@pytest.mark.parametrize("headers", ["Include", "include", "ARM/CMSIS-NN/7.0.0/Include"])
def test_found_wherever_it_lies(tmp_path: Path, headers: str, library: str) -> None:
    found = cmsis_nn.find(prefix(tmp_path, headers, library), "m4")
    assert found.include == tmp_path / headers
    assert found.library == tmp_path / library


def test_headers_of_a_pack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    prefix(tmp_path / "packs", "ARM/CMSIS-NN/7.1.0/Include", "unused.a")
    (tmp_path / "built").mkdir()
    (tmp_path / "built/libcmsis-nn.a").touch()
    monkeypatch.setenv("CMSIS_PACK_ROOT", str(tmp_path / "packs"))
    assert cmsis_nn.find(str(tmp_path / "built"), "m4").include == tmp_path / "packs/ARM/CMSIS-NN/7.1.0/Include"


def test_what_is_missing_is_said(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="needs cmsis_nn=PREFIX"):
        cmsis_nn.find("", "m4")
    with pytest.raises(UserError, match=r"no Include/arm_nnfunctions\.h"):
        cmsis_nn.find(str(tmp_path), "m4")
    given = prefix(tmp_path, "Include", "libcmsis-nn.a")
    (tmp_path / "libcmsis-nn.a").unlink()
    with pytest.raises(UserError, match=r"no libcmsis-nn\.a in .*build it for m4"):
        cmsis_nn.find(given, "m4")


def test_one_that_loses_the_state_is_refused(tmp_path: Path) -> None:
    given = prefix(tmp_path, "Include", "libcmsis-nn.a", "void *cell_state;")
    with pytest.raises(UserError, match="loses an LSTM's state"):
        cmsis_nn.find(given, "m4")


def test_scons_says_so_too(tmp_path: Path) -> None:
    done = Checkout.copy(tmp_path / "checkout").scons("target=cortex-m4", "kernels=cmsis-nn")
    assert done.code == 2
    assert "kernels=cmsis-nn needs cmsis_nn=PREFIX" in done.err
    assert "Traceback" not in done.err
