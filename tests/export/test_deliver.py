# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Where an export is written: whole or not at all, and never over somebody's work."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from export import deliver, sbom
from export.deliver import Files
from model.errors import UserError


def export(text: str = "int x;\n") -> Files:
    files = {"x.c": text.encode(), "port/y.c": b"int y;\n"}
    return {**files, sbom.NAME: sbom.make("x", files, ["x.c"], [])}


def found(folder: Path) -> Files:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def refusal(dest: Path, files: Files | None = None) -> str:
    with pytest.raises(UserError) as caught:
        deliver.write(files or export("int other;\n"), "x", dest)
    return str(caught.value)


@pytest.mark.parametrize("where", ["out", "new/deep/out"])
def test_an_earlier_export_is_replaced(tmp_path: Path, where: str) -> None:
    dest = tmp_path / where
    assert deliver.write({**export(), "x.c": b"int x;\n"}, "x", dest)
    assert found(dest) == export()
    newer = export("int newer;\n")
    assert deliver.write(newer, "x", dest)
    assert found(dest) == newer
    assert [path.name for path in dest.parent.iterdir()] == ["out"]


def test_the_same_again_touches_nothing(tmp_path: Path) -> None:
    dest = tmp_path / "out"
    deliver.write(export(), "x", dest)
    before = (dest / "x.c").stat()
    assert not deliver.write(export(), "x", dest)
    assert (dest / "x.c").stat() == before


def test_an_empty_folder_is_taken(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    assert deliver.write(export(), "x", tmp_path / "out")


def test_compiled_files_in_it_do_not_matter(tmp_path: Path) -> None:
    dest = tmp_path / "out"
    deliver.write(export(), "x", dest)
    (dest / "x.o").write_bytes(b"compiled")
    assert not deliver.write(export(), "x", dest)
    assert deliver.write(export("int newer;\n"), "x", dest)


def test_what_is_no_export_stays_as_it_is(tmp_path: Path) -> None:
    folder, file, archive = (tmp_path / name for name in ("folder", "file", "archive.zip"))
    folder.mkdir()
    (folder / "work.txt").write_text("mine")
    file.write_text("mine")
    with zipfile.ZipFile(archive, "w") as other:
        other.writestr("x/x.c", "mine")
    (tmp_path / "text.zip").write_text("mine")
    before = found(tmp_path)
    for dest in (folder, archive, tmp_path / "text.zip"):
        assert "is not an earlier export" in refusal(dest)
    assert "is not a folder" in refusal(file)
    assert "is not an earlier export" in refusal(tmp_path)
    assert found(tmp_path) == before


def test_foreign_and_changed_files_are_never_lost(tmp_path: Path) -> None:
    dest = tmp_path / "out"
    deliver.write(export(), "x", dest)
    (dest / "main.c").write_text("int main;\n")
    assert "holds main.c, which is not of an export" in refusal(dest)
    (dest / "main.c").unlink()
    (dest / "x.c").write_text("int mine;\n")
    assert "x.c was changed since it was exported" in refusal(dest)
    assert (dest / "x.c").read_text() == "int mine;\n"
    (dest / "x.c").write_bytes(b"int x;\r\n")  # as a checkout on another system has it
    assert deliver.write(export("int newer;\n"), "x", dest)


def test_a_zip_is_replaced_and_has_no_clock(tmp_path: Path) -> None:
    dest = tmp_path / "out.zip"
    assert deliver.write(export(), "x", dest)
    first = dest.read_bytes()
    assert not deliver.write(export(), "x", dest)
    assert deliver.write(export("int newer;\n"), "x", dest)
    assert deliver.write(export(), "x", dest)
    assert dest.read_bytes() == first
    assert {info.date_time for info in zipfile.ZipFile(dest).infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_a_failure_half_way_leaves_the_earlier_export(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dest = tmp_path / "out"
    deliver.write(export(), "x", dest)
    write = Path.write_bytes

    def full(path: Path, data: bytes) -> int:
        if path.name == "y.c":
            raise OSError(28, "No space left on device")
        return write(path, data)

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match="No space"):
        deliver.write(export("int newer;\n"), "x", dest)
    assert found(dest) == export()
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
