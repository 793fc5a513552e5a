# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""``scons export``: a folder with everything a model needs and nothing else, the same every time."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from model.version import VERSION
from target.description import load_target
from tests.support.checkout import Checkout, Shared
from tests.support.exported import call, sources
from tests.support.together import Symbols, defined

MODEL = "forecast-window"  # the quick one
REQUEST = ("export", "target=cortex-m4", f"model={MODEL}", "kernels=c")
CODE = (".c", ".h")
Export = Callable[..., Path]
PARTS = [
    ("forecast", "asm", "size"), ("forecast", "c", "size"),
    ("forecast-window", "asm", "balanced"), ("forecast-window", "c", "balanced"),
]  # fmt: skip


@pytest.fixture(scope="module")
def exported(built: Shared) -> Export:
    """``exported("quant=int8")``: the folder that these options give."""

    def export(*words: str) -> Path:
        name = "-".join(("exported", *words)).replace("=", "-").replace(",", "-")
        return built(*REQUEST, *words, f"dest={name}").root / name

    return export


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_it_compiles_alone_and_lacks_nothing(exported: Export, tmp_path: Path) -> None:
    folder = tmp_path / "forecast"
    shutil.copytree(exported(), folder)
    call("cc", "-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-c", *sources(folder), cwd=tmp_path)
    defined, asked = set(), set()
    for line in call("nm", *tmp_path.glob("*.o")).splitlines():
        kind, _, name = line[17:].partition(" ")
        (asked if kind == "U" else defined).add(name)
    assert asked - defined <= {"memcpy", "memset", "__stack_chk_fail", "_GLOBAL_OFFSET_TABLE_"}
    assert {"forecast_window_run", "forecast_window_reset"} <= defined


@pytest.mark.parametrize("quantisation", ["int8", "int16x8", "dynamic", "float32"])
def test_every_file_is_needed(exported: Export, tmp_path: Path, quantisation: str) -> None:
    """Without any one of its files, the folder does not compile or does not link."""
    folder = tmp_path / "forecast"
    shutil.copytree(exported(f"quant={quantisation}"), folder)
    main = tmp_path / "main.c"
    main.write_text('#include "forecast_window.h"\nstatic forecast_window_state s; static float x[64];\n'
                    "int main(void) { forecast_window_run(&s, (void *)x, (void *)x); return 0; }\n")  # fmt: skip
    code = [path for path in sorted(folder.rglob("*")) if path.suffix in CODE and path.parent.name != "src"]
    assert len(code) >= 8
    command = ["cc", f"-I{folder}/include", main, "-o", tmp_path / "a.out"]
    call(*command, *sources(folder))
    for path in code:
        text = path.read_bytes()
        path.unlink()
        done = subprocess.run([*command, *sources(folder)], capture_output=True, check=False)
        assert done.returncode != 0, path.name
        path.write_bytes(text)


def test_every_file_of_an_assembly_is_needed(built: Shared, tmp_path: Path) -> None:
    words = ("export", "target=cortex-m4", "model=forecast", "kernels=asm", "dest=assembled")
    folder = tmp_path / "forecast"
    shutil.copytree(built(*words).root / "assembled", folder)
    code = [path for path in sorted(folder.rglob("*")) if path.suffix in (*CODE, ".S", ".inc")]
    code = [path for path in code if path.parent.name != "src"]
    assert {".c", ".h", ".S", ".inc"} == {path.suffix for path in code}
    compiler = ["arm-none-eabi-gcc", *load_target("cortex-m4").flags, "-Wa,--fatal-warnings", "-r", "-nostdlib"]

    def missing() -> set[str]:
        """What is still asked for once all files are linked; everything, if they cannot be."""
        done = subprocess.run([*compiler, *sources(folder), "-o", tmp_path / "all.o"], capture_output=True, check=False)
        if done.returncode:
            return {"?"}
        return set(call("arm-none-eabi-nm", "--undefined-only", tmp_path / "all.o").split()) - {"U"}

    assert missing() <= {"memcpy", "memset"}
    for path in code:
        data = path.read_bytes()
        path.unlink()
        assert not missing() <= {"memcpy", "memset"} or path.name == "forecast.c", path.name
        path.write_bytes(data)


def test_the_example_in_the_readme_compiles(exported: Export, tmp_path: Path) -> None:
    for words in ((), ("quant=float32",), ("state=stream",)):
        folder = exported(*words)
        (example,) = re.findall(r"```c\n(.*?)```", (folder / "README.md").read_text(), re.DOTALL)
        (tmp_path / "example.c").write_text(example)
        options = ["-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Werror"]
        call("cc", *options, f"-I{folder}/include", "-c", "example.c", cwd=tmp_path)


def test_the_readme_tells_what_was_measured(exported: Export) -> None:
    folder = exported()
    report = json.loads((folder.parent / f"build/cortex-m4/{MODEL}/int8-c/report.json").read_text())
    text = (folder / "README.md").read_text()
    for figure in (report["instructions"], report["flash"]["total"], report["ram"]["total"], report["stack"]["bound"]):
        assert f"{figure:,}" in text
    assert f"the same bits in {report['samples']:,} samples" in text
    assert report["model"]["sha256"] in text
    if report["cycles"]:
        assert f"{report['cycles']['nominal']:,}" in text
        assert report["cycles"]["evidence"] in text


def test_every_file_states_its_licence_and_the_sbom_lists_it(exported: Export) -> None:
    folder = exported()
    files = contents(folder)
    bom = json.loads(files["sbom.cdx.json"])
    assert (bom["bomFormat"], bom["specVersion"], bom["version"]) == ("CycloneDX", "1.5", 1)
    assert re.fullmatch(r"urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", bom["serialNumber"])
    assert "timestamp" not in bom["metadata"]
    listed = {c["name"]: c for c in bom["components"] if c["type"] == "file"}
    assert listed.keys() == files.keys() - {"sbom.cdx.json"}
    for name, component in listed.items():
        assert component["hashes"] == [{"alg": "SHA-256", "content": hashlib.sha256(files[name]).hexdigest()}]
        runtime = b"SPDX-License-Identifier: Apache-2.0" in files[name] or name == "LICENSE"
        assert ("id" in component["licenses"][0]["license"]) == runtime, name
        assert runtime or re.search(rf"^Generated, .*[ ,]{re.escape(name)}[,.]", files["LICENSE"].decode())
    (model,) = (c for c in bom["components"] if c["type"] == "machine-learning-model")
    trained = (folder.parent / f"models/{MODEL}/{MODEL}.keras").read_bytes()
    assert model["hashes"][0]["content"] == hashlib.sha256(trained).hexdigest()
    refs = [component["bom-ref"] for component in bom["components"]]
    assert len(set(refs)) == len(refs)
    assert {row["ref"] for row in bom["dependencies"]} == {*refs, bom["metadata"]["component"]["bom-ref"]}
    assert b"Apache License" in files["LICENSE"]
    assert b"Generated, and yours to use as you like: src/lstmcu/forecast_window.c, " in files["LICENSE"]


def test_two_checkouts_export_the_same_bytes(exported: Export, tmp_path: Path) -> None:
    one = contents(exported())
    other = Checkout.copy(tmp_path / "mein Gerät 模型")
    other.build(*REQUEST, "dest=another name")
    other.build(*REQUEST, "dest=a.zip")
    other.build(*REQUEST, "dest=b.zip")
    assert contents(other.root / "another name") == one
    assert (other.root / "a.zip").read_bytes() == (other.root / "b.zip").read_bytes()
    with zipfile.ZipFile(other.root / "a.zip") as archive:
        assert {name: archive.read(name) for name in archive.namelist()} == {
            f"forecast_window/{name}": data for name, data in one.items()
        }
    again = other.build(*REQUEST, "dest=a.zip")
    assert "nothing has changed" in again.out
    assert again.rules == {"EXPORT a.zip"}
    for text in (str(other.root).encode(), str(exported().parent).encode()):
        assert not any(text in data for data in one.values())


def test_two_models_share_one_runtime(built: Shared, tmp_path: Path) -> None:
    root = built("export", "target=cortex-m4", "kernels=c", "model=forecast,forecast-window", "dest=both").root
    folder = root / "both"
    assert {"forecast.c", "forecast_window.c", "lstm_s8.c"} <= {path.name for path in (folder / "src/lstmcu").iterdir()}
    assert {path.name for path in (folder / "include").iterdir()} == {"forecast.h", "forecast_window.h"}
    assert {path.name for path in (folder / "src").glob("*.*")} == {"forecast.h", "forecast_window.h"}
    (tmp_path / "main.c").write_text(
        '#include "forecast.h"\n#include "forecast_window.h"\n'
        "static forecast_state a; static forecast_window_state b;\n"
        "int main(void) { forecast_reset(&a); forecast_window_reset(&b); return 0; }\n"
    )
    call("cc", f"-I{folder}/include", "main.c", *sources(folder), cwd=tmp_path)


def test_folders_have_nothing_in_common_but_what_is_the_same(built: Shared, tmp_path: Path) -> None:
    """Two models, each by two kernel sets; as libraries they link in any order."""
    flags = [*load_target("cortex-m4").flags, "-O2", "-ffunction-sections", "-ffp-contract=off"]
    seen: Symbols = {}
    libraries: dict[str, Path] = {}
    common = 0
    for model, kernels, optimize in PARTS:
        name = f"apart-{model}-{kernels}"
        words = ("target=cortex-m4", f"model={model}", f"kernels={kernels}", f"optimize={optimize}", f"dest={name}")
        folder, out = built("export", *words).root / name, tmp_path / name
        out.mkdir()
        call("arm-none-eabi-gcc", *flags, "-c", *sources(folder), cwd=out)
        own = f"lstmcu_{VERSION.replace('.', '_')}_"
        for path in sorted(out.glob("*.o")):
            for symbol, found in defined(path).items():
                assert symbol.startswith((own, f"{model.replace('-', '_')}_")), symbol
                if symbol in seen and symbol.startswith(own):
                    assert seen[symbol] == found, symbol
                    common += 1
                seen.setdefault(symbol, found)
        call("arm-none-eabi-ar", "rcs", "lib.a", *sorted(out.glob("*.o")), cwd=out)
        libraries[name] = out / "lib.a"
    assert common >= 5
    main = "int main(void) { forecast_run(&a, x, x); forecast_window_run(&b, x, x); return 0; }"
    (tmp_path / "main.c").write_text(
        f'#include "forecast.h"\n#include "forecast_window.h"\n'
        f"static forecast_state a; static forecast_window_state b; static int8_t x[64]; {main}\n"
    )
    root = built("export", *words).root
    includes = [f"-I{root}/apart-{model}-c/include" for model in ("forecast", "forecast-window")]
    for one in ("asm", "c"):
        for other in ("asm", "c"):
            both = [libraries[f"apart-forecast-{one}"], libraries[f"apart-forecast-window-{other}"]]
            for order in (both, both[::-1]):
                words = ("--specs=nosys.specs", *includes, "main.c", *order)
                call("arm-none-eabi-gcc", *flags, *words, "-o", "app.elf", cwd=tmp_path)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("export",), "export needs dest="),
        (("dest=out",), "dest=out: only export writes there"),
        (("export", "dest=out", "quant=int8,float32"), "export takes one quant="),
        (("export", "dest=out", "kernels=all"), "export takes one quant="),
        (("export", "dest=out", "target=cortex-m4,rv32imac", "kernels=all"), "export takes one quant="),
    ],
)
def test_what_cannot_be_exported_is_told_before_anything_is_built(
    tmp_path: Path, words: tuple[str, ...], sentence: str
) -> None:
    checkout = Checkout.copy(tmp_path / "fresh")
    assert sentence in checkout.scons(*words).sentence
    assert not (checkout.root / "build").exists()
    assert not (checkout.root / "out").exists()


def test_somebodys_folder_is_refused_with_a_sentence(exported: Export) -> None:
    checkout = Checkout(exported().parent)
    assert "models exists and is not an earlier export" in checkout.scons(*REQUEST, "dest=models").sentence
    dry = checkout.build("-n", *REQUEST, "dest=never")
    assert "[EXPORT] never" in dry.out
    assert not (checkout.root / "never").exists()
