# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Export measured models: ``python -m export.make --dest DIR --target cortex-m4 --built build/cortex-m4/... ...``.

``--objects`` and ``--sources`` name, pair by pair, everything that could be linked with the models. All but ``--dest``
and ``--licence`` are given once for each core that the export is for.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from export import cores, deliver, sbom, sources, texts
from measure.checks import verdict
from model.errors import run_main
from model.escape import visible
from target.description import load_target

COMPILED = (".c", ".S")


@dataclass(frozen=True)
class Part:
    """What there is for one core."""

    target: str  # as ``load_target`` takes it
    built: Sequence[Path]  # the models' folders
    objects: Sequence[Path]
    origins: Sequence[Path]  # the sources of ``objects``
    includes: Sequence[Path]


def _read(built: Path) -> texts.Exported:
    """A model from the folder that it was built in."""
    card = json.loads((built / "model.json").read_text(encoding="utf-8"))
    header = (built / f"{card['name']}.h").read_text(encoding="utf-8")
    return texts.Exported((verdict.sound(built / "report.json"),), card, header)


def _texts(part: Part, models: Sequence[texts.Exported]) -> Mapping[str, str]:
    """All files that the models link with on one core."""
    origin = dict(zip(part.objects, part.origins, strict=True))
    own = [folder / f"{model.name}.c" for folder, model in zip(part.built, models, strict=True)]
    linked = sources.needed([path.with_name(f"{path.name}.o") for path in own], part.objects)
    return sources.with_headers([*own, *(origin[path] for path in linked)], [*part.includes, *part.built])


def _core(part: Part, models: Sequence[texts.Exported]) -> cores.Core:
    """One of several that share a folder, which a macro must tell."""
    target, report = load_target(part.target), models[0].report
    mixed = any(model.card["mixed"] for model in models)
    condition = cores.condition(target, report["kernels"], report["quantisation"], mixed)
    return cores.Core(target, condition, _texts(part, models))


def contents(parts: Sequence[Part], licence: Path) -> tuple[str, deliver.Files]:
    """The export's name, which is its only model's or ``models``, and file name to bytes of all that is in it."""
    read = [[_read(folder) for folder in part.built] for part in parts]
    models = [replace(each[0], reports=tuple(model.report for model in each)) for each in zip(*read, strict=True)]
    name = models[0].name if len(models) == 1 else "models"
    public = [f"{model.name}.h" for model in models]
    if len(parts) == 1:
        files = sources.placed(_texts(parts[0], read[0]), public)
    else:
        files = cores.merged(name, [_core(part, each) for part, each in zip(parts, read, strict=True)], public)
    stems = {stem for model in models for stem in (model.name, f"{model.name}_kernels")}
    generated = [file for file in files if Path(file).name.partition(".")[0] in stems]
    runtime = [file for file in files if file not in generated]
    compiled = [file for file in files if Path(file).suffix in COMPILED]
    files |= texts.make(name, models, generated, compiled, runtime, sources.in_floats(files))
    given = [file for file in files if file not in runtime]
    files["LICENSE"] = f"{texts.licence(given, runtime)}\n{licence.read_text(encoding='utf-8')}"
    data = {file: text.encode() for file, text in files.items()}
    own_licence = [*runtime, "LICENSE"]
    return name, {**data, sbom.NAME: sbom.make(name, data, own_licence, [model.reports for model in models])}


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="export.make", description=__doc__)
    parser.add_argument("--target", action="append", required=True)
    for name in ("built", "objects", "sources", "includes"):
        parser.add_argument(f"--{name}", type=Path, nargs="+", action="append", required=True)
    for name in ("licence", "dest"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    given = parser.parse_args()
    lists = zip(given.target, given.built, given.objects, given.sources, given.includes, strict=True)
    name, files = contents([Part(*each) for each in lists], given.licence)
    new = deliver.write(files, name, given.dest)
    size = sum(map(len, files.values()))
    told = f"{name}, {len(files)} files, {size:,} bytes{'' if new else ', nothing has changed'}"
    print(f"{visible(given.dest)}: {told}")


if __name__ == "__main__":
    run_main(main)
