# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Audio as samples: numbers of every width, the rate, and a sentence for what is no such file."""

from __future__ import annotations

import random
import struct
import wave
from pathlib import Path

import numpy as np
import pytest

from model import metadata, readers, samples
from model.errors import UserError
from model.network import Network
from model.quantise import calibrated
from model.signal import Array
from tests.support import json_files
from tests.support.damaged.reading import check_sentence
from tests.support.damaged.values import damaged_bytes

FRAMES = 50


def wav(path: Path, whole: Array, width: int, rate: int = 48_000) -> Path:
    """A file of whole numbers (N, channels)."""
    data = whole.astype("<i8").reshape(-1, 1).view(np.uint8)[:, :width].tobytes()
    with wave.open(str(path), "wb") as file:
        file.setparams((whole.shape[1], width, rate, len(whole), "NONE", ""))
        file.writeframes(data)
    return path


def whole(width: int, channels: int = 1) -> Array:
    """Numbers of a width, its ends among them."""
    top = 1 << (8 * width - 1)
    drawn = np.random.default_rng(width).integers(-top, top, (FRAMES, channels))
    drawn[:2] = [[-top], [top - 1]]
    return drawn


@pytest.fixture
def amplifier(tmp_path: Path) -> Network:
    document = json_files.amplifier(np.random.default_rng(0), 3, samplerate=48_000)
    return readers.read(json_files.write(tmp_path / "amp.json", document))


def refusal(path: Path, network: Network) -> str:
    with pytest.raises(UserError) as error:
        samples.load(path, network.given, network.made)
    assert str(error.value).startswith(f"{path}: ")
    assert str(error.value).isprintable()
    return str(error.value)


@pytest.mark.parametrize("width", [2, 3, 4])
@pytest.mark.parametrize("ending", [".wav", ".WAV"])
def test_every_width(width: int, ending: str, tmp_path: Path, amplifier: Network) -> None:
    path = wav(tmp_path / f"riff{ending}", whole(width), width)
    loaded = samples.load(path, amplifier.given, amplifier.made)
    due = whole(width)[:, None] / 2.0 ** (8 * width - 1)
    np.testing.assert_array_equal(loaded.inputs, due.astype(np.float32))
    assert loaded.inputs.min() == -1.0
    assert not loaded.stored


def test_a_channel_is_a_feature(tmp_path: Path, amplifier: Network) -> None:
    document = json_files.guitarml(np.random.default_rng(0), inputs=2, units=3)
    two = readers.read(json_files.write(tmp_path / "two.json", document))
    path = wav(tmp_path / "riff.wav", whole(2, 2), 2)
    loaded = samples.load(path, two.given, two.made)
    np.testing.assert_array_equal(loaded.inputs[:, 0], (whole(2, 2) / 32768).astype(np.float32))
    assert r"'inputs' has shape (50, 2); the model's input asks for (N, 1, 1)" in refusal(path, amplifier)


def test_the_rate(tmp_path: Path, amplifier: Network) -> None:
    path = wav(tmp_path / "riff.wav", whole(2), 2, rate=44_100)
    assert metadata.read(path) == metadata.Metadata(rate=44_100)
    (tmp_path / "riff.json").write_text('{"unit": "V"}')
    assert metadata.read(path) == metadata.Metadata(rate=44_100, unit="V")
    (tmp_path / "riff.json").write_text('{"data": {"rate_hz": 8000}}')
    assert metadata.read(path).rate == 8000
    with pytest.raises(UserError, match=r"riff.wav: has 44100 samples a second, and amp.json is of 48000; resample it"):
        calibrated(amplifier, path, "int8", "stream")
    assert calibrated(amplifier, wav(path, whole(2), 2), "int8", "stream").quantisation == "int8"


def float_wav() -> bytes:
    """As audio programs write float32."""
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 3, 1, 48_000, 192_000, 4, 32)
    return (
        b"RIFF" + struct.pack("<I4s", 4 + len(form) + 16, b"WAVE") + form + struct.pack("<4sI", b"data", 8) + bytes(8)
    )


REFUSED = {
    "empty": (b"", "is no .wav that can be read: it is cut off; save it as PCM of 16 bits"),
    "text": (b"no audio at all, but words", "is no .wav that can be read: file does not start with RIFF id"),
    "float": (float_wav(), "is no .wav that can be read: unknown format: 3; save it as PCM of 16 bits"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused(name: str, tmp_path: Path, amplifier: Network) -> None:
    data, sentence = REFUSED[name]
    (tmp_path / "riff.wav").write_bytes(data)
    assert sentence in refusal(tmp_path / "riff.wav", amplifier)
    assert metadata.read(tmp_path / "riff.wav") == metadata.Metadata()


def test_numbers_of_eight_bits(tmp_path: Path, amplifier: Network) -> None:
    path = wav(tmp_path / "riff.wav", whole(1), 1)
    assert "has numbers of 8 bits; supported: 16, 24 and 32" in refusal(path, amplifier)


def test_no_frames(tmp_path: Path, amplifier: Network) -> None:
    path = wav(tmp_path / "riff.wav", np.zeros((0, 1)), 2)
    assert "'inputs' holds no samples" in refusal(path, amplifier)


@pytest.mark.parametrize("claimed", [FRAMES * 2 + 2, 1 << 20, 0x7FFFFFF0, 0xFFFFFFF0])
def test_lies_about_its_length(claimed: int, tmp_path: Path, amplifier: Network) -> None:
    """Before memory is taken for it."""
    path = wav(tmp_path / "riff.wav", whole(2), 2)
    data = bytearray(path.read_bytes())
    data[40:44] = claimed.to_bytes(4, "little")
    path.write_bytes(data)
    assert "cut off" in (said := refusal(path, amplifier)) or "numbers are read" in said


@pytest.mark.inputs(300)
def test_damage(tmp_path: Path, amplifier: Network) -> None:
    """Read, or one sentence."""
    sound = wav(tmp_path / "riff.wav", whole(3), 3).read_bytes()
    loaded = 0
    for seed in range(300):
        (tmp_path / "riff.wav").write_bytes(damaged_bytes(random.Random(seed), sound))
        metadata.read(tmp_path / "riff.wav")
        try:
            samples.load(tmp_path / "riff.wav", amplifier.given, amplifier.made)
            loaded += 1
        except UserError as error:
            check_sentence(str(error), "riff.wav")
    assert 30 < loaded < 270
