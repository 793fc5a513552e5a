# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Audio as samples: a .wav of whole numbers, a sample for each frame and a feature for each channel, within 1."""

from __future__ import annotations

import wave
from dataclasses import dataclass
from pathlib import Path

from model.errors import UserError

ENDING = ".wav"
WIDTHS = (2, 3, 4)  # bytes of a number
DAMAGE = (wave.Error, EOFError, ValueError, OverflowError, RuntimeError, OSError)  # what wave raises
ADVICE = "save it as PCM of 16 bits, as by: sox in.wav -e signed-integer -b 16 out.wav"


@dataclass(frozen=True)
class Frames:
    """What a file holds: whole numbers of ``width`` bytes, the lowest first, one for each channel and frame."""

    data: bytes
    width: int
    channels: int


def _frames(file: wave.Wave_read, path: Path, most: int) -> Frames:
    """All of them; raises ``UserError`` if the file has fewer than it says, or more numbers than are read."""
    channels, width, count = file.getnchannels(), file.getsampwidth(), file.getnframes()
    if width not in WIDTHS:
        raise UserError(f"{path}: has numbers of {8 * width} bits; supported: 16, 24 and 32; {ADVICE}")
    if count * channels > most:
        raise UserError(f"{path}: says it has {count:,} frames of {channels}; no more than {most:,} numbers are read")
    size = count * channels * width
    data = file.readframes(count) if size <= path.stat().st_size else b""
    if len(data) != size:
        raise UserError(f"{path}: is cut off: it says it has {count:,} frames; save it again")
    return Frames(data, width, channels)


def read(path: Path, most: int) -> Frames:
    """``most``: how many numbers are read."""
    try:
        with wave.open(str(path)) as file:
            return _frames(file, path, most)
    except DAMAGE as error:
        raise UserError(
            f"{path}: is no .wav that can be read: {str(error)[:100] or 'it is cut off'}; {ADVICE}"
        ) from None


def rate(path: Path) -> float:
    """Hz; 0 of a file that is none."""
    if path.suffix.lower() != ENDING:
        return 0.0
    try:
        with wave.open(str(path)) as file:
            return float(file.getframerate())
    except DAMAGE:  # ``read`` says what is wrong
        return 0.0
