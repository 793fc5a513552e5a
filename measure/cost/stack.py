# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""The deepest that the stack can get, from the machine code itself.

Every path through a function is followed from its first instruction, with the depth of the stack that its pushes,
pops and adjustments give; a call adds the callee's own worst case at that depth. That is a proof when the paths are
all known and finite: no recursion, no call through a pointer, no adjustment by a value that only the run knows.
It holds for compiled code, the libraries and hand assembly alike. Where a function also has call frame information
(.cfi in assembly), that must tell the same bytes.
"""

from __future__ import annotations

import bisect
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from measure.cost import sizes
from measure.cost.flow import Flow, Kind, arm, riscv
from measure.cost.timing.disassembly import disassemble
from measure.cost.unwind import Frames
from target.description import Target

LINK = {"arm": "lr", "riscv": "x1"}  # the register that a caller leaves the way back in


@dataclass(frozen=True)
class Bound:
    """The worst case of one function with everything it calls, without interrupts."""

    bytes: int  # when not proved: what the paths that could be followed need
    why: tuple[str, ...]  # it is not proved; empty when it is
    chain: tuple[tuple[str, int], ...]  # the deepest calls, outermost first, with the bytes that each takes


@dataclass
class _Function:
    """What following one function from ``entry`` finds; addresses in [low, high) are its own."""

    name: str
    low: int
    high: int
    link: str  # the register that its caller left the way back in
    deepest: int = 0
    depths: dict[int, int] = field(default_factory=dict)  # of the stack before each instruction reached
    calls: dict[tuple[int, int, str], None] = field(default_factory=dict)  # depth, callee, link
    tables: list[int] = field(default_factory=list)  # depths at jumps through a table
    why: dict[str, None] = field(default_factory=dict)

    def doubt(self, sentence: str) -> None:
        """Note why the result proves nothing."""
        self.why[f"{self.name} {sentence}"] = None

    def step(self, address: int, depth: int, flow: Flow | None, behind: int) -> Iterator[tuple[int, int]]:
        """Take note of one instruction; yield where it goes on within the function, and how deep the stack is there."""
        known = self.depths.setdefault(address, depth)
        if flow is None or flow.grows is None:
            self.doubt(f"{'runs into data' if flow is None else 'sets the stack pointer from a register'}")
            return
        if known != depth:
            self.doubt(f"reaches {address:#x} with different depths of the stack")
            return
        after = depth + flow.grows
        self.deepest = max(self.deepest, after)
        if flow.conditional:
            yield from self._go(behind, depth)
        if flow.kind == Kind.CALL:
            self.calls[after, flow.target, flow.link] = None
        elif flow.kind == Kind.INDIRECT:
            self.doubt("calls through a pointer")
        elif flow.kind in (Kind.RETURN, Kind.COMPUTED, Kind.TABLE):
            self._leave(flow, after)
        if flow.kind in (Kind.NEXT, Kind.BRANCH, Kind.CALL, Kind.INDIRECT):
            yield from self._go(behind, after)
        if flow.kind in (Kind.BRANCH, Kind.JUMP):
            yield from self._go(flow.target, after)

    def _go(self, there: int, depth: int) -> Iterator[tuple[int, int]]:
        if self.low <= there < self.high:
            if self.depths.get(there) != depth:
                yield there, depth
            return
        self.calls[depth, there, self.link] = None  # a tail call, whose callee returns to our caller
        if depth:
            self.doubt(f"goes on at {there:#x} with {depth} bytes on the stack")

    def _leave(self, flow: Flow, depth: int) -> None:
        if flow.kind == Kind.RETURN or (flow.kind == Kind.COMPUTED and flow.link == self.link):
            if depth:
                self.doubt(f"returns with {depth} bytes on the stack")
        elif flow.kind == Kind.TABLE or depth:  # a tail call would have given its stack back
            self.tables.append(depth)
        else:
            self.doubt("jumps to a computed address")


class Program:
    """The functions of one ELF."""

    def __init__(self, elf: Path, target: Target) -> None:
        self._arch = target.arch
        self._code = disassemble(elf, target)
        self._addresses = sorted(self._code)
        self._frames = Frames(elf)
        functions = sorted((s for s in sizes.symbols(elf) if s.kind == "FUNC"), key=lambda s: (s.address, s.size))
        self._functions = {s.address: s for s in functions}
        self._starts = list(self._functions)
        # a function of one file may be called like one for all
        self._named = {s.name: s.address for s in sorted(functions, key=lambda s: not s.file)}
        self._bounds: dict[tuple[int, str], Bound] = {}

    def bound(self, function: str) -> Bound:
        """Of a function by its name."""
        return self._bound(self._named[function], LINK[self._arch], ())

    def _bound(self, entry: int, link: str, callers: tuple[int, ...]) -> Bound:
        if (entry, link) in self._bounds:
            return self._bounds[entry, link]
        function = self._follow(entry, link)
        total, chain = function.deepest, [(function.name, function.deepest)]
        for depth, callee, way_back in function.calls:
            if callee in (*callers, entry):
                function.why[f"{self._function(callee)[0]} is recursive"] = None
                continue
            inner = self._bound(callee, way_back, (*callers, entry))
            function.why |= dict.fromkeys(inner.why)
            if depth + inner.bytes > total:
                total, chain = depth + inner.bytes, [(function.name, depth), *inner.chain]
        bound = Bound(total, tuple(function.why), tuple(chain))
        self._bounds[entry, link] = bound
        return bound

    def _function(self, address: int) -> tuple[str, int, int]:
        """Name and range of the function at an address; of all code when no function is there."""
        index = bisect.bisect_right(self._starts, address) - 1
        if index >= 0:
            found = self._functions[self._starts[index]]
            if address < found.address + found.size:
                return found.name, found.address, found.address + found.size
        return f"{address:#x}", 0, 1 << 64

    def _follow(self, entry: int, link: str) -> _Function:
        function = _Function(*self._function(entry), link)
        pending = [(entry, 0)]
        while pending:
            while pending:
                address, depth = pending.pop()
                if function.depths.get(address) != depth:
                    pending += function.step(address, depth, self._flow(address), self._behind(address))
            pending = self._through_table(function)
        told = self._frames.deepest(function.low, function.high)
        if told not in (None, function.deepest):
            function.doubt(f"takes {function.deepest} bytes by its instructions, {told} by its frame information")
        return function

    def _behind(self, address: int) -> int:
        index = bisect.bisect_right(self._addresses, address)
        return self._addresses[index] if index < len(self._addresses) else 1 << 64

    def _through_table(self, function: _Function) -> list[tuple[int, int]]:
        """Where a jump through a table leads: to the first instruction not reached yet, at the same depth."""
        if not function.tables:
            return []
        first = bisect.bisect_left(self._addresses, function.low)
        for address in self._addresses[first : bisect.bisect_left(self._addresses, function.high)]:
            padding = self._code[address].mnemonic == "nop"
            if address not in function.depths and not padding and self._flow(address) is not None:
                told = self._frames.depth(address)
                if told is None and len(set(function.tables)) > 1:
                    function.doubt("jumps through tables at different depths of the stack")
                return [(address, function.tables[0] if told is None else told)]
        return []

    def _flow(self, address: int) -> Flow | None:
        text = self._code.get(address)
        if text is None:
            return None
        return arm(text) if self._arch == "arm" else riscv(text, self._code.get(address - 4), address)
