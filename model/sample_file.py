# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Whether a path may be of samples, before anything is read of it."""

from __future__ import annotations

import stat
from pathlib import Path

from model.errors import UserError

ENDINGS = (".npz", ".npy", ".csv", ".wav")  # the first that lies beside a model is taken
WANTED = "an .npz with 'inputs' (N, steps, features), an .npy of them, a .csv with a window a row, or audio as .wav"


def check(path: Path, called: str) -> None:
    """Raise ``UserError`` about ``called`` unless ``path`` is a regular file with an ending of samples."""
    try:
        mode = path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        raise UserError(f"{called}: no such file; give samples= {WANTED}") from None
    except OSError as error:  # a loop of links, a folder that may not be entered
        raise UserError(f"{called}: cannot be read as samples: {error.strerror}") from None
    except ValueError as error:  # a zero byte in the name
        raise UserError(f"{called}: cannot be read as samples: {error}") from None
    if not stat.S_ISREG(mode):
        kind = "a folder" if stat.S_ISDIR(mode) else "a device or pipe"
        raise UserError(f"{called}: is {kind}, no file of samples; give samples= {WANTED}")
    if path.suffix.lower() not in ENDINGS:
        raise UserError(f"{called}: samples do not end in '{path.suffix}'; give samples= {WANTED}")
