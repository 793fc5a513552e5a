# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Random networks with branches, as they are trained: real values."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import fields, replace
from functools import partial

import numpy as np

from model.functions import FORMS, named
from model.layers.activation import Activation
from model.layers.base import Layer
from model.layers.bidirectional import Bidirectional
from model.layers.concatenate import Concatenate
from model.layers.layer_norm import LayerNorm
from model.layers.merge import FUNCTIONS, Merge
from model.layers.permute import Permute
from model.layers.prelu import Prelu
from model.layers.recurrent import Recurrent
from model.layers.repeat import Repeat
from model.layers.reverse import Reverse
from model.network import Network, Node
from model.signal import Signal
from tests.support.convolutions import Drawn
from tests.support.networks import BOTH, CELLS, Chain, Word

ACTIVATIONS = [name for name in FORMS if name != "linear"]
# what gates can have; of those what is within 0 and 1
GATES = [name for name in FORMS if name not in ("softmax", "bent_relu", "exponential", "leaky_relu")]
SHARES = ("sigmoid", "hard_sigmoid_keras2", "hard_sigmoid_keras3")
BOUNDED = (*SHARES, "tanh", "softsign", "hard_tanh")  # with others an LSTM's cell may grow without end


class Graph:
    """Grows by one layer at a time, on signals by their numbers."""

    def __init__(self, seed: int, *shapes: tuple[int, ...]) -> None:
        """``shapes``: of its inputs."""
        self.random = np.random.default_rng(seed)
        self.numbers = Drawn(Chain("float32", shapes[0], (), seed=seed))
        self.inputs = tuple(map(Signal, shapes))
        self.nodes: list[Node] = []

    def signal(self, number: int) -> Signal:
        """The one of this number."""
        count = len(self.inputs)
        return self.inputs[number] if number < count else self.nodes[number - count].layer.output

    def add(self, layer: Layer, *reads: int) -> int:
        """A layer; returns the number of its signal."""
        self.nodes.append(Node(layer, reads))
        return len(self.inputs) + len(self.nodes) - 1

    def word(self, word: Word, read: int) -> int:
        """A layer that a word stands for."""
        source, name = self.signal(read), f"{word[0]}{len(self.nodes)}"
        features = source.shape[-1]
        if word[0] == "function":
            function = named(word[1])
            return self.add(Activation(name, function.name, Signal(source.shape), parameters=function.parameters), read)
        if word == ("prelu",):
            alpha = self.random.normal(0.2, 0.5, features).astype(np.float32)
            return self.add(Prelu(name, alpha, Signal((features,)), Signal(source.shape)), read)
        if word == ("norm",):
            scale, offset = self.random.normal(0, 1, (2, features)).astype(np.float32)
            return self.add(LayerNorm(name, scale, offset, 1e-3, Signal(source.shape)), read)
        return self.add(self.numbers.layer(name, source, word), read)

    def merge(self, function: str, one: int, other: int) -> int:
        """Two signals of one shape."""
        return self.add(Merge(f"{function}{len(self.nodes)}", function, self.signal(one)), one, other)

    def concatenate(self, reads: Sequence[int]) -> int:
        """Signals of as many steps."""
        shape = (*self.signal(reads[0]).shape[:-1], sum(self.signal(n).shape[-1] for n in reads))
        return self.add(Concatenate(f"concatenate{len(self.nodes)}", Signal(shape)), *reads)

    def repeat(self, read: int, steps: int) -> int:
        """A vector at every step."""
        return self.add(Repeat(f"repeat{len(self.nodes)}", Signal((steps, *self.signal(read).shape))), read)

    def permute(self, read: int) -> int:
        """Steps as features, features as steps."""
        return self.add(Permute(f"permute{len(self.nodes)}", Signal(self.signal(read).shape[::-1])), read)

    def reverse(self, read: int) -> int:
        """The last step first."""
        return self.add(Reverse(f"reverse{len(self.nodes)}", Signal(self.signal(read).shape)), read)

    def network(self, *outputs: int) -> Network:
        """As it is now."""
        return Network("net", "made by a test", "0" * 64, "float32", self.inputs, tuple(self.nodes), outputs)

    def unread(self) -> list[int]:
        """Signals that nothing reads yet."""
        read = {number for node in self.nodes for number in node.reads}
        return [number for number in range(len(self.inputs) + len(self.nodes)) if number not in read]


def _shape(shape: tuple[int, ...], random: np.random.Generator) -> tuple[int, ...]:
    """Another of as many values."""
    values = int(np.prod(shape))
    steps = [n for n in range(1, values + 1) if values % n == 0]
    return (values,) if random.random() < 0.3 else (int(n := random.choice(steps)), values // int(n))


def _from_a_state(cell: Recurrent, random: np.random.Generator) -> Recurrent:
    """The cell with another state than zeros before the first step."""
    return replace(cell, start=random.normal(0, 0.5, (len(cell.states), cell.units)).astype(np.float32))


def _with_functions(cell: Recurrent, turn: int) -> Recurrent:
    """The cell with others of the functions that its gates can have."""
    chosen = {"activation": named(GATES[turn % len(GATES)])}
    if "recurrent_activation" in {field.name for field in fields(cell)}:
        known = SHARES if cell.kind == "gru" else BOUNDED  # in integers a GRU's are within 0 and 1
        chosen["recurrent_activation"] = named(known[5 * turn % len(known)])
    return replace(cell, **chosen)


class Grower:
    """Adds random layers to a graph."""

    def __init__(self, seed: int, graph: Graph, windows: bool) -> None:
        self.seed, self.graph, self.windows = seed, graph, windows
        self.random = np.random.default_rng(seed)

    def below(self, end: int, start: int = 0) -> int:
        """A number from ``start`` to below ``end``."""
        return int(self.random.integers(start, end))

    def sequences(self, read: int) -> list[Word]:
        """What can be done to a sequence."""
        shape, width, group = self.graph.signal(read).shape, self.below(4, 1), self.below(2)
        cell, stride = str(self.random.choice(CELLS)), self.below(3, 1)
        found: list[Word] = [
            (cell, width, True, self.random.random() < 0.2),
            (cell, width, False, False),
            (str(self.random.choice(list(BOTH))), width, self.random.random() < 0.7),
        ]
        if self.windows:
            groups = shape[1] if group else 1
            pool = str(self.random.choice(["max", "average"]))
            found += [
                ("conv", width * groups, self.below(4, 1), stride, self.below(3, 1), "causal", groups, "linear"),
                ("conv", width, 2, stride, 1, "same", 1, "relu"),
                (pool, min(2, shape[0]), stride, "same" if pool == "max" else "valid"),
                ("global", str(self.random.choice(["max", "average"]))),
                ("zeros", self.below(2), self.below(3)),
                ("reshape", _shape(shape, self.random)),
                ("permute",),
                ("reverse",),
            ]
            found += [("crop", self.below(2), 0)] * (shape[0] > 1)
        return found

    def anything(self, read: int) -> list[Word]:
        """What can be done to any signal."""
        width = self.graph.signal(read).shape[-1]
        function = str(self.random.choice(ACTIVATIONS))
        found: list[Word] = [
            ("dense", self.below(4, 1), "linear"),
            ("relu",),
            ("function", function),
            ("prelu",),
            ("norm",),
        ]
        return [*found, ("normalise",), *([("halves", str(self.random.choice(sorted(FUNCTIONS))))] * (width % 2 == 0))]

    def join(self, read: int) -> None:
        """It with others of its shape."""
        made = range(len(self.graph.inputs) + len(self.graph.nodes))
        other = int(
            self.random.choice([n for n in made if self.graph.signal(n).shape == self.graph.signal(read).shape])
        )
        if self.random.random() < 0.4:
            self.graph.concatenate([read, other, other][: self.below(4, 2)])
        else:
            self.graph.merge(str(self.random.choice(sorted(FUNCTIONS))), read, other)

    def grow(self) -> None:
        """By one layer."""
        read = self.below(len(self.graph.inputs) + len(self.graph.nodes))
        sequence = len(self.graph.signal(read).shape) == 2
        kind = self.random.random()
        if kind < 0.3:
            self.join(read)
        elif kind < 0.55:
            self.add(self.anything(read), read)
        elif sequence:
            self.add(self.sequences(read), read)
        else:
            self.graph.repeat(read, self.below(4, 1))

    def add(self, words: list[Word], read: int) -> None:
        """What one of the words stands for."""
        word = words[self.below(len(words))]
        if word in (("permute",), ("reverse",)):
            self.graph.permute(read) if word == ("permute",) else self.graph.reverse(read)
            return
        self.graph.word(word, read)
        if self.random.random() < 0.5:
            self.change(lambda cell: _with_functions(cell, self.seed + len(self.graph.nodes)))
        if self.random.random() < 0.3:
            self.change(lambda cell: _from_a_state(cell, self.random))

    def change(self, make: Callable[[Recurrent], Recurrent]) -> None:
        """The last layer, if it is a cell or two."""
        layer, reads = self.graph.nodes[-1].layer, self.graph.nodes[-1].reads
        if isinstance(layer, Recurrent):
            self.graph.nodes[-1] = Node(make(layer), reads)
        elif isinstance(layer, Bidirectional):
            changed = replace(layer, forward=make(layer.forward), backward=make(layer.backward))
            self.graph.nodes[-1] = Node(changed, reads)


def drawn(seed: int, layers: int = 6, windows: bool = False) -> Network:
    """A random network with branches that are joined, of one to four steps, one to three features.

    ``windows``: with convolutions and pools, of up to eight steps.
    """
    random = np.random.default_rng(seed)
    steps = int(random.integers(1, 9 if windows else 5))
    inputs = [(steps, int(random.integers(1, 4))) for _ in range(1 + seed % 2)] + [(2,)] * (seed % 3 == 2)
    graph = Graph(seed, *inputs)
    grower = Grower(seed, graph, windows)
    for _ in range(layers):
        grower.grow()
    ends = graph.unread()
    for turn, read in enumerate(ends):
        if len(graph.signal(read).shape) == 2:
            ends[turn] = graph.word(("lstm", 2, False, False), read)
            grower.change(partial(_with_functions, turn=seed + turn))
    ends = [graph.word(("function", ACTIVATIONS[(seed + turn) % len(ACTIVATIONS)]), n) for turn, n in enumerate(ends)]
    whole = graph.concatenate(ends) if len(ends) > 1 else ends[0]
    last = graph.word(("dense", 2, "linear"), whole)
    others = [n for n in range(len(graph.inputs), last) if n in ends or random.random() < 0.1]
    return graph.network(last, *(others if seed % 4 == 3 else ()))
