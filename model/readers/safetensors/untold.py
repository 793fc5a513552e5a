# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Tensors that no .toml explains: the layers that they leave no choice about, else the .toml to start from.

Names and shapes tell modules, gates and sizes. They tell neither how many steps a window has, nor whether its last step
or all of them are put out: step by step, as a stream, that makes no difference. Nor do they tell the functions between
layers: behind the last layer there is at most one that is easily added, so that none is assumed there and nowhere else.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from model.errors import UserError
from model.readers.safetensors.recurrent import KINDS
from model.signal import Array

OF_CELL = re.compile(r"(?:weight|bias)_(?:ih|hh|hr)_l\d+(?:_reverse)?")
GATES = {4: "lstm", 3: "gru", 1: "rnn"}
OF_WEIGHT = {3: "conv1d", 2: "linear", 1: "layer_norm"}  # what has a weight of so many axes
SURE = ("lstm", "gru", "linear")  # kinds with nothing else to say; of an rnn it is tanh or relu
MOST = 7  # modules whose orders are looked for, of 5,040
ORDERS = 100  # that are looked at
STEPS = 32  # of a .toml to start from

Shapes = dict[str, tuple[int, ...]]


@dataclass(frozen=True)
class Module:
    """The tensors of one name."""

    name: str
    shapes: Shapes  # by what stands behind the last dot

    @property
    def recurrent(self) -> bool:
        """Whether it is a cell's."""
        return len(self.shapes.get("weight_hh_l0", ())) == 2

    @property
    def kind(self) -> str:
        """As a .toml calls it; empty if nothing is like it."""
        if self.recurrent:
            rows, units = self.shapes["weight_hh_l0"]
            return GATES.get(rows // max(1, units), "")
        if "running_mean" in self.shapes:
            return "batch_norm"
        return OF_WEIGHT.get(len(self.shapes.get("weight", ())), "")

    @property
    def backwards(self) -> bool:
        """Whether it reads in both directions."""
        return any(name.endswith("_reverse") for name in self.shapes)

    @property
    def ends(self) -> tuple[int, int]:
        """Features that it reads and gives."""
        if self.recurrent:
            units = self.shapes["weight_hh_l0"][-1]
            return self.shapes.get("weight_ih_l0", (0, 0))[-1], units * (1 + self.backwards)
        shape = self.shapes.get("weight", (1,))
        return (shape[1], shape[0]) if len(shape) > 1 else (shape[0], shape[0])

    @property
    def sure(self) -> bool:
        """Whether names and shapes tell all of it."""
        extra = set() if self.recurrent else {"weight", "bias"}
        known = all(name in extra or OF_CELL.fullmatch(name) for name in self.shapes)
        return self.kind in SURE and not self.backwards and known

    @property
    def table(self) -> str:
        """As a [[layer]] on one line."""
        more = ', nonlinearity = "tanh"' if self.kind == "rnn" else ""
        return f"{{ kind = {json.dumps(self.kind)}, weights = {json.dumps(self.name)}{more} }}"


def _modules(tensors: dict[str, Array]) -> list[Module]:
    found: dict[str, Shapes] = {}
    for name, array in tensors.items():
        module, _, own = name.rpartition(".")
        found.setdefault(module, {})[own] = array.shape
    return [Module(name, shapes) for name, shapes in sorted(found.items())]


def _orders(modules: list[Module], before: tuple[Module, ...] = ()) -> Iterator[tuple[Module, ...]]:
    """The orders in which each reads what the one before it gives."""
    left = [each for each in modules if each not in before]
    if not left:
        yield before
    for each in left:
        if not before or before[-1].ends[1] == each.ends[0]:
            yield from _orders(modules, (*before, each))


def _likely(modules: list[Module]) -> tuple[list[Module], bool]:
    """The modules in an order that they fit together in, cells first if they can be, and whether it is the only one.

    Another that reads other features is another model, whose samples do not fit this one.
    """
    orders = list(islice(_orders(modules), ORDERS)) if len(modules) <= MOST else []
    orders.sort(key=lambda order: not order[0].recurrent)
    if not orders:
        return sorted(modules, key=lambda each: not each.recurrent), False
    features = [order[0].ends[0] for order in orders]
    return list(orders[0]), features.count(features[0]) == 1


def _why(order: list[Module], only: bool) -> str:
    """Why there is more than one reading; empty if there is one."""
    unsure = next((each for each in order if not each.sure), None)
    if unsure is not None:
        return f"the names and shapes of '{unsure.name or next(iter(unsure.shapes))}' do not tell all of it"
    if not only:
        return "they fit together in no order, or in several"
    kinds = [each.kind for each in order]
    if kinds[0] not in KINDS or kinds[1:] not in ([], ["linear"]):
        return "they do not tell the functions between layers"
    return ""


def _start(path: Path, modules: list[Module]) -> str:
    """The .toml to start from."""
    features = modules[0].ends[0] if modules else 1
    listed = ", ".join(each.table for each in modules if each.kind)
    return f"write {path.stem}.toml with input = [{STEPS}, {features}] and layer = [{listed}]"


def layers(path: Path, tensors: dict[str, Array]) -> tuple[int, list[dict[str, object]], str]:
    """Features of the input, the layers as a .toml lists them, and a note; raises ``UserError`` for more readings."""
    order, only = _likely(_modules(tensors))
    why = _why(order, only)
    if why:
        raise UserError(
            f"{path}: no {path.stem}.toml lists its layers, and its tensors leave more than one reading: {why}; "
            f"{_start(path, order)}, put right and with the functions of the model: see "
            "docs/your-model.md"
        )
    told = " and ".join(f"{each.kind} '{each.name}'" for each in order)
    note = (
        f"no {path.stem}.toml lists its layers: its tensors are taken for {told}, with no function behind; for windows "
        f"of steps, or with a function, {_start(path, order)} (docs/your-model.md)"
    )
    entries: list[dict[str, object]] = [{"kind": each.kind, "weights": each.name} for each in order]
    entries[0]["return_sequences"] = True
    return order[0].ends[0], entries, note
