# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Where the time goes: call stacks, phases, the distance from a core's limit; on small programs and shipped models."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from measure.cost import callers, hotspots, phases
from measure.cost.lines import source_lines
from measure.cost.timing import CORES, limits
from measure.cost.timing.disassembly import disassemble
from measure.run import qemu
from measure.run.counts import Instruction, Profile
from model import formats
from target.description import load_target, target_names
from tests.probe import CORES as TARGETS
from tests.probe import build, build_profiler
from tests.support.checkout import Shared

# `work` is called three times by `first` and once by `second`, which is called by pointer.
PROGRAM = """
#define APART __attribute__((noinline))
static volatile uint32_t sink;
APART static void work(uint32_t n) { for (uint32_t i = 0; i < n; ++i) sink += i; }
static inline __attribute__((always_inline)) void inner(uint32_t n) { for (uint32_t i = 0; i < n; ++i) sink ^= n; }
APART static void first(void) { work(10); work(10); work(10); inner(7); }
APART static void second(void) { work(10); inner(9); }
static void (*volatile pointer)(void) = second;
void probe_reset(probe_state *state) { state->sum = 0; }
void probe_run(probe_state *state, const uint8_t *x, uint8_t *y)
{ first(); pointer(); state->sum = y[0] = y[1] = x[0]; }
"""

MARKED = """
__asm__(".syntax unified\\n.thumb\\n.text\\n.balign 4\\n.global probe_run\\n.type probe_run, %function\\n"
        "probe_run:\\n nop\\nphase.gates.1:\\n nop\\n nop\\nphase.cell.2:\\n nop\\nphase.gates.3:\\n strb r1, [r2]\\n"
        " strb r1, [r2, #1]\\n bx lr\\n.size probe_run, . - probe_run\\n");
void probe_reset(probe_state *state) { state->sum = 0; }
"""


def found(target: str, text: str, directory: Path, compiler: str = "gcc") -> dict[callers.Frames, callers.Cost]:
    """The call stacks of one call of probe_run."""
    elf = build(load_target(target), directory, text, chosen=compiler)
    run = qemu.run(
        load_target(target), elf, np.zeros((1, 4), np.uint8), output_dtype="uint8", output_shape=(2,),
        function="probe_run", profiler=build_profiler(directory), timeout=60,
    )  # fmt: skip
    assert run.profile is not None
    where = callers.places(run.profile, disassemble(elf, load_target(target)), callers.functions(elf))
    costs = [callers.Cost(place.counts.count, None) for place in where]
    result = callers.stacks(where, costs, "probe_run")
    assert sum(cost.instructions for cost in result.values()) == pytest.approx(run.profile.total, rel=1e-12)
    return result


@pytest.mark.parametrize(("target", "compiler"), [
    *((name, "gcc") for name in TARGETS), ("cortex-m4", "clang"), ("rv32imc", "clang"),
])  # fmt: skip
def test_calls_are_shared_out_and_inlined_functions_named(target: str, compiler: str, tmp_path: Path) -> None:
    result = found(target, PROGRAM, tmp_path, compiler)
    assert {frames for frames in result if "inner" in frames} == {
        ("probe_run", "first", "inner"), ("probe_run", "second", "inner"),
    }  # fmt: skip
    three = result["probe_run", "first", "work"].instructions
    one = result["probe_run", "second", "work"].instructions  # called by pointer
    assert three == pytest.approx(3 * one)
    assert one > 10 * 3


def test_functions_called_alike_are_not_taken_for_each_other() -> None:
    """Two files have a static ``output``; one is called by ``net_run``, it by the other."""
    run, one, other = (
        callers.Function(name, address, 8, ()) for name, address in (("net_run", 0), ("output", 8), ("output", 16))
    )

    def place(function: callers.Function, count: int, calls: callers.Function | None = None) -> callers.Place:
        counts = Instruction(function.address, 4, count, count if calls else 0, 0, 0, 0)
        return callers.Place(counts, function, (function.name,), calls)

    where = (place(run, 5, one), place(one, 10, other), place(other, 30))
    costs = [callers.Cost(each.counts.count, None) for each in where]
    tree = {frames: cost.instructions for frames, cost in callers.stacks(where, costs, "net_run").items()}
    assert tree == {("net_run",): 5, ("net_run", "output"): 10, ("net_run", "output", "output"): 30}
    profile = Profile(1, 45, 45, 45, 0, tuple(each.counts for each in where))
    hot = hotspots.Hotspots(profile, {}, where, costs, {}, None, "", None, {})
    rows = [(row["name"], row["instructions"], row["code"]) for row in hotspots._functions(hot)]
    assert rows == [("output", 30, 8), ("output", 10, 8), ("net_run", 5, 8)]


def test_markers_part_a_function(tmp_path: Path) -> None:
    result = found("cortex-m4", MARKED, tmp_path)
    counts = {frames: cost.instructions for frames, cost in result.items()}
    assert counts == {
        ("probe_run",): 1, ("probe_run", "phase.gates"): 2 + 3, ("probe_run", "phase.cell"): 1,
    }  # fmt: skip


@pytest.mark.parametrize(("frames", "phase"), [
    (("net_run", "lstmcu_lstm_s8_step", "product", "dot_s8"), "gates"),
    (("net_run", "lstmcu_lstm_s8_step", "product", "lstmcu_requantise", "__muldi3"), "requantise"),
    (("net_run", "lstmcu_lstm_s8_step", "lstmcu_cell_step", "lstmcu_requantise"), "cell"),
    (("net_run", "lstmcu_lstm_s8_step", "lstmcu_cell_step", "lstmcu_kept", "lstmcu_sigmoid16"), "activation"),
    (("net_run", "lstmcu_dense_s8_run", "output", "lstmcu_requantise"), "dense"),
    (("net_run", "net_reset", "memset"), "other"),
    (("net_run",), "other"),
    (("net_step", "net_L0_lstm_step"), "gates"),
    (("net_step", "net_L0_lstm_step", "phase.cell"), "cell"),
    (("net_run", "net_L0_lstm_step", "phase.gates", "lstmcu_tanh16"), "gates"),
    (("net_run", "net_L0_lstm_step", "phase.moon"), "other"),
    (("net_run", "net_L1_dense_finish"), "dense"),
    (("net_run", "lstmcu_gru_s8_step_before", "product_s8", "dot_s8"), "gates"),
    (("net_run", "lstmcu_gru_s8_step", "lstmcu_gru_memory", "lstmcu_requantise"), "cell"),
    (("net_run", "net_L0_lstm_step", "lstmcu_hard_sigmoid_keras3_f32", "lstmcu_clamp_f32"), "activation"),
    (("net_run", "lstmcu_grouped_s8_run", "dot_s8"), "dense"),
    (("net_run", "lstmcu_max_pool_s8"), "other"),
    (("net_run", "arm_lstm_unidirectional_s8", "arm_nn_lstm_step_s8", "arm_nn_vec_mat_mul_result_acc_s8_s16"), "gates"),
    (("net_run", "arm_lstm_unidirectional_s8", "arm_nn_lstm_step_s8", "arm_elementwise_mul_s16_s8"), "cell"),
    (("net_run", "arm_fully_connected_s8", "arm_nn_vec_mat_mult_t_s8", "arm_nn_requantize"), "dense"),
])  # fmt: skip
def test_the_phase_of_a_stack(frames: tuple[str, ...], phase: str) -> None:
    assert phases.phase_of(frames, "net") == phase


@pytest.fixture(scope="module")
def documents(built: Shared) -> dict[str, tuple[dict[str, Any], dict[str, Any], str, str]]:
    """profile.json, report.json, hotspots.txt and annotated.txt of builds by name."""
    for targets, quantisations in (("cortex-m4,rv32imc", "int8,float32"), ("cortex-m0,cortex-m7", "int8")):
        words = (f"target={targets}", f"quant={quantisations}", "kernels=all")
        folder = built("profile", *words).root / "build"
        built("report", *words)
    return {
        f"{path.parts[-4]} {path.parent.name}": (
            json.loads(path.read_text()),
            json.loads((path.parent / "report.json").read_text()),
            (path.parent / "hotspots.txt").read_text(),
            (path.parent / "annotated.txt").read_text(),
        )
        for path in sorted(folder.glob("*/forecast/*/profile.json"))
    }


def test_nothing_is_lost_on_the_way(documents: dict[str, Any]) -> None:
    assert {"cortex-m0 int8-c", "cortex-m4 int8-asm", "cortex-m7 int8-c", "rv32imc float32-c"} <= documents.keys()
    for name, (profile, report, _, _) in documents.items():
        total = sum(row["instructions"] for row in report["functions"])
        assert profile["instructions"] == pytest.approx(total, rel=1e-9), name
        for rows in ("phases", "functions", "parts", "stacks"):
            assert sum(row["instructions"] for row in profile[rows]) == pytest.approx(total, rel=1e-5), name
            assert sum(row["share"] for row in profile[rows]) == pytest.approx(1, abs=1e-4), name
            if profile["cycles"]:
                cycles = sum(row["cycles"] for row in profile[rows])
                assert cycles == pytest.approx(profile["cycles"]["nominal"], rel=1e-5), name
        assert profile["cycles"] == report["cycles"]
        assert all(row["frames"][0] == "forecast_run" for row in profile["stacks"])
        own = {row["name"]: row["instructions"] for row in profile["functions"]}
        assert own == {row["name"]: pytest.approx(row["instructions"], abs=1e-3) for row in report["functions"]}


def test_every_phase_of_an_lstm_is_found(documents: dict[str, Any]) -> None:
    for name, (profile, _, _, _) in documents.items():
        shares = {row["name"]: row["share"] for row in profile["phases"]}
        wanted = {"gates", "activation", "cell", "dense"} | ({"requantise"} if "int8" in name else set())
        assert wanted <= shares.keys(), name
        assert max(shares, key=lambda phase: shares[phase]) == "gates", name
        assert shares.get("other", 0) < 0.01, name


def test_the_limit_is_what_the_best_multiply_does(documents: dict[str, Any]) -> None:
    """Multiplications of the gates: 32 steps of 4 x 32 x (1 + 32)."""
    macs = 32 * 4 * 32 * 33
    for name, bound in (("cortex-m4 int8-asm", 0.5), ("cortex-m4 int8-c", 0.5), ("cortex-m0 int8-c", 1.0)):
        profile = documents[name][0]
        gates = next(row for row in profile["phases"] if row["name"] == "gates")
        assert profile["limit"]["cycles"] == bound
        assert gates["macs"] == macs
        assert gates["cycles_per_mac"] == pytest.approx(gates["cycles"] / macs, abs=1e-4)
        assert gates["times_limit"] == pytest.approx(gates["cycles_per_mac"] / bound, rel=1e-3)
        assert gates["times_limit"] > 1
    seven = documents["cortex-m7 int8-c"][0]
    gates = next(row for row in seven["phases"] if row["name"] == "gates")
    assert seven["cycles"] is None
    assert seven["cycles_note"] == "cortex-m7 has no timing table"
    assert gates["times_limit"] == pytest.approx(gates["instructions"] / macs / 0.5, rel=1e-3)
    assert documents["rv32imc float32-c"][0]["limit"] is None


def test_the_bound_is_that_of_the_set(documents: dict[str, Any]) -> None:
    """32 steps of 32 units; words of both vectors: 1 and 16. Other sets and cores have none."""
    rows = {row["name"]: row for row in documents["cortex-m4 int8-asm"][0]["phases"]}
    least = {"gates": 8.75 * 17 + 14, "requantise": 38, "activation": 30, "cell": 26}
    for phase, row in rows.items():
        if phase in least:
            assert row["times_bound"] == pytest.approx(row["cycles"] / (32 * 32 * least[phase]), abs=1e-4)
            assert 1 < row["times_bound"] < 2
        else:
            assert row["times_bound"] is None
    others = [profile for name, (profile, *_) in documents.items() if name != "cortex-m4 int8-asm"]
    assert others
    assert not [row for profile in others for row in profile["phases"] if row["times_bound"]]


# A MAC of the formats that a core has a limit for: instructions, cycles (None: no table).
LIMITS = {
    "cortex-m0 cortex-m0plus": {"int8": (1, 1), "int16x8": (2, 2)},
    "cortex-m3": {"int8": (0.5, 1), "int16x8": (1, 2)},  # MLA takes two cycles
    "cortex-m4 cortex-m33": {"int8": (0.5, 0.5), "int16x8": (0.5, 0.5), "float32": (2, 2)},  # VFMA takes three
    "cortex-m7": {"int8": (0.5, None), "int16x8": (0.5, None), "float32": (1, None)},
    "cortex-m55": {"int8": (1 / 16, 1 / 8), "int16x8": (1 / 8, 1 / 4), "float32": (1 / 4, 1 / 2)},
    "rv32imc": {"int8": (1, 2), "int16x8": (2, 4)},  # Ibex: MUL takes three
    "sifive-e31": {"int8": (1, 2.5), "int16x8": (2, 5)},  # MUL takes five, and ADD beside it none
    "rv32imac": {"int8": (1, None), "int16x8": (2, None)},
    "rv32imafc": {"int8": (1, None), "int16x8": (2, None), "float32": (1, None)},
    "rv32imafcv rv64gcv host": {},
}


def test_every_limit_is_that_of_the_manuals() -> None:
    """``dynamic`` multiplies as int8 does."""
    listed = {name: limits_ for names, limits_ in LIMITS.items() for name in names.split()}
    assert listed.keys() == set(target_names())
    for name, known in listed.items():
        for quantisation in formats.names():
            found = limits.of(load_target(name), quantisation)
            wanted = known.get("int8" if quantisation == "dynamic" else quantisation)
            assert (found and (found.instructions, found.cycles)) == wanted, (name, quantisation)


def test_limits_are_known_instructions() -> None:
    for name in target_names():
        for quantisation in formats.names():
            limit = limits.of(load_target(name), quantisation)
            if limit is not None and load_target(name).timing:
                assert limit.cycles, name
    for sequence in limits.SEQUENCES:
        assert sequence.macs >= 1
    assert CORES["sifive-e31"].by_mnemonic["mul"].latency == 5  # busy for as long
    slow = limits.of(load_target("sifive-e31"), "int8")
    assert slow is not None
    assert slow.cycles == 5 / 2


def test_what_is_printed_agrees_with_the_document(documents: dict[str, Any]) -> None:
    for name, (profile, _, text, annotated) in documents.items():
        assert f"{profile['instructions']:,.0f} instructions" in text
        first = next(row for row in profile["phases"] if row["name"] == "gates")
        assert f"{first['instructions']:,.0f}" in text
        if profile["cycles"]:
            assert f"{profile['cycles']['nominal']:,} cycles (modelled, {profile['cycles']['evidence']})" in text
        counted = [line.split()[0] for line in annotated.splitlines() if line[:14].strip()[:1].isdigit()]
        total = sum(float(count.replace(",", "")) for count in counted)
        assert total == pytest.approx(profile["instructions"], rel=1e-3), name


def test_instructions_stand_under_their_source(documents: dict[str, Any]) -> None:
    annotated, assembly = documents["cortex-m4 int8-c"][3], documents["cortex-m4 int8-asm"][3]
    assert re.search(r"dot\.h:\d+  sum \+= \(uint32_t\)product;", annotated)
    assert "lstmcu_lstm_s8_step > product_s8 > dot_s8" in annotated
    assert ".S:" in assembly or ".inc:" in assembly


def test_lines_of_a_program(tmp_path: Path) -> None:
    elf = build(load_target("cortex-m4"), tmp_path, PROGRAM)
    known = {function.name: function for function in callers.functions(elf)}
    lines = source_lines(elf, {function.address for function in known.values()})
    work = [line for address, line in lines.items() if known["work"].frames(address) == ("work",)]
    assert lines[known["work"].address].text.startswith("APART static void work")
    assert work


def test_a_share_is_of_cycles_where_there_are_any(documents: dict[str, Any]) -> None:
    assert "share of cycles" in documents["cortex-m4 int8-c"][2]
    assert "share of instructions" in documents["cortex-m7 int8-c"][2]
    assert "no cycles: cortex-m7 has no timing table" in documents["cortex-m7 int8-c"][2]
    assert hotspots.SCHEMA == 1
