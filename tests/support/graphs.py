# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Random networks with branches, as they are trained: real values."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from model.layers.base import Layer
from model.layers.concatenate import Concatenate
from model.layers.merge import FUNCTIONS, Merge
from model.layers.permute import Permute
from model.layers.repeat import Repeat
from model.network import Network, Node
from model.signal import Signal
from tests.support.convolutions import Drawn
from tests.support.networks import Chain, Word


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
        return self.add(self.numbers.layer(f"{word[0]}{len(self.nodes)}", self.signal(read), word), read)

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


def drawn(seed: int, layers: int = 6, windows: bool = False) -> Network:
    """A random network with branches that are joined, of one to four steps, one to three features.

    ``windows``: with convolutions and pools, of up to eight steps.
    """
    random = np.random.default_rng(seed)
    steps = int(random.integers(1, 9 if windows else 5))
    inputs = [(steps, int(random.integers(1, 4))) for _ in range(1 + seed % 2)] + [(2,)] * (seed % 3 == 2)
    graph = Graph(seed, *inputs)
    for _ in range(layers):
        made = len(graph.inputs) + len(graph.nodes)
        read = int(random.integers(0, made))
        sequence = len(graph.signal(read).shape) == 2
        alike = [n for n in range(made) if graph.signal(n).shape == graph.signal(read).shape]
        width = int(random.integers(1, 4))
        choices = ["dense", "relu", *(["lstm", "last", "both"] if sequence else ["repeat"])]
        choices += ["join"] * 3 * bool(alike)
        choices += ["conv", "max", "global", "zeros", "permute", "reshape"] * (sequence and windows)
        choice = str(random.choice(choices))
        if choice == "join":
            other = int(random.choice(alike))
            if random.random() < 0.4:
                graph.concatenate([read, other, other][: int(random.integers(2, 4))])
            else:
                graph.merge(str(random.choice(sorted(FUNCTIONS))), read, other)
        elif choice == "permute":
            graph.permute(read)
        elif choice == "repeat":
            graph.repeat(read, int(random.integers(1, 4)))
        else:
            words: dict[str, Word] = {
                "dense": ("dense", width, "linear"),
                "relu": ("relu",),
                "lstm": ("lstm", width, True, bool(random.random() < 0.2)),
                "last": ("lstm", width, False, False),
                "conv": ("conv", width, int(random.integers(1, 4)), 1 + seed % 2, 1, "causal", 1, "linear"),
                "max": ("max", 2, 1 + seed % 2, "same"),
                "global": ("global", "max"),
                "zeros": ("zeros", int(random.integers(0, 2)), int(random.integers(0, 3))),
                "reshape": ("reshape", _shape(graph.signal(read).shape, random)),
                "both": ("both", width, bool(random.random() < 0.7)),
            }
            graph.word(words[choice], read)
    ends = [graph.word(("lstm", 2, False, False), n) if len(graph.signal(n).shape) == 2 else n for n in graph.unread()]
    whole = graph.concatenate(ends) if len(ends) > 1 else ends[0]
    last = graph.word(("dense", 2, "linear"), whole)
    others = [n for n in range(len(graph.inputs), last) if n in ends or random.random() < 0.1]
    return graph.network(last, *(others if seed % 4 == 3 else ()))
