# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""``scons bench-docs``: the bench with every target's assembly, as a page of the docs."""

from __future__ import annotations

from commandline.cases import Case, Variant
from commandline.targets import kernel_sets
from made import Made

from goals.bench import before, cases, ratios
from kernels import FORMATS, all_sets

HELP = "bench with the assembly of every target, into docs/bench.md"
LIKE = "bench"
IMPLIES = {"model": "all", "target": "all", "quant": "all", "kernels": "asm", "optimize": "all"}
FIXED = "scons bench prints less, as in: scons bench target=cortex-m4"

__all__ = ["before", "cases", "make", "wanted"]


def wanted(case: Case, variant: Variant) -> bool:
    """Whether the assembly has kernels for the format, and others at this level than at balanced."""
    sets = (all_sets()[name] for name in variant.target.kernels)
    able = [each for each in sets if each.word == variant.kernels and each.covers_format(FORMATS[case.quantisation])]
    best = variant.kernels == kernel_sets("", variant.target, case.quantisation)[0]
    return best and any(each.level(variant.optimize) == variant.optimize for each in able)


def make(made: Made) -> None:
    """The page, which is committed."""
    env, page = made.env, ratios(made)[2]
    env.Alias("bench-docs", env.NoClean(env.InstallAs("docs/bench.md", page)))
