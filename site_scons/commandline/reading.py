# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""All options of a command line, checked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from goals import Goal

from commandline import boards, caches, figures, models, targets
from commandline.cases import Case
from commandline.models import Model
from commandline.names import check_root, check_text, choices
from commandline.words import OPTIONS
from kernels import OPTIMIZE
from model.declaration import did_you_mean
from model.errors import UserError
from target.compiler import COMPILERS
from target.description import Target

# options that mean something to one goal alone
OF_ONE_GOAL = {
    "dest": ("export", "only export writes there; as in: scons export dest=out, or dest=out.zip"),
    "dir": ("survey", "only survey looks there; as in: scons survey dir=models"),
}


@dataclass(frozen=True)
class Options:
    """What the user asked for, checked."""

    cases: tuple[Case, ...]  # every model in every quantisation asked for, for every target
    skipped: tuple[str, ...]  # a sentence for each target that target=all leaves out
    cmsis_nn: str  # prefix; empty: none
    compiler: str
    cache: str  # empty: none
    cache_key: str  # a file; empty: the user's own
    ccache: str  # empty: none; 1, or where its remote storage is
    dest: str  # empty unless exporting
    dir: str  # empty unless surveying
    limits: tuple[tuple[str, int], ...]  # of flash, ram, stack, instructions, cycles
    budget: str  # a .toml with more of them; empty: none
    memory: tuple[str, ...]  # how slow flash is, as programs take it
    clock: float  # Hz; 0: not given
    period: float  # s; 0: not given
    energy: tuple[str, ...]  # what a cycle takes, as programs take it
    gdb: str  # host:port; empty: no board
    baseline: str
    timeout: int
    verbose: bool

    @property
    def judged(self) -> list[str]:
        """What a program must be told to judge builds."""
        words = [f"--skipped={sentence}" for sentence in self.skipped]
        words += [f"--limit={what}={limit}" for what, limit in self.limits]
        return words + ([f"--budget={self.budget}"] if self.budget else [])


def read(arguments: Mapping[str, str], root: Path, goals: Sequence[Goal], *, building: bool, looking: bool) -> Options:
    """Check the name=value arguments. Raises ``UserError``.

    ``building``: for targets; ``looking``: at the help, or what to remove, so that no tool has to be there."""
    given = _given(arguments, root, goals)
    named = "target" in arguments or any("target" in goal.implies for goal in goals)
    asked = targets.read(given, named, root)
    kernels = targets.read_kernels(given, asked)
    compiler = choices("compiler", given["compiler"], COMPILERS)[0]
    able, skipped = (asked, ()) if looking or not building else targets.able(asked, given["target"], compiler, kernels)
    optimize = choices("optimize", given["optimize"], OPTIMIZE)
    options = Options(
        cases=tuple(_cases(given, root, goals, able if building else (), kernels, optimize)),
        skipped=skipped,
        cmsis_nn=given["cmsis_nn"],
        compiler=compiler,
        cache=given["cache"],
        cache_key=caches.cache_key(given),
        ccache=caches.ccache(given["ccache"], building and not looking),
        dest=given["dest"],
        dir=given["dir"],
        limits=figures.limits(given),
        budget=figures.budget_file(given["budget"], root, asked),
        memory=figures.memory(given),
        clock=figures.quantity("clock", given["clock"], figures.CLOCKS),
        period=figures.period(given),
        energy=figures.energy(given),
        gdb=boards.read(given["gdb"], asked, looking or not building),
        baseline=given["baseline"],
        timeout=figures.seconds("timeout", given["timeout"]),
        verbose=given["verbose"] not in ("", "0", "no"),
    )
    for check in _functions(goals, "check"):
        check(options)
    return options


def _given(arguments: Mapping[str, str], root: Path, goals: Sequence[Goal]) -> dict[str, str]:
    """The value of every option: as given, as the goals imply it, or the default."""
    for name in arguments:
        if name not in OPTIONS:
            raise UserError(f"unknown option '{name}='{did_you_mean(name, OPTIONS)}")
        check_text(f"{name}=", arguments[name])
    check_root(root)
    for name, (only, sentence) in OF_ONE_GOAL.items():
        if arguments.get(name) and only not in (goal.name for goal in goals):
            raise UserError(f"{name}={arguments[name]}: {sentence}")
    for goal in goals:
        for name, value in goal.implies.items() if goal.fixed else ():
            if arguments.get(name, value) != value:
                raise UserError(f"{name}={arguments[name]}: {goal.name} is of {name}={value}; {goal.fixed}")
    implied = {name: value for goal in goals for name, value in goal.implies.items()}
    return {name: default for name, (default, _) in OPTIONS.items()} | implied | dict(arguments)


def _functions(goals: Sequence[Goal], name: str) -> list[Any]:
    return [function for goal in goals if (function := goal.function(name))]


def _cases(
    given: Mapping[str, str], root: Path, goals: Sequence[Goal],
    able: Iterable[Target], kernels: str, optimize: tuple[str, ...],
) -> Iterator[Case]:  # fmt: skip
    """Of model=, quant= and state=, or of a goal that has models of its own; without builds of no use to a goal."""
    own = _functions(goals, "cases")
    asked = [each for cases in own for each in cases(given)] if own else _asked(given, root)
    wanted = _functions(goals, "wanted")
    for model, quantisation, state in asked:
        case = Case(model, quantisation, state, ())
        variants = (
            case.variant(target, each, level)
            for target in able
            for level in optimize
            for each in targets.kernel_sets(kernels, target, quantisation)
        )
        yield replace(case, variants=tuple(v for v in variants if all(useful(case, v) for useful in wanted)))


def _asked(given: Mapping[str, str], root: Path) -> list[tuple[Model, str, str]]:
    found = models.read(given["model"], given["samples"], root)
    quants = [(model, quant) for model in found for quant in models.quantisations(given["quant"], model)]
    return [(model, quant, models.state_of(given["state"], model)) for model, quant in quants]
