# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""The order of work and the placement of vectors: nothing lives where something else still does."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernels import all_sets, named
from model import emit, planner, reference
from model.emit.choose import choose_all
from model.emit.scratch import Needs, Scratch, allocate, operations
from model.emit.statements import Statements
from model.errors import UserError
from model.layers.activation import Activation
from model.layers.base import Place
from model.layers.dense import Dense
from model.layers.lstm import Lstm
from model.network import Network
from model.plan import Loop, Op, Plan, Value
from model.signal import Signal
from tests.support import networks
from tests.support.networks import Chain, Spec, Word

ANY_SPEC = st.booleans().flatmap(lambda integer: networks.specs(integer=integer))


def spec(**changes: object) -> Spec:
    plain = Spec(4, 2, (3,), False, False, ((2, "linear"),), (False,), True, False, False, 0)
    return Spec(**{**vars(plain), **changes})  # type: ignore[arg-type]


def kinds(work: Plan) -> list[str]:
    return [op.kind for op in operations(work)]


def assert_nothing_overlaps(work: Plan, needs: Needs, scratch: Scratch) -> None:
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


@given(ANY_SPEC, st.booleans(), st.sampled_from(sorted(all_sets())))
def test_vectors_of_real_plans_do_not_overlap(drawn: Spec, stream: bool, kernels: str) -> None:
    network = networks.build(drawn)
    work = planner.make(network, stream)
    layers = choose_all(network, work, named([kernels]), "balanced")
    statements = Statements(network.name, work, {name: layer.constants for name, layer in layers.items()})
    assert_nothing_overlaps(work, statements.needs, statements.scratch)


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
    return Plan((), tuple(vectors), (Loop(3, tuple(ops[:4])), *ops[4:]), ())


@given(chains(), st.lists(st.tuples(st.sampled_from(("int8", "float32")), st.integers(1, 5)), max_size=3))
def test_vectors_of_any_plan_do_not_overlap(work: Plan, scratch: list[tuple[str, int]]) -> None:
    def needs(_: Op) -> list[tuple[str, int]]:
        return scratch

    assert_nothing_overlaps(work, needs, allocate(work, needs))


@given(ANY_SPEC, st.booleans())
def test_every_layer_runs_and_the_output_is_written_last(drawn: Spec, stream: bool) -> None:
    network = networks.build(drawn)
    every = operations(planner.make(network, stream))
    assert {id(op.layer) for op in every} >= {id(x) for x in network.layers if isinstance(x, Lstm | Dense | Activation)}
    assert every[-1].y.base == "output"
    assert all(op.y.base != "input" for op in every)
    assert sum(op.y.base == "output" for op in every) == 1


def test_the_last_hidden_state_alone_is_kept_of_a_long_window() -> None:
    work = planner.make(networks.build(spec(steps=200)), stream=False)
    assert [(f.role, f.length) for f in work.fields] == [("hidden", 3), ("cell", 3)]
    assert kinds(work) == ["lstm", "dense"]


def test_a_flattened_sequence_is_summed_not_stored() -> None:
    work = planner.make(networks.build(spec(steps=200, sequences=True, flatten=True)), stream=False)
    assert {f.role for f in work.fields} == {"hidden", "cell", "sums"}
    assert kinds(work) == ["lstm", "dense_add", "dense_finish"]
    assert not work.streamable


def test_one_step_from_reset_has_no_state() -> None:
    work = planner.make(networks.build(spec(steps=1)), stream=False)
    assert work.fields == ()
    assert kinds(work) == ["lstm_once", "dense"]
    assert kinds(planner.make(networks.build(spec(steps=1)), stream=True)) == ["lstm", "dense"]


def test_a_sequence_is_stored_only_for_a_reader_that_turns_it_round() -> None:
    stacked = networks.build(spec(units=(3, 2), backwards=(False, False)))
    assert all(f.role != "sequence" for f in planner.make(stacked, stream=False).fields)
    turned = planner.make(networks.build(spec(units=(3, 2), backwards=(False, True))), stream=False)
    assert [(f.name, f.length) for f in turned.fields if f.role == "sequence"] == [("L0_lstm_sequence", 4 * 3)]
    assert turned.streamable == "layer 'lstm1' reads the window from its end"


def chain(shape: tuple[int, ...], *words: Word, quantisation: str = "int8") -> Network:
    return networks.build_chain(Chain(quantisation, shape, words))


BOTH = ("both", 3, True)
DENSE = ("dense", 2, "linear")
SEQUENCE: Word = ("lstm", 3, True, False)
LAST: Word = ("lstm", 3, False, False)


def test_a_flattened_bidirectional_is_summed_not_stored_from_two_steps_on() -> None:
    for steps in (2, 3):
        work = planner.make(chain((steps, 2), BOTH, ("reshape", (6 * steps,)), DENSE), stream=False)
        assert {f.role for f in work.fields} == {"hidden", "cell", "sums"}
        assert kinds(work) == ["lstm", "dense_add", "lstm", "dense_add", "dense_finish"]
    single = planner.make(chain((1, 2), BOTH, ("reshape", (6,)), DENSE), stream=False)
    assert kinds(single) == ["lstm_once", "lstm_once", "dense"]


@pytest.mark.parametrize("words", [(("reshape", (18,)),), (("reshape", (18,)), ("relu",)), ()])
def test_a_bidirectional_whose_sequence_no_dense_reads_is_stored(words: tuple[Word, ...]) -> None:
    assert "sequence" in {f.role for f in planner.make(chain((3, 2), BOTH, *words), stream=False).fields}


ANOTHER_SHAPE = "reads the window in another shape"
STREAMABLE: list[tuple[tuple[int, ...], tuple[Word, ...], str]] = [
    ((4, 2), (SEQUENCE, DENSE, ("softmax",)), ""),
    ((4, 2), (SEQUENCE, ("reshape", (12,)), DENSE), ""),
    ((4, 2), (SEQUENCE, ("reshape", (12,))), ""),
    ((4, 2), (("reshape", (8,)), DENSE), ""),
    ((4, 2), (("reshape", (8,)), ("relu",)), ""),
    ((1, 8), (("reshape", (8,)), ("softmax",)), ""),
    ((8,), (("reshape", (1, 8)), LAST), ""),
    ((1, 4), (("lstm", 3, False, True),), ""),  # one step has no other end
    ((4, 2), (("reshape", (8,)), ("softmax",)), ANOTHER_SHAPE),
    ((2, 2), (("reshape", (4,)), ("softmax",), DENSE), ANOTHER_SHAPE),
    ((4, 2), (("reshape", (2, 4)), LAST), ANOTHER_SHAPE),
    ((8, 1), (("reshape", (1, 8)), LAST), ANOTHER_SHAPE),
    ((1, 8), (("reshape", (8, 1)), LAST), ANOTHER_SHAPE),
    ((8,), (("reshape", (4, 2)), LAST), ANOTHER_SHAPE),
    ((4, 2), (LAST, ("reshape", (1, 3)), LAST), ANOTHER_SHAPE),
    ((4, 2), (LAST, ("dense", 6, "linear"), ("reshape", (3, 2)), LAST), ANOTHER_SHAPE),
    ((4, 2), (SEQUENCE, ("reshape", (12,)), ("softmax",)), ANOTHER_SHAPE),
    ((4, 2), (SEQUENCE, ("reshape", (3, 4)), LAST), ANOTHER_SHAPE),
    ((4, 2), (("lstm", 3, False, True),), "reads the window from its end"),
    ((1, 2), (("both", 3, False),), "reads the window from both ends"),
]


@pytest.mark.parametrize(("shape", "words", "why_not"), STREAMABLE)
def test_what_can_run_step_by_step(shape: tuple[int, ...], words: tuple[Word, ...], why_not: str) -> None:
    found = planner.make(chain(shape, *words), stream=True).streamable
    assert found.endswith(why_not) if why_not else not found


def parts(network: Network, index: int) -> int:
    """As how many vectors the device adds up what layer ``index`` reads."""
    for item in planner.make(network, stream=False).work:
        for op in item.body if isinstance(item, Loop) else (item,):
            if op.layer is network.layers[index] and op.kind in ("dense", "dense_add"):
                steps = item.steps if isinstance(item, Loop) else 1
                return op.blocks * steps if op.kind == "dense_add" else 1
    raise AssertionError(index)


def assert_same_parts(network: Network) -> None:
    """With int8 weights and float vectors each part is quantised on its own, so the reference must cut alike."""
    for index, layer in enumerate(network.layers):
        if isinstance(layer, Dense):
            assert reference.vectors(network, index) == parts(network, index)


@pytest.mark.parametrize(
    ("shape", "words", "expected"),
    [
        ((3, 2), (BOTH, ("reshape", (18,)), DENSE), 6),  # each step of each half
        ((3, 2), (BOTH, ("reshape", (18,)), ("reshape", (18,)), DENSE), 3),  # stored, then read step by step
        ((3, 2), (BOTH, ("relu",), ("reshape", (18,)), DENSE), 3),
        ((3, 2), (BOTH, ("reshape", (18,)), ("relu",), DENSE), 3),
        ((3, 2), (SEQUENCE, ("reshape", (9,)), DENSE), 3),
        ((3, 2), (("reshape", (6,)), DENSE), 3),
        ((3, 2), (("reshape", (6,)), ("dense", 6, "linear"), ("reshape", (3, 2)), BOTH), 3),  # what comes later
        ((1, 2), (BOTH, ("reshape", (6,)), DENSE), 1),
        ((6,), (DENSE,), 1),
        ((3, 2), (DENSE,), 1),
    ],
)
def test_the_reference_cuts_a_flattened_sequence_as_the_plan_does(
    shape: tuple[int, ...], words: tuple[Word, ...], expected: int
) -> None:
    network = chain(shape, *words, quantisation="dynamic")
    index = next(index for index, layer in enumerate(network.layers) if isinstance(layer, Dense))
    assert reference.vectors(network, index) == expected
    assert_same_parts(network)


@given(networks.chains("dynamic"))
def test_the_reference_cuts_any_sequence_as_the_plan_does(drawn: Chain) -> None:
    try:
        planner.make(networks.build_chain(drawn), stream=False)
    except UserError:
        return
    assert_same_parts(networks.build_chain(drawn))


def test_recurrent_weights_and_all_gates_are_there_once_steps_go_on() -> None:
    """From reset a single step needs neither; and the header says how to get them."""
    network = chain((1, 3), LAST, DENSE)
    window, stream = (emit.generate(network, "c", state) for state in ("window", "stream"))
    assert "net_L0_lstm_recurrent[" in stream["net.c"]
    assert "net_L0_lstm_recurrent[" not in window["net.c"]
    assert "generate with state=stream" in window["net.h"]
    assert "int net_step(" in stream["net.h"]
