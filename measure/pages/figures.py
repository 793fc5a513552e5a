# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""The figures of docs/arithmetic.md, drawn from the tables and functions that the device's bits are checked against.

``python -m measure.pages.figures NETWORK.npz --inputs INPUTS.npy --out docs/figures``: also facts.json, the numbers
that the page states.
"""

from __future__ import annotations

import argparse
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from model import fixed_point as fp
from model import lower, reference, store
from model.errors import run_main
from model.files import write_atomically
from model.functions import sigmoid
from model.layers.base import Place
from model.network import Network
from model.signal import Array

INK, GREY, BLUE, ORANGE = "#333333", "#888888", "#2c6fa8", "#d9822b"
Q15, Q12 = 2.0**15, 2.0**12
EVERY = np.arange(-(1 << 15), 1 << 15)  # int16


def errors() -> dict[str, Array]:
    """Distance of both functions from the ideal for every int16 in Q3.12, in units of the last place of Q0.15."""
    x = EVERY / Q12
    return {
        "sigmoid": fp.sigmoid16(EVERY) - Q15 * sigmoid(x),
        "tanh": fp.tanh16(EVERY, lower.GATE_LOG2_SCALE) - Q15 * np.tanh(x),
    }


def twice(right: int, sums: Array) -> float:
    """Share of ``sums`` where rounding twice, as the definition does, gives another integer than rounding once."""
    factor = fp.Multiplier(1_518_500_250, -right)  # 2**31 / sqrt(2): a fraction that nothing divides
    once = (sums * factor.value + (1 << (30 + right))) >> (31 + right)
    return float(np.mean(fp.requantise32(sums, factor) != once))


def gates(network: Network, inputs: Array) -> dict[str, Array]:
    """Every value of each gate before its activation, in Q3.12, over ``inputs`` (N, T, F)."""
    found: dict[str, list[Array]] = {}

    def observe(place: Place, quantity: str, values: Array) -> None:
        if quantity in ("i", "f", "c", "o"):
            found.setdefault(quantity, []).append(np.asarray(values).reshape(-1))

    reference.run(network, inputs, observe)
    return {name: np.concatenate(found[name]) for name in ("i", "f", "c", "o")}


def facts(network: Network, inputs: Array) -> dict[str, str]:
    """Numbers of the page, as it writes them."""
    largest = {name: f"{np.abs(values).max():.1f}" for name, values in errors().items()}
    sums = np.random.default_rng(1).integers(-(1 << 20), 1 << 20, 200_000)
    inside = {name: np.mean(np.abs(values) < 32767) for name, values in gates(network, inputs).items()}
    return {
        "table, bytes": f"{2 * len(fp.SIGMOID_TABLE)}",
        "largest error of the sigmoid": f"{largest['sigmoid']} units",
        "largest error of tanh": f"{largest['tanh']} units",
        "rounded twice differs, shift 4": f"{100 * twice(4, sums):.1f} %",
        "rounded twice differs, shift 8": f"{100 * twice(8, sums):.2f} %",
        "gate values inside Q3.12": f"{100 * min(inside.values()):.1f} %",
    }


def _styled(axes: Any, title: str, x: str, y: str) -> None:
    axes.set_title(title, fontsize=10, color=INK)
    axes.set_xlabel(x, fontsize=9, color=INK)
    axes.set_ylabel(y, fontsize=9, color=INK)
    axes.tick_params(colors=INK, labelsize=8)
    axes.spines[["top", "right"]].set_visible(False)


def draw_table(figure: Any) -> None:
    """The table's entries on the sigmoid, and what the interpolation misses of both functions."""
    left, right = figure.subplots(1, 2)
    line = np.linspace(0, 10.6, 400)
    left.plot(line, sigmoid(line), color=GREY, linewidth=1)
    left.plot(np.arange(256) / 24, fp.SIGMOID_TABLE / 65536, ".", markersize=2.5, color=BLUE)
    _styled(left, "256 entries, 1/24 apart", "x", "sigmoid(x)")
    step = 64
    for (name, values), colour in zip(errors().items(), (BLUE, ORANGE), strict=True):
        right.plot(EVERY[::step] / Q12, values[::step], linewidth=0.5, color=colour, label=name)
    right.legend(frameon=False, fontsize=8)
    _styled(right, "distance from the ideal", "x", "units of 2^-15")


def draw_rounding(figure: Any) -> None:
    """How often the definition's two roundings give another integer than one."""
    axes = figure.subplots()
    sums = np.random.default_rng(1).integers(-(1 << 20), 1 << 20, 200_000)
    shifts = np.arange(1, 11)
    axes.bar(shifts, [100 * twice(int(shift), sums) for shift in shifts], color=BLUE)
    axes.set_xticks(shifts)
    _styled(axes, "sums that one rounding would get wrong", "right shift of the scale", "%")


def draw_gates(figure: Any, network: Network, inputs: Array) -> None:
    """Where the gates' sums of the shipped model lie within Q3.12."""
    axes = figure.subplots()
    names = {"i": "input", "f": "forget", "c": "candidate", "o": "output"}
    for (gate, values), colour in zip(gates(network, inputs).items(), (BLUE, ORANGE, GREY, INK), strict=True):
        share, edges = np.histogram(values / Q12, bins=128, range=(-8, 8))
        axes.step(edges[:-1], 100 * share / len(values), color=colour, linewidth=1, label=names[gate])
    axes.legend(frameon=False, fontsize=8)
    _styled(axes, f"gates of {network.name} before their activation", "value; Q3.12 holds -8 .. 8", "% of values")


def draw_step(figure: Any) -> None:
    """One time step of one unit, with the type of each value."""
    axes = figure.subplots()
    axes.set_axis_off()
    axes.set_xlim(0, 12)
    axes.set_ylim(0, 5)

    def box(x: float, y: float, text: str, colour: str = INK, width: float = 1.7) -> None:
        shape = {"boxstyle": "round,pad=0.35", "facecolor": "white", "edgecolor": colour, "linewidth": 1}
        axes.text(x, y, text, ha="center", va="center", fontsize=8, color=INK, bbox=shape)

    def arrow(x0: float, y0: float, x1: float, y1: float, text: str = "") -> None:
        axes.annotate("", (x1, y1), (x0, y0), arrowprops={"arrowstyle": "->", "color": GREY, "linewidth": 0.9})
        axes.text((x0 + x1) / 2, (y0 + y1) / 2 + 0.16, text, ha="center", fontsize=7, color=BLUE)

    for y, value, weights in ((4.2, "x", "kernel"), (2.6, "h", "recurrent")):
        box(0.5, y, value)
        box(2.5, y, f"dot product\nwith {weights}, + bias")
        box(5.0, y, "requantise,\nsaturate")
        arrow(0.75, y, 1.65, y, "int8")
        arrow(3.4, y, 4.4, y, "int32")
        arrow(5.6, y, 6.6, 3.55 if y > 3 else 3.25, "Q3.12")
    box(7.0, 3.4, "add,\nsaturate")
    box(9.0, 3.4, "sigmoid or tanh\nfrom the table")
    arrow(7.5, 3.4, 8.1, 3.4)
    arrow(9.0, 3.05, 9.0, 1.75, "")
    axes.text(9.1, 2.35, "i, f, g, o: Q0.15", fontsize=7, color=BLUE)
    box(9.0, 1.3, "c = f c + i g, saturate")
    box(5.6, 1.3, "h = o tanh(c),\nrequantise, + zero point")
    arrow(7.85, 1.3, 7.0, 1.3, "int16")
    arrow(4.2, 1.3, 0.5, 2.3)
    axes.text(1.0, 1.35, "int8, to the next step", fontsize=7, color=BLUE)
    box(11.2, 1.3, "c")
    arrow(10.1, 1.4, 10.95, 1.4, "int16")
    arrow(10.95, 1.2, 10.1, 1.2)


def drawn(draw: Callable[[Any], None], size: tuple[float, float]) -> bytes:
    """A figure as SVG; the same bytes every time."""
    import matplotlib  # only this command draws

    matplotlib.use("Agg")
    matplotlib.rcParams.update({"svg.hashsalt": "lstmcu", "svg.fonttype": "none", "font.family": "sans-serif"})
    from matplotlib.figure import Figure

    figure = Figure(figsize=size, layout="constrained")
    draw(figure)
    data = io.BytesIO()
    figure.savefig(data, format="svg", metadata={"Date": None, "Creator": None})
    return b"\n".join(line.rstrip() for line in data.getvalue().splitlines()) + b"\n"


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="measure.pages.figures", description=__doc__)
    parser.add_argument("network", type=Path)
    for name in ("inputs", "out"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    arguments = parser.parse_args()
    network, inputs = store.load(arguments.network), np.load(arguments.inputs)
    draw: dict[str, tuple[Callable[[Any], None], tuple[float, float]]] = {
        "step": (draw_step, (8.5, 3.2)),
        "table": (draw_table, (8.5, 2.8)),
        "rounding": (draw_rounding, (5.0, 2.6)),
        "gates": (lambda figure: draw_gates(figure, network, inputs), (6.0, 2.6)),
    }
    for name, (function, size) in draw.items():
        write_atomically(arguments.out / f"{name}.svg", drawn(function, size))
    text = json.dumps(facts(network, inputs), indent=1, ensure_ascii=False)
    write_atomically(arguments.out / "facts.json", f"{text}\n")


if __name__ == "__main__":
    run_main(main)
