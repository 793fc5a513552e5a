# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""The order of work and the placement of vectors: nothing lives where something else still does."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from model import generate, plan
from model.layouts import SETS
from model.network import Activation, Dense, Lstm, Place, Signal
from model.plan import Loop, Op, Plan, Value
from tests.support import networks
from tests.support.networks import Spec

ANY_SPEC = st.booleans().flatmap(lambda integer: networks.specs(integer=integer))


def spec(**changes: object) -> Spec:
    plain = Spec(4, 2, (3,), False, False, ((2, "linear"),), (False,), True, False, False, 0)
    return Spec(**{**vars(plain), **changes})  # type: ignore[arg-type]


def operations(work: Plan) -> list[Op]:
    return [op for item in work.work for op in (item.body if isinstance(item, Loop) else (item,))]


def kinds(work: Plan) -> list[str]:
    return [op.kind for op in operations(work)]


def assert_nothing_overlaps(work: Plan, needs: generate.Needs, scratch: generate.Scratch) -> None:
    """Between the first and last operation that names it, a vector's elements belong to it alone."""
    every = operations(work)
    lives: dict[str, tuple[Value, list[int]]] = {}
    for index, op in enumerate(every):
        extra = [Value(f"#{index}.{k}", dtype, n) for k, (dtype, n) in enumerate(needs(op))]
        for value in (op.x, op.y, *extra):
            if value.base.startswith("#"):
                lives.setdefault(value.base, (value, []))[1].append(index)
    assert set(scratch.offsets) == set(lives)
    owner: dict[tuple[str, int, int], str] = {}
    for name, (value, indexes) in lives.items():
        offset = scratch.offsets[name]
        assert offset >= 0
        assert offset + value.length <= scratch.sizes[value.dtype]
        for index in range(indexes[0], indexes[-1] + 1):
            for element in range(offset, offset + value.length):
                place = (value.dtype, index, element)
                assert owner.setdefault(place, name) == name, f"{name} and {owner[place]} share element {element}"


@given(ANY_SPEC, st.booleans(), st.sampled_from(sorted(SETS)))
def test_vectors_of_real_plans_do_not_overlap(drawn: Spec, stream: bool, kernels: str) -> None:
    network = networks.build(drawn)
    work = plan.make(network, stream)
    emitter = generate.Emitter(network, work, SETS[kernels])
    assert_nothing_overlaps(work, emitter.needs, emitter.scratch)


@st.composite
def chains(draw: st.DrawFn) -> Plan:
    """Operations that read and write vectors in any order, with scratch of their own: worse than any real plan."""
    count = draw(st.integers(1, 8))
    vectors = [
        Value(f"#{k}", draw(st.sampled_from(("int8", "int16", "float32"))), draw(st.integers(1, 9)))
        for k in range(count)
    ]
    layer = Activation("a", "relu", Signal((1,)))
    pick = st.sampled_from([*vectors, Value("input", "int8", 3), Value("output", "int8", 3)])
    ops = [Op("apply", Place(0), layer, Signal((1,)), draw(pick), draw(pick)) for _ in range(draw(st.integers(1, 12)))]
    return Plan((), tuple(vectors), (Loop(3, tuple(ops[:4])), *ops[4:]))


@given(chains(), st.lists(st.tuples(st.sampled_from(("int8", "float32")), st.integers(1, 5)), max_size=3))
def test_vectors_of_any_plan_do_not_overlap(work: Plan, scratch: list[tuple[str, int]]) -> None:
    def needs(_: Op) -> list[tuple[str, int]]:
        return scratch

    assert_nothing_overlaps(work, needs, generate.allocate(work, needs))


@given(ANY_SPEC, st.booleans())
def test_every_layer_runs_and_the_output_is_written_last(drawn: Spec, stream: bool) -> None:
    network = networks.build(drawn)
    every = operations(plan.make(network, stream))
    assert {id(op.layer) for op in every} >= {id(x) for x in network.layers if isinstance(x, Lstm | Dense | Activation)}
    assert every[-1].y.base == "output"
    assert all(op.y.base != "input" for op in every)
    assert sum(op.y.base == "output" for op in every) == 1


def test_the_last_hidden_state_alone_is_kept_of_a_long_window() -> None:
    work = plan.make(networks.build(spec(steps=200)), stream=False)
    assert [(f.role, f.length) for f in work.fields] == [("hidden", 3), ("cell", 3)]
    assert kinds(work) == ["lstm", "dense"]


def test_a_flattened_sequence_is_summed_not_stored() -> None:
    work = plan.make(networks.build(spec(steps=200, sequences=True, flatten=True)), stream=False)
    assert {f.role for f in work.fields} == {"hidden", "cell", "sums"}
    assert kinds(work) == ["lstm", "dense_add", "dense_finish"]
    assert not work.streamable


def test_one_step_from_reset_has_no_state() -> None:
    work = plan.make(networks.build(spec(steps=1)), stream=False)
    assert work.fields == ()
    assert kinds(work) == ["lstm_once", "dense"]
    assert kinds(plan.make(networks.build(spec(steps=1)), stream=True)) == ["lstm", "dense"]


def test_a_sequence_is_stored_only_for_a_reader_that_turns_it_round() -> None:
    stacked = networks.build(spec(units=(3, 2), backwards=(False, False)))
    assert all(f.role != "sequence" for f in plan.make(stacked, stream=False).fields)
    turned = plan.make(networks.build(spec(units=(3, 2), backwards=(False, True))), stream=False)
    assert [(f.name, f.length) for f in turned.fields if f.role == "sequence"] == [("L0_lstm_sequence", 4 * 3)]
    assert turned.streamable == "layer 'lstm1' reads the window from its end"
