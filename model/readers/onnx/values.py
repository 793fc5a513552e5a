# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""What a name in an ONNX graph stands for: a signal, and where each of its ONNX axes lies in the signal's memory.

A signal's elements are numbered by atoms, major first: those of (T, 2H) may be T, 2 and H. An axis of a tensor is made
of atoms, of none if its length is one. Transpose, Reshape, Squeeze and Unsqueeze only regroup them; nothing moves. The
batch is an atom that lies in no signal. Several signals side by side along an axis are a ``Join``, until a layer wants
them as one.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from model.signal import Array

BATCH = -1  # the atom that is the batch

Axis = tuple[int, ...]  # atoms, major first


class MisfitError(Exception):
    """What is asked for would move elements, or mix them."""


@dataclass(frozen=True)
class Cell:
    """What a recurrent node gives in one direction, before it is a layer: see model/readers/onnx/recurrent.py."""

    node: int
    direction: int  # 0: the node's first
    what: str  # of ``recurrent.GIVES``


@dataclass(frozen=True)
class State:
    """A first state that is an input of the graph."""

    input: str
    row: int  # of those side by side in it


Source = int | Cell | State


@dataclass(frozen=True)
class Tensor:
    """A signal with ONNX's axes."""

    source: Source  # the signal's number
    sizes: tuple[int, ...]  # of the atoms, as they lie in memory; none is 1
    axes: tuple[Axis, ...]
    batch: int  # its size

    def size(self, atom: int) -> int:
        """Of one atom."""
        return self.batch if atom == BATCH else self.sizes[atom]

    def length(self, axis: int) -> int:
        """Of one axis."""
        return math.prod(map(self.size, self.axes[axis]))

    @property
    def shape(self) -> tuple[int, ...]:
        """As ONNX has it."""
        return tuple(map(self.length, range(len(self.axes))))

    def is_batch(self, axis: int) -> bool:
        """Whether an axis is the batch and nothing else."""
        return self.axes[axis] == ((BATCH,) if self.batch > 1 else ())

    def without_batch(self, axis: int) -> Axis:
        """The atoms of an axis that lie in the signal."""
        return tuple(atom for atom in self.axes[axis] if atom != BATCH)

    # ---- what only changes the axes ----

    def transposed(self, order: Sequence[int]) -> Tensor:
        """Axes in another order."""
        return replace(self, axes=tuple(self.axes[axis] for axis in order))

    def squeezed(self, axes: Iterable[int]) -> Tensor:
        """Without axes of one."""
        gone = set(axes)
        if any(self.length(axis) != 1 for axis in gone):
            raise MisfitError("it drops an axis that is not of length 1")
        return replace(self, axes=tuple(axis for number, axis in enumerate(self.axes) if number not in gone))

    def unsqueezed(self, axes: Sequence[int]) -> Tensor:
        """With axes of one, in these places of the result."""
        made = list(self.axes)
        for axis in sorted(axes):
            made.insert(axis, ())
        return replace(self, axes=tuple(made))

    def _runs(self) -> list[tuple[tuple[int, ...], int]]:
        """All atoms in the order of ONNX by a key that sorts as memory does, those that lie so as well as one."""
        runs: list[tuple[tuple[int, ...], int]] = []
        last = BATCH
        for atom in (atom for axis in self.axes for atom in axis):
            if BATCH not in (atom, last) and atom == last + 1:
                runs[-1] = (runs[-1][0], runs[-1][1] * self.size(atom))
            else:
                runs.append(((atom,), self.size(atom)))
            last = atom
        return runs

    def reshaped(self, shape: Sequence[int]) -> Tensor:
        """With axes of these lengths; raises ``MisfitError`` where an atom cannot be parted so."""
        left = self._runs()
        axes: list[list[tuple[int, ...]]] = []
        sizes: dict[tuple[int, ...], int] = {}
        for length in shape:
            axis: list[tuple[int, ...]] = []
            while length > 1:
                if not left:
                    raise MisfitError("it asks for more elements than there are")
                key, size = left.pop(0)
                if size > length:
                    if size % length or key == (BATCH,):
                        raise MisfitError(f"it parts an axis of {size} by {length}")
                    left.insert(0, ((*key, 1), size // length))
                    key, size = (*key, 0), length
                if length % size:
                    raise MisfitError(f"it mixes axes of {size} and {length}")
                length //= size
                axis.append(key)
                sizes[key] = size
            axes.append(axis)
        if left:
            raise MisfitError("it asks for fewer elements than there are")
        return _numbered(self, sizes, axes)

    # ---- memory ----

    def in_order(self, groups: Sequence[Iterable[int]]) -> tuple[Axis, tuple[int, ...]]:
        """The atoms of these groups of axes in turn, and the size of each group without the batch; they are all."""
        atoms = [[atom for axis in group for atom in self.without_batch(axis)] for group in groups]
        flat = tuple(atom for group in atoms for atom in group)
        assert sorted(flat) == list(range(len(self.sizes))), "axes were left out"
        return flat, tuple(math.prod(self.sizes[atom] for atom in group) for group in atoms)


def _numbered(tensor: Tensor, sizes: dict[tuple[int, ...], int], axes: list[list[tuple[int, ...]]]) -> Tensor:
    """With atoms as they are parted now; those that always stand together become one."""
    keys = sorted(key for key in sizes if key != (BATCH,))
    behind = dict(pairwise(keys))
    starts = {axis[0] for axis in axes if axis}
    starts |= {other for axis in axes for one, other in pairwise(axis) if behind.get(one) != other}
    numbers: dict[tuple[int, ...], int] = {}
    made: list[int] = []
    for at, key in enumerate(keys):
        if key in starts or at == 0 or not made:
            made.append(sizes[key])
        else:
            made[-1] *= sizes[key]
        numbers[key] = len(made) - 1
    return replace(
        tensor,
        sizes=tuple(made),
        axes=tuple(tuple(dict.fromkeys(BATCH if key == (BATCH,) else numbers[key] for key in axis)) for axis in axes),
    )


def of_signal(source: Source, shape: Sequence[int], batch: int, at: int | None = 0) -> Tensor:
    """A signal of this shape with an axis for each of its own, and one for the batch."""
    axes: list[Axis] = []
    sizes: list[int] = []
    for size in shape:
        axes.append((len(sizes),) if size > 1 else ())
        sizes += [size] if size > 1 else []
    if at is not None:
        axes.insert(at, (BATCH,) if batch > 1 else ())
    return Tensor(source, tuple(sizes), tuple(axes), batch)


@dataclass(frozen=True)
class Join:
    """Tensors side by side along an axis."""

    axis: int
    parts: tuple[Tensor, ...]

    @property
    def shape(self) -> tuple[int, ...]:
        """As ONNX has it."""
        shape = list(self.parts[0].shape)
        shape[self.axis] = sum(part.length(self.axis) for part in self.parts)
        return tuple(shape)

    def transposed(self, order: Sequence[int]) -> Join:
        """Axes in another order."""
        return Join(list(order).index(self.axis), tuple(part.transposed(order) for part in self.parts))

    def squeezed(self, axes: Iterable[int]) -> Join:
        """Without axes of one."""
        gone = set(axes)
        if self.axis in gone:
            raise MisfitError("it drops an axis that is not of length 1")
        before = sum(axis < self.axis for axis in gone)
        return Join(self.axis - before, tuple(part.squeezed(gone) for part in self.parts))

    def unsqueezed(self, axes: Sequence[int]) -> Join:
        """With axes of one, in these places of the result."""
        rank = len(self.parts[0].axes) + len(axes)
        kept = [axis for axis in range(rank) if axis not in set(axes)]
        return Join(kept[self.axis], tuple(part.unsqueezed(axes) for part in self.parts))

    def reshaped(self, shape: Sequence[int]) -> Join:
        """With axes of these lengths, if each part keeps its share of the axis that stands where the joined one did."""
        old, before = self.shape, math.prod(self.shape[: self.axis])
        lengths = [part.length(self.axis) for part in self.parts]
        for at, length in enumerate(shape):
            shares = [divmod(one * length, old[self.axis]) for one in lengths]
            if math.prod(shape[:at]) == before and not any(rest for _, rest in shares):
                pairs = zip(self.parts, shares, strict=True)
                made = (part.reshaped((*shape[:at], share, *shape[at + 1 :])) for part, (share, _) in pairs)
                return Join(at, tuple(made))
        raise MisfitError("it mixes what is side by side")

    def taken(self, start: int, stop: int) -> Join | Tensor | None:
        """The parts from one place on the axis to another; None where a part would have to be cut."""
        parts, at = [], 0
        for part in self.parts:
            end = at + part.length(self.axis)
            if start < end and at < stop:
                if at < start or end > stop:
                    return None
                parts.append(part)
            at = end
        return joined(self.axis, parts) if parts else None


Signals = Tensor | Join
Value = Signals | Array


def joined(axis: int, parts: Sequence[Signals]) -> Signals:
    """Side by side; what is so already, along the same axis, is taken apart for it."""
    flat: list[Tensor] = []
    for part in parts:
        if isinstance(part, Tensor):
            flat.append(part)
        elif part.axis == axis:
            flat += part.parts
        else:
            raise MisfitError("it joins along two axes")
    return flat[0] if len(flat) == 1 else Join(axis, tuple(flat))


# ---- tensors of new signals ----


def with_last(laid: Tensor, number: int, axis: int, length: int) -> Tensor:
    """A new signal like the one of a tensor, whose last atoms were this axis: it has another length now."""
    own = [atom for atom in laid.axes[axis] if atom != BATCH]
    lead = len(laid.sizes) - len(own)
    sizes, atoms = (*laid.sizes[:lead], *([length] if length > 1 else [])), (lead,) if length > 1 else ()
    axes = tuple(atoms if at == axis else each for at, each in enumerate(laid.axes))
    return Tensor(number, sizes, axes, laid.batch)


def first_axis(laid: Tensor, number: int, axis: int, length: int) -> Tensor:
    """A new signal like the one of a tensor, whose first atoms were this axis: it has another length now."""
    gone, kept = len(laid.axes[axis]), int(length > 1)
    sizes = (*([length] if kept else []), *laid.sizes[gone:])
    axes = []
    for at, each in enumerate(laid.axes):
        own = tuple(atom if atom == BATCH else atom - gone + kept for atom in each)
        axes.append(((0,) if kept else ()) if at == axis else own)
    return Tensor(number, sizes, tuple(axes), laid.batch)
