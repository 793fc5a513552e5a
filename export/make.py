# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Export measured models: ``python -m export.make --dest DIR --built build/cortex-m4/forecast/int8-asm ...``.

``--objects`` and ``--sources`` name, pair by pair, everything that could be linked with the models.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

from export import deliver, sbom, sources, texts
from measure.checks import verdict
from model.errors import run_main
from model.escape import visible

COMPILED = (".c", ".S")


def _read(built: Path) -> texts.Exported:
    """A model from the folder that it was built in."""
    card = json.loads((built / "model.json").read_text(encoding="utf-8"))
    header = (built / f"{card['name']}.h").read_text(encoding="utf-8")
    return texts.Exported(verdict.sound(built / "report.json"), card, header)


def contents(
    built: Sequence[Path], objects: Sequence[Path], origins: Sequence[Path], includes: Sequence[Path], licence: Path
) -> tuple[str, deliver.Files]:
    """The export's name, which is its only model's or ``models``, and file name to bytes of all that is in it."""
    models = [_read(folder) for folder in built]
    origin = dict(zip(objects, origins, strict=True))
    own = [folder / f"{model.name}.c" for folder, model in zip(built, models, strict=True)]
    linked = sources.needed([path.with_name(f"{path.name}.o") for path in own], objects)
    flat = sources.with_headers([*own, *(origin[path] for path in linked)], [*includes, *built])
    files = sources.placed(flat, [f"{model.name}.h" for model in models])
    generated = [file for file in files if any(Path(file).stem in (m.name, f"{m.name}_kernels") for m in models)]
    runtime = [file for file in files if file not in generated]
    compiled = [file for file in files if Path(file).suffix in COMPILED]
    name = models[0].name if len(models) == 1 else "models"
    files |= texts.make(name, models, generated, compiled, runtime, sources.in_floats(files))
    given = [file for file in files if file not in runtime]
    files["LICENSE"] = f"{texts.licence(given, runtime)}\n{licence.read_text(encoding='utf-8')}"
    data = {file: text.encode() for file, text in files.items()}
    own_licence = [*runtime, "LICENSE"]
    return name, {**data, sbom.NAME: sbom.make(name, data, own_licence, [model.report for model in models])}


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="export.make", description=__doc__)
    for name in ("built", "objects", "sources", "includes"):
        parser.add_argument(f"--{name}", type=Path, nargs="+", required=True)
    for name in ("licence", "dest"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    arguments = parser.parse_args()
    name, files = contents(arguments.built, arguments.objects, arguments.sources, arguments.includes, arguments.licence)
    new = deliver.write(files, name, arguments.dest)
    size = sum(map(len, files.values()))
    told = f"{name}, {len(files)} files, {size:,} bytes{'' if new else ', nothing has changed'}"
    print(f"{visible(arguments.dest)}: {told}")


if __name__ == "__main__":
    run_main(main)
