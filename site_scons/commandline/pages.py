# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Which builds the pages of the docs show."""

from __future__ import annotations

from commandline.models import Model
from commandline.targets import kernel_sets
from commandline.words import OPTIONS
from model.formats import DEFAULT
from target.description import Target


def pages(target: Target, quantisation: str, kernels: str, model: Model) -> tuple[str, ...]:
    """The pages of the docs that show a build of a shipped model: int8 on every target, all on the default one."""
    default = target.name == OPTIONS["target"][0]
    shown = (f"docs/reports/{model.stem}.md",) if target.arch != "host" and (default or quantisation == DEFAULT) else ()
    best = kernels == kernel_sets("", target, quantisation)[0]
    compared = ("docs/comparison.md",) if (model.stem, quantisation) == (OPTIONS["model"][0], DEFAULT) else ()
    return (*shown, "docs/accuracy.md", *compared) if default and best else shown
