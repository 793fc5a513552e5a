# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Export small models of PyTorch to ONNX: the files of tests/model/data/onnx, which the tests read.

The tests only read the results, so PyTorch is not among the project's requirements:

    pip install torch==2.13.0 onnx==1.23.2 onnxscript==0.7.2
    python -m tests.torch_exports

Each model is exported by TorchScript's exporter (``ts``) or the newer one (``dynamo``), some with one sample (``one``),
the others with a batch that is left open. Comments of the exporters are dropped: they hold paths of the machine.
"""

from __future__ import annotations

import itertools
import sys
import warnings
from collections.abc import Iterator
from typing import Any, NamedTuple

import torch
from torch import nn

from tests.support.bare import HERE, bare

STEPS, FEATURES, UNITS = 5, 3, 4


class Net(nn.Module):
    """A recurrent layer and a linear one; ``take``: every step, the last of all outputs, or the last hidden states."""

    def __init__(self, cell: str, layers: int, both: bool, first: bool, take: str, **settings: Any) -> None:
        super().__init__()
        self.rnn = getattr(nn, cell)(FEATURES, UNITS, layers, bidirectional=both, batch_first=first, **settings)
        self.head = nn.Linear(UNITS * (1 + both), 2)
        self.cell, self.both, self.first, self.take = cell, both, first, take

    def forward(self, x: Any) -> Any:
        y, h = self.rnn(x)
        if self.take == "every":
            return self.head(y)
        if self.take == "last":
            return self.head(y[:, -1] if self.first else y[-1])
        h = h[0] if self.cell == "LSTM" else h
        return self.head(torch.cat([h[-2], h[-1]], 1) if self.both else h[-1])


class States(nn.Module):
    """The states are inputs and outputs."""

    def __init__(self, cell: str, layers: int) -> None:
        super().__init__()
        self.rnn, self.cell = getattr(nn, cell)(FEATURES, UNITS, layers, batch_first=True), cell
        self.head = nn.Linear(UNITS, 2)

    def forward(self, x: Any, h: Any, c: Any = None) -> Any:
        if self.cell == "LSTM":
            y, (h, c) = self.rnn(x, (h, c))
            return self.head(y[:, -1]), h, c
        y, h = self.rnn(x, h)
        return self.head(y[:, -1]), h


class Zeros(nn.Module):
    """The first states are zeros that forward makes, and the last ones are put out."""

    def __init__(self) -> None:
        super().__init__()
        self.rnn, self.head = nn.LSTM(FEATURES, UNITS, 2, batch_first=True), nn.Linear(UNITS, 2)

    def forward(self, x: Any) -> Any:
        zeros = torch.zeros(2, x.size(0), UNITS)
        y, (h, c) = self.rnn(x, (zeros, zeros))
        return self.head(y[:, -1, :]), h, c


class Convolved(nn.Module):
    """Convolutions, pools and normalisations around a GRU."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.norm, self.pool = nn.Conv1d(FEATURES, 6, 3, padding=1), nn.BatchNorm1d(6), nn.MaxPool1d(2)
        self.deep = nn.Conv1d(6, 6, 2, groups=6, dilation=2)
        self.rnn, self.layer = nn.GRU(6, UNITS, batch_first=True), nn.LayerNorm(UNITS)
        self.head, self.slopes = nn.Linear(UNITS, 2), nn.PReLU(UNITS)

    def forward(self, x: Any) -> Any:
        x = self.pool(torch.relu(self.norm(self.conv(x.transpose(1, 2)))))
        y, _ = self.rnn(torch.nn.functional.silu(self.deep(x)).transpose(1, 2))
        return torch.softmax(self.head(self.slopes(torch.nn.functional.gelu(self.layer(y.mean(1))))), -1)


class Branches(nn.Module):
    """Two branches that are added and joined, and what the input is beside them."""

    def __init__(self) -> None:
        super().__init__()
        self.one, self.other = nn.LSTM(FEATURES, UNITS, batch_first=True), nn.GRU(FEATURES, UNITS, batch_first=True)
        self.norm, self.head = nn.BatchNorm1d(UNITS), nn.Linear(3 * UNITS, 2)

    def forward(self, x: Any) -> Any:
        one, other = self.one(x)[0], self.other(x)[0]
        both = torch.cat([one + other, one * torch.sigmoid(other)], 2)
        both = torch.nn.functional.leaky_relu(both) * 2.0 - 0.25
        norm = self.norm(other.transpose(1, 2)).transpose(1, 2)
        return torch.tanh(self.head(torch.cat([both, norm], 2).flatten(1).view(-1, STEPS, 3 * UNITS)))


class Code(nn.Module):
    """An autoencoder: the last hidden state at every step."""

    def __init__(self) -> None:
        super().__init__()
        self.narrow, self.wide = nn.LSTM(FEATURES, 2, batch_first=True), nn.LSTM(2, UNITS, batch_first=True)
        self.head = nn.Linear(UNITS, FEATURES)

    def forward(self, x: Any) -> Any:
        _, (h, _) = self.narrow(x)
        return self.head(self.wide(h[-1].unsqueeze(1).repeat(1, x.size(1), 1))[0])


class Weighed(nn.Module):
    """The mean of all steps by a weight that each gets."""

    def __init__(self) -> None:
        super().__init__()
        self.rnn, self.weigh = nn.GRU(FEATURES, UNITS, batch_first=True, bidirectional=True), nn.Linear(2 * UNITS, 1)
        self.head = nn.Linear(2 * UNITS, 2)

    def forward(self, x: Any) -> Any:
        y, _ = self.rnn(x)
        return self.head((torch.softmax(self.weigh(y), 1) * y).sum(1))


class Ids(nn.Module):
    """A table looked up by ids, and two outputs."""

    def __init__(self) -> None:
        super().__init__()
        self.table, self.rnn = nn.Embedding(9, FEATURES), nn.LSTM(FEATURES, UNITS, batch_first=True)
        self.head, self.tail = nn.Linear(UNITS * STEPS, 3), nn.Linear(UNITS, 2)

    def forward(self, ids: Any) -> Any:
        y, (h, _) = self.rnn(self.table(ids))
        return self.head(torch.flatten(y, 1)), self.tail(h.squeeze(0))


class Cells(nn.Module):
    """A cell that is called for each step."""

    def __init__(self, cell: str) -> None:
        super().__init__()
        self.cell, self.head = getattr(nn, cell)(FEATURES, UNITS), nn.Linear(UNITS, 2)

    def forward(self, x: Any) -> Any:
        h = c = torch.zeros(x.size(0), UNITS)
        every = []
        for step in range(STEPS):
            if isinstance(self.cell, nn.LSTMCell):
                h, c = self.cell(x[:, step], (h, c))
            else:
                h = self.cell(x[:, step], h)
            every.append(h)
        return self.head(torch.stack(every, 1))


class Step(nn.Module):
    """One step of cells, one behind the other, whose states are inputs and outputs; ``bare``: of nothing but a cell."""

    def __init__(self, cell: str, layers: int = 1, bare: bool = False) -> None:
        super().__init__()
        sizes = (FEATURES, *(UNITS,) * (layers - 1))
        self.cells, self.bare = nn.ModuleList(getattr(nn, cell)(size, UNITS) for size in sizes), bare
        self.wide, self.head = nn.Linear(FEATURES, FEATURES), nn.Linear(UNITS, 2)

    def forward(self, x: Any, h: Any, c: Any = None) -> Any:
        y = x if self.bare else torch.relu(self.wide(x))
        hs, cs = [], []
        for at, cell in enumerate(self.cells):
            own, inner = (h, c) if len(self.cells) == 1 else (h[at], None if c is None else c[at])
            made = cell(y, own if c is None else (own, inner))
            y = made if c is None else made[0]
            hs.append(y)
            cs.append(None if c is None else made[1])
        new = [each[0] if len(self.cells) == 1 else torch.stack(each) for each in ((hs,) if c is None else (hs, cs))]
        return tuple(new) if self.bare else (self.head(y), *new)


class Joined(nn.Module):
    """A cell of one's own that reads x and its state side by side."""

    def __init__(self) -> None:
        super().__init__()
        self.inner, self.head = nn.Linear(FEATURES + UNITS, UNITS), nn.Linear(UNITS, 2)

    def forward(self, x: Any, h: Any) -> Any:
        h = torch.tanh(self.inner(torch.cat([x, h], 1)))
        return self.head(h), h


class Odd(nn.Module):
    """Two layers' h and c lie in the last axis of one state."""

    def __init__(self, whole: bool) -> None:
        super().__init__()
        kind: Any = nn.LSTM if whole else nn.LSTMCell
        self.one, self.other, self.whole = kind(FEATURES, UNITS), kind(UNITS, UNITS), whole
        self.head = nn.Linear(UNITS, 2)

    def forward(self, x: Any, s: Any) -> Any:
        y, new = x, []
        for at, cell in enumerate((self.one, self.other)):
            h, c = s[:, at, :, 0], s[:, at, :, 1]
            if self.whole:
                _, (h, c) = cell(y[None], (h[None], c[None]))
                h, c = h[0], c[0]
            else:
                h, c = cell(y, (h, c))
            y = h
            new.append(torch.stack([h, c], -1))
        return self.head(y), torch.stack(new, 1)


class Start(nn.Module):
    """The first state is one of ones."""

    def __init__(self) -> None:
        super().__init__()
        self.rnn, self.head = nn.RNN(FEATURES, UNITS, batch_first=True), nn.Linear(UNITS, 2)

    def forward(self, x: Any) -> Any:
        return self.head(self.rnn(x, torch.ones(1, x.size(0), UNITS))[0][:, -1])


class Case(NamedTuple):
    """A model, its inputs, and which axis of each is the batch."""

    name: str
    model: nn.Module
    inputs: tuple[Any, ...]
    batch: tuple[int, ...]
    names: tuple[str, ...] = ("x",)
    steps: bool = False  # whether their number is left open, too: axis 1 of the first input


def cases() -> Iterator[Case]:
    """All of them, seeded."""
    torch.manual_seed(1)
    takes = itertools.cycle(("every", "last", "hidden"))
    for cell, layers, both, first in itertools.product(("LSTM", "GRU", "RNN"), (1, 2), (False, True), (True, False)):
        take = next(takes)
        net = Net(cell, layers, both, first, take)
        x = torch.randn((1, STEPS, FEATURES) if first else (STEPS, 1, FEATURES))
        name = f"{cell.lower()}{layers}_{'both' if both else 'one'}_{'batch' if first else 'steps'}_first_{take}"
        yield Case(name, net, (x,), (0 if first else 1,))
    x = torch.randn(1, STEPS, FEATURES)
    yield Case("rnn_relu", Net("RNN", 1, False, True, "last", nonlinearity="relu"), (x,), (0,))
    yield Case("gru_both_last", Net("GRU", 1, True, True, "last"), (x,), (0,))
    yield Case("lstm_both_hidden", Net("LSTM", 2, True, True, "hidden"), (x,), (0,))
    yield Case("lstm_no_bias", Net("LSTM", 1, False, True, "last", bias=False), (x,), (0,))
    h, c = torch.zeros(2, 1, UNITS), torch.zeros(2, 1, UNITS)
    yield Case("lstm_states", States("LSTM", 2), (x, h, c), (0, 1, 1), ("x", "h", "c"))
    yield Case("gru_states", States("GRU", 1), (x[:, :1], h[:1]), (0, 1), ("x", "h"))
    yield Case("zeros", Zeros(), (x,), (0,))
    yield Case("convolved", Convolved(), (torch.randn(1, 12, FEATURES),), (0,))
    yield Case("branches", Branches(), (x,), (0,))
    yield Case("code", Code(), (x,), (0,))
    yield Case("weighed", Weighed(), (x,), (0,))
    yield Case("open", Net("LSTM", 2, False, True, "last"), (x,), (0,), steps=True)
    yield Case("open_states", States("GRU", 2), (x, h.clone()), (0, 1), ("x", "h"), steps=True)
    yield Case("open_both", Net("GRU", 1, True, True, "every"), (x,), (0,), steps=True)
    yield Case("ids", Ids(), (torch.tensor([[1, 3, 0, 8, 2]]),), (0,), ("ids",))
    hours = Net("LSTM", 1, False, True, "hidden")  # of samples that models/forecast-window has
    hours.rnn, hours.head = nn.LSTM(32, UNITS, batch_first=True), nn.Linear(UNITS, 16)
    yield Case("hours", hours, (torch.randn(1, 1, 32),), (0,))
    for cell in ("RNNCell", "GRUCell", "LSTMCell"):
        yield Case(f"{cell.lower()}s", Cells(cell), (x,), (0,))
    yield Case("rnn_start", Start(), (x,), (0,))
    yield from steps(x[:, 0])


def steps(x: Any) -> Iterator[Case]:
    """Single ones."""
    for cell, names in (("LSTM", ("h", "c")), ("GRU", ("h",)), ("RNN", ("h",))):
        for name, layers, alone in (("step", 1, False), ("steps", 2, False), ("bare", 1, True)):
            held = tuple(torch.zeros(*([layers] if layers > 1 else []), 1, UNITS) for _ in names)
            axes = (0, *(held[0].ndim - 2 for _ in names))
            yield Case(
                f"{name}_{cell.lower()}_states", Step(f"{cell}Cell", layers, alone), (x, *held), axes, ("x", *names)
            )
    yield Case("joined_rnn_states", Joined(), (x, torch.zeros(1, UNITS)), (0, 0), ("x", "h"))
    for name, whole in (("parts", False), ("whole", True)):
        yield Case(f"{name}_odd_states", Odd(whole), (x, torch.zeros(1, 2, UNITS, 2)), (0, 0), ("x", "s"))


def export(case: Case, dynamo: bool, one: bool) -> None:
    """One file."""
    path = HERE / f"{'dynamo' if dynamo else 'ts'}{'_one' if one else ''}_{case.name}.onnx"
    settings: dict[str, Any] = {"input_names": list(case.names), "dynamo": dynamo}
    inputs = case.inputs
    if dynamo:
        settings |= {"external_data": False, "verbose": False}
        if not one:
            inputs = tuple(torch.cat([each, each], axis) for each, axis in zip(inputs, case.batch, strict=True))
            settings["dynamic_shapes"] = tuple({axis: torch.export.Dim("batch")} for axis in case.batch)
            if case.steps:
                settings["dynamic_shapes"][0][1] = torch.export.Dim("steps")
    elif not one:
        settings["dynamic_axes"] = {name: {axis: "batch"} for name, axis in zip(case.names, case.batch, strict=True)}
        if case.steps:
            settings["dynamic_axes"]["x"][1] = "steps"
    torch.onnx.export(case.model.eval(), inputs, str(path), **settings)
    bare(path)


def main() -> None:
    """All, or those whose names are given."""
    warnings.simplefilter("ignore")
    HERE.mkdir(exist_ok=True)
    for number, case in enumerate(cases()):
        if sys.argv[1:] and case.name not in sys.argv[1:]:
            continue
        export(case, False, number % 5 == 1 and not case.steps)
        export(case, True, number % 3 == 1 and not case.steps)


if __name__ == "__main__":
    main()
