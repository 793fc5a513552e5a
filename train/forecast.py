# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Train a forecasting network: from 32 hours of temperature to the next 16.

python -m train.forecast --model forecast --out models/forecast
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from model.errors import run_main
from train import backend, baselines, delivery, plots, sources, weather
from train.backend import Fitting
from train.weather import STEPS_IN, STEPS_OUT, Scaling, Windows

Array = npt.NDArray[np.float64]

UNIT = "°C"
SAMPLES = 1000  # test windows kept for comparison
CALIBRATION = 500  # training windows kept to find the ranges of the activations
DAY = 24  # hours

# The mean absolute error is fitted, not the square: a missed front should not rule the weights.
FITTING = Fitting(seed=1, epochs=100, batch_size=64, learning_rate=5e-3, loss="mean_absolute_error")


def sequence_network(keras: Any) -> Any:
    """32 time steps of one value; the last hidden state is read."""
    layers = keras.layers
    return keras.Sequential(
        [
            layers.Input((STEPS_IN, 1), name="input"),
            layers.LSTM(32, name="lstm"),
            layers.Dense(STEPS_OUT, name="output"),
        ],
        name="forecast",
    )


def window_network(keras: Any) -> Any:
    """All 32 values in one time step."""
    layers = keras.layers
    return keras.Sequential(
        [
            layers.Input((1, STEPS_IN), name="input"),
            layers.LSTM(
                STEPS_IN,
                activation="tanh",
                recurrent_activation="sigmoid",
                return_sequences=True,
                name="lstm",
            ),
            layers.Flatten(name="flatten"),
            layers.Dense(STEPS_OUT, name="output"),
        ],
        name="forecast_window",
    )


@dataclass(frozen=True)
class Design:
    """A network and the shape it wants the 32 past values in."""

    shape: tuple[int, int]  # (T, F)
    build: Callable[[Any], Any]  # keras module -> untrained network


DESIGNS = {
    "forecast": Design((STEPS_IN, 1), sequence_network),
    "forecast-window": Design((1, STEPS_IN), window_network),
}


@dataclass(frozen=True)
class Score:
    """Mean error over all windows and all hours ahead, in °C."""

    mae: float
    rmse: float

    @classmethod
    def of(cls, forecast: Array, truth: Array) -> Score:
        error = forecast - truth
        return cls(round(float(abs(error).mean()), 4), round(math.sqrt(float((error**2).mean())), 4))


@dataclass(frozen=True)
class Data:
    """The three parts cut into windows, in °C; the scaling knows the training part only."""

    training: Windows
    validation: Windows
    test: Windows
    scaling: Scaling
    parts: weather.Parts


def prepare() -> Data:
    parts = weather.split(weather.load())
    return Data(
        training=weather.windows(parts.training.values),
        validation=weather.windows(parts.validation.values),
        test=weather.windows(parts.test.values),
        scaling=weather.fit_scaling(parts.training),
        parts=parts,
    )


def network_arrays(
    part: Windows, scaling: Scaling, shape: tuple[int, int]
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Scaled inputs (N, T, F) and targets (N, STEPS_OUT), as the network takes and gives them."""
    inputs = scaling.to_network(part.past).reshape(-1, *shape)
    return inputs.astype(np.float32), scaling.to_network(part.future).astype(np.float32)


def fit(data: Data, design: Design, fitting: Fitting = FITTING) -> tuple[Any, int]:
    """Return the trained network, uncompiled, and the number of epochs it took."""
    keras = backend.start(fitting.seed)
    network = design.build(keras)
    scale = data.scaling.scale

    def describe(logs: dict[str, float]) -> str:
        # The loss is the MAE in the network's unit.
        training, validation = logs["loss"] * scale, logs["val_loss"] * scale
        return f"MAE {training:.3f} {UNIT} in training, {validation:.3f} in validation"

    epochs = backend.fit(
        keras,
        network,
        fitting,
        network_arrays(data.training, data.scaling, design.shape),
        network_arrays(data.validation, data.scaling, design.shape),
        describe,
    )
    trained = design.build(keras)
    trained.set_weights(network.get_weights())
    return trained, epochs


def forecast(network: Any, data: Data, design: Design, part: Windows) -> Array:
    """What the network says, (N, STEPS_OUT) in °C."""
    inputs, _ = network_arrays(part, data.scaling, design.shape)
    return data.scaling.to_real(backend.predict(network, inputs).astype(np.float64))


def judge(network_forecast: Array, data: Data) -> dict[str, Score]:
    """Scores over the whole test part: three simple forecasts, then the network."""
    past, truth = data.test.past, data.test.future
    linear = baselines.Linear.fit(data.training.past, data.training.future)
    return {
        "persistence": Score.of(baselines.persistence(past, STEPS_OUT), truth),
        "seasonal_naive": Score.of(baselines.seasonal_naive(past, STEPS_OUT, DAY), truth),
        "linear": Score.of(linear.forecast(past), truth),
        "network": Score.of(network_forecast, truth),
    }


def print_scores(name: str, scores: dict[str, Score]) -> None:
    labels = {
        "persistence": "persistence",
        "seasonal_naive": f"seasonal naive ({DAY} h)",
        "linear": "linear, same window",
        "network": name,
    }
    print(f"\n  {'test part':24s} {'MAE ' + UNIT:>8s} {'RMSE ' + UNIT:>8s}")
    for key, score in scores.items():
        print(f"  {labels[key]:24s} {score.mae:8.3f} {score.rmse:8.3f}")
    print(flush=True)


def examples(data: Data, network_forecast: Array, count: int = 4) -> list[plots.Example]:
    """Forecasts spread evenly over the test part: none is chosen by its looks."""
    inner = delivery.evenly_spaced(count + 2, len(data.test))[1:-1]
    return [
        plots.Example(
            title=f"{data.parts.test.time(int(i) + STEPS_IN - 1):%-d %B %Y, %H:%M} UTC",
            past=data.test.past[i],
            future=data.test.future[i],
            forecast=network_forecast[i],
        )
        for i in inner
    ]


def told(
    name: str, data: Data, forecasts: Array, kept: npt.NDArray[Any], fitting: Fitting, epochs: int
) -> dict[str, Any]:
    """What the metadata tell, of the windows of the test and of the samples, which are those ``kept``."""
    return {
        "name": name,
        "task": "forecast",
        "unit": UNIT,
        "scaling": {"input": asdict(data.scaling), "output": asdict(data.scaling)},
        "data": {
            **sources.provenance(weather.SOURCE),
            "series": "JFK temp, hourly",
            "first": f"{data.parts.training.start:%Y-%m-%dT%H:%MZ}",
            "hours": {
                "training": len(data.parts.training.values),
                "validation": len(data.parts.validation.values),
                "test": len(data.parts.test.values),
            },
        },
        "training": {
            "command": f"python -m train.forecast --model {name} --out models/{name}",
            "versions": backend.versions(),
            **asdict(fitting),
            "epochs": epochs,
        },
        "metrics": {
            "test": {
                "windows": len(data.test),
                **{key: asdict(score) for key, score in judge(forecasts, data).items()},
            },
            "samples": {
                "windows": len(kept),
                "network": asdict(Score.of(forecasts[kept], data.test.future[kept])),
            },
        },
    }


def train(name: str, out: Path, fitting: Fitting = FITTING) -> None:
    """Train the network ``name`` and write its four files into ``out``."""
    design = DESIGNS[name]
    with delivery.all_or_nothing(out) as folder:
        data = prepare()
        print(f"training {name}: {len(data.training)} windows, validation {len(data.validation)}")
        trained, epochs = fit(data, design, fitting)
        archive = folder / f"{name}.keras"
        delivery.save_network(trained, archive)

        # Everything that follows is told of the file, not of the network in memory.
        keras = backend.start(fitting.seed)
        network_forecast = forecast(keras.saving.load_model(archive), data, design, data.test)
        scores = judge(network_forecast, data)
        print_scores(name, scores)

        kept = delivery.evenly_spaced(SAMPLES, len(data.test))
        inputs, targets = network_arrays(data.test, data.scaling, design.shape)
        calibration, _ = network_arrays(data.training, data.scaling, design.shape)
        delivery.save_samples(
            folder / f"{name}.npz",
            inputs=inputs[kept],
            targets=targets[kept],
            calibration=calibration[delivery.evenly_spaced(CALIBRATION, len(calibration))],
        )
        plots.forecasts(
            folder / f"{name}.png",
            f"{name}: temperature at JFK, four forecasts spread evenly over the test part",
            UNIT,
            examples(data, network_forecast),
        )
        delivery.save_metadata(
            folder / f"{name}.json",
            told(name, data, network_forecast, kept, fitting, epochs),
        )
    print(f"  written: {out}/{name}.keras, .npz, .json, .png", flush=True)


def main() -> None:
    description = "Train a forecasting network: from 32 hours of temperature to the next 16."
    parser = argparse.ArgumentParser(prog="python -m train.forecast", description=description)
    parser.add_argument("--model", choices=list(DESIGNS), default="forecast", help="which network")
    parser.add_argument("--out", type=Path, required=True, help="folder for the four files")
    arguments = parser.parse_args()
    train(arguments.model, arguments.out)


if __name__ == "__main__":
    run_main(main)
