# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Random chains with convolutions, pools, padding and cropping, as those of networks.py."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import strategies as st

from model import formats
from model.layers.base import Layer
from model.layers.conv1d import Conv1d
from model.layers.global_pool import GlobalAveragePool, GlobalMaxPool
from model.layers.pad import Cropping, ZeroPadding
from model.layers.pool import AveragePool, MaxPool
from model.layers.window import Window, padded
from model.network import Network, chained
from model.signal import Signal
from tests.support import networks
from tests.support.networks import Chain, Numbers, Word, format_of

# words besides those of networks.py: ("conv", outputs, length, stride, dilation, padding, groups, linear or relu),
# ("max" or "average", length, stride, padding), ("global", "max" or "average"), ("zeros", left, right),
# ("crop", left, right)
POOLS = {"max": MaxPool, "average": AveragePool}


def window_of(word: Word, steps: int) -> Window:
    """What a conv, max or average takes of a sequence."""
    kind, *rest = word
    if kind == "conv":
        _, length, stride, dilation, padding, *_ = rest
        return padded(padding, steps, length, stride, dilation)
    length, stride, padding = rest
    return padded(padding, steps, length, stride)


def shape_after(word: Word, shape: tuple[int, ...]) -> tuple[int, ...]:
    """The shape of a layer's output."""
    kind, *rest = word
    if kind in ("conv", *POOLS):
        return (window_of(word, shape[0]).steps(shape[0]), rest[0] if kind == "conv" else shape[1])
    if kind == "global":
        return shape[1:]
    if kind in ("zeros", "crop"):
        sign = 1 if kind == "zeros" else -1
        return (shape[0] + sign * sum(rest), shape[1])
    return networks.shape_after(word, shape)


class Drawn(Numbers):
    """Draws the numbers of these layers, too."""

    def layer(self, name: str, source: Signal, word: Word) -> Layer:
        """What ``word`` stands for."""
        kind, *rest = word
        same = replace(source, shape=shape_after(word, source.shape))
        if kind == "conv":
            outputs, length, *_, groups, clamp = rest
            kernel = self.weights((outputs, length * source.shape[1] // groups), source)
            out = self.signal(same.shape, 2)
            bias, format = self.bias(kernel, source, out.scale), format_of(out, kernel)
            window = window_of(word, source.shape[0])
            return Conv1d(name, kernel, bias, clamp, out, format, window=window, groups=groups)
        if kind in POOLS:
            return POOLS[kind](name, window_of(word, source.shape[0]), same)
        if kind == "global" and rest[0] == "max":
            return GlobalMaxPool(name, same)
        if kind == "global":
            scale = float(np.float32(source.scale * self.random.uniform(0.2, 1.5)))
            return GlobalAveragePool(name, same if source.real else replace(self.signal(same.shape, 0), scale=scale))
        if kind == "zeros":
            return ZeroPadding(name, *rest, same)
        return Cropping(name, *rest, same) if kind == "crop" else super().layer(name, source, word)


def build(chain: Chain) -> Network:
    """The network of a chain."""
    numbers = Drawn(chain)
    source = first = numbers.signal(chain.shape, int(numbers.random.integers(-3, 4)))
    layers: list[Layer] = []
    for index, word in enumerate(chain.words):
        layers.append(numbers.layer(f"{word[0]}{index}", source, word))
        source = layers[-1].output
    return chained("net", "made by a test", "0" * 64, chain.quantisation, first, tuple(layers))


def _word(draw: st.DrawFn, shape: tuple[int, ...]) -> Word:
    """A layer that leaves something of a sequence."""
    kind = draw(st.sampled_from(("conv", "conv", "conv", "max", "average", "zeros", "crop", "lstm", "dense", "tanh")))
    small, steps = st.integers(1, 4), shape[0]
    if kind == "conv":
        groups = draw(st.sampled_from([n for n in range(1, shape[1] + 1) if shape[1] % n == 0]))
        padding = draw(st.sampled_from(("valid", "same", "causal")))
        dilation = draw(st.integers(1, 3))
        most = (steps - 1) // dilation + 1 if padding == "valid" else 5
        length, clamp = draw(st.integers(1, min(5, most))), draw(st.sampled_from(("linear", "relu")))
        return (
            kind,
            groups * draw(st.integers(1, 2)),
            length,
            draw(st.integers(1, 3)),
            dilation,
            padding,
            groups,
            clamp,
        )
    if kind in POOLS:
        padding = draw(st.sampled_from(("valid", "same"))) if kind == "max" else "valid"
        return (kind, draw(st.integers(1, min(4, steps))), draw(st.integers(1, 3)), padding)
    if kind == "zeros":
        return (kind, draw(st.integers(0, 3)), draw(st.integers(0, 2)))
    if kind == "crop":
        left = draw(st.integers(0, min(2, steps - 1)))
        return (kind, left, draw(st.integers(0, min(2, steps - 1 - left))))
    if kind == "lstm":
        return (kind, draw(small), True, False)
    return (kind, draw(small), "linear") if kind == "dense" else (kind,)


@st.composite
def chains(draw: st.DrawFn, quantisation: str) -> Chain:
    """A few layers on a sequence, and what makes an output of it."""
    shape = first = draw(st.tuples(st.integers(1, 17), st.sampled_from((1, 2, 3, 4, 6))))
    words: list[Word] = []
    for _ in range(draw(st.integers(1, 3))):
        words.append(_word(draw, shape))
        shape = shape_after(words[-1], shape)
    last: list[tuple[Word, ...]] = [(), (("lstm", 3, False, False),), (("global", "max"),), (("global", "average"),)]
    last += [(("both", 2, True),), (("reshape", (int(np.prod(shape)),)), ("dense", 3, "linear"))]
    words += draw(st.sampled_from(last))
    extreme = draw(st.booleans()) and quantisation in networks.INTEGERS
    return Chain(quantisation, first, tuple(words), extreme, seed=draw(st.integers(0, 2**31)))


FORMATS = formats.names()
