# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""All options of a command line, checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from commandline import caches, figures, models, targets
from commandline.models import Model
from commandline.names import check_root, check_text, choices
from commandline.words import OPTIMIZE, OPTIONS
from model.declaration import did_you_mean
from model.errors import UserError
from target.compiler import COMPILERS
from target.description import Target

Build = tuple[Model, str, str]  # a model, its quantisation and state


@dataclass(frozen=True)
class Options:
    """What the user asked for, checked."""

    targets: tuple[Target, ...]
    skipped: tuple[str, ...]  # a sentence for each target that target=all leaves out
    builds: tuple[Build, ...]  # every model in every quantisation asked for
    kernels: str  # empty: each target's best
    cmsis_nn: str  # prefix; empty: none
    optimize: tuple[str, ...]  # of OPTIMIZE
    compiler: str
    cache: str  # empty: none
    cache_key: str  # a file; empty: the user's own
    ccache: str  # empty: none; 1, or where its remote storage is
    dest: str  # empty unless exporting
    limits: tuple[tuple[str, int], ...]  # of flash, ram, stack, instructions, cycles
    budget: str  # a .toml with more of them; empty: none
    flash_wait: int  # cycles
    clock: float  # Hz; 0: not given
    period: float  # s; 0: not given
    baseline: str
    timeout: int
    verbose: bool


def read(
    arguments: Mapping[str, str], root: Path, *, building: bool = True, exporting: bool = False, benching: bool = False
) -> Options:
    """Check the name=value arguments, and when ``building`` also that the tools are there. Raises ``UserError``."""
    for name in arguments:
        if name not in OPTIONS:
            raise UserError(f"unknown option '{name}='{did_you_mean(name, OPTIONS)}")
        check_text(f"{name}=", arguments[name])
    check_root(root)
    given = {name: arguments.get(name, default) for name, (default, _) in OPTIONS.items()}
    asked = targets.read(given, "target" in arguments, root)
    kernels = targets.read_kernels(given, asked)
    chosen = choices("compiler", given["compiler"], COMPILERS)[0]
    skipped: list[str] = []
    ready = []
    for target in asked if building else ():
        reason = targets.unable(target, chosen, kernels)
        if reason and given["target"] != "all":
            raise UserError(f"target={target.name} {reason}")
        skipped += [f"{target.name} {reason}"] if reason else []
        ready += [] if reason else [target]
    state = choices("state", given["state"], ("window", "stream"))[0]
    shapes = _shapes(arguments.get("model", "all")) if benching else ()
    chosen_models = shapes or models.read(given["model"], given["samples"], root)
    builds = tuple(
        (model, quant, each)
        for model in chosen_models
        for quant in models.quantisations(given["quant"], model)
        for each in (("window", "stream") if benching and model.stem == "S0" else (state,))
    )
    _check_dest(given, exporting, one=len(asked) == 1 and len(builds) == len(chosen_models))
    return Options(
        targets=tuple(ready) if building else asked,
        skipped=tuple(skipped),
        builds=builds,
        kernels=kernels,
        cmsis_nn=given["cmsis_nn"],
        optimize=choices("optimize", given["optimize"], OPTIMIZE),
        compiler=chosen,
        cache=given["cache"],
        cache_key=caches.cache_key(given),
        ccache=caches.ccache(given["ccache"], building),
        dest=given["dest"],
        limits=figures.limits(given),
        budget=figures.budget_file(given["budget"], root, asked),
        flash_wait=figures.wait_states(given["flash_wait"]),
        clock=figures.quantity("clock", given["clock"], figures.CLOCKS),
        period=figures.period(given),
        baseline=given["baseline"],
        timeout=figures.seconds("timeout", given["timeout"]),
        verbose=given["verbose"] not in ("", "0", "no"),
    )


def _shapes(value: str) -> tuple[Model, ...]:
    """The networks that peers were measured on; the build makes their files."""
    from measure.cost.bench.shapes import SHAPES  # slow to import, hence only here

    made = Path("build/bench/models")
    names = choices("model", value, tuple(SHAPES))
    return tuple(Model(name, made / f"{name}.safetensors", made / f"{name}.npz", "float32") for name in names)


def _check_dest(given: Mapping[str, str], exporting: bool, one: bool) -> None:
    """An export is of ``one`` target, each model in one quantisation, with one kernel set."""
    if exporting != bool(given["dest"]):
        given_dest = f"dest={given['dest']}: only export writes there" if given["dest"] else "export needs dest="
        raise UserError(f"{given_dest}; as in: scons export dest=out, or dest=out.zip")
    if exporting and given["kernels"] == "cmsis-nn":
        raise UserError("export cannot take kernels=cmsis-nn along: the library is Arm's; export kernels=c or asm")
    several = any(given[name] == "all" or "," in given[name] for name in ("kernels", "optimize"))
    if exporting and (not one or several):
        what = "one target=, one quant=, one kernels= and one optimize="
        raise UserError(f"export takes {what}: a folder has one version of a model")
