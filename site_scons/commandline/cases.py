# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""What is asked for, one by one: models, quantised in some way, for some targets."""

from __future__ import annotations

from dataclasses import dataclass

from commandline.models import Model
from model.names import c_identifier
from target.description import Target


def ending(choice: str) -> str:
    """Of a folder's name; none for the default."""
    return "" if choice in ("balanced", "window") else f"-{choice}"


@dataclass(frozen=True)
class Variant:
    """One target, with one kernel set, optimised for one thing."""

    target: Target
    kernels: str
    optimize: str
    folder: str  # build/<target>/<model>/<quant>-<kernels>, and what is not the default


@dataclass(frozen=True)
class Case:
    """A model in one quantisation and state. It is quantised, and its reference computed, once for all variants."""

    model: Model
    quantisation: str
    state: str
    variants: tuple[Variant, ...]

    @property
    def name(self) -> str:
        """The model's in C."""
        return c_identifier(self.model.stem)

    @property
    def functions(self) -> tuple[str, str]:
        """What a user's firmware calls."""
        return f"{self.name}_reset", f"{self.name}_{'step' if self.state == 'stream' else 'run'}"

    def variant(self, target: Target, kernels: str, optimize: str) -> Variant:
        """Built for one target."""
        folder = f"{self.quantisation}-{kernels}{ending(optimize)}{ending(self.state)}"
        return Variant(target, kernels, optimize, f"build/{target.name}/{self.model.stem}/{folder}")

    @property
    def folder(self) -> str:
        """Of what all variants share."""
        return f"build/models/{self.model.stem}/{self.quantisation}{ending(self.state)}"
