# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""The weights and texts in an HDF5 file, read in a process of its own.

A damaged file can crash libhdf5 or keep it busy for ever; in a process with limits that is one more kind of damage.
"""

from __future__ import annotations

import io
import json
import math
import os
import resource
import subprocess
import sys
import time
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from model.signal import Array

SIZE_LIMIT = 256 << 20  # bytes of all arrays: no model for a microcontroller comes near
MEMORY = 1 << 30  # bytes the process may have
SECONDS = 4  # of processor time it may take once it has started; a good file takes a tenth of one
COUNT_LIMIT = 10_000  # groups and arrays
DEPTH_LIMIT = 16
ROOTS = ("layers", "_layer_checkpoint_dependencies", "model_weights")  # where Keras's versions put weights
BFLOAT16 = np.dtype("V2")  # HDF5 and numpy have no such type
TEXTS = ("model_config", "weight_names", "keras_version")  # attributes


@dataclass(frozen=True, eq=False)
class Contents:
    """What a file holds."""

    arrays: dict[str, Array]  # by path, as "layers/lstm/cell/vars/0"
    texts: dict[str, list[str]]  # attributes by path, as "model_config", "model_weights/lstm/weight_names"

    def numbered(self, group: str) -> tuple[Array, ...]:
        """The arrays 0, 1, ... right below a group."""
        split = ((path.rpartition("/"), array) for path, array in self.arrays.items())
        found = {int(name): array for (above, _, name), array in split if above == group}
        return tuple(found[number] for number in sorted(found))


def parse(data: bytes) -> Contents:
    """Read a file in this very process: for the process that ``load`` starts."""
    import h5py

    contents = Contents({}, {})
    total = count = 0

    def texts(path: str, item: Any) -> None:
        for name in TEXTS:
            if name in item.attrs:
                values = np.atleast_1d(item.attrs[name]).tolist()
                contents.texts[f"{path}{name}"] = [v.decode() if isinstance(v, bytes) else str(v) for v in values]

    def walk(path: str, group: Any, names: Any, depth: int) -> None:
        nonlocal total, count
        for name in names:
            count += 1
            if count > COUNT_LIMIT or depth > DEPTH_LIMIT:
                raise ValueError("its groups are nested too deep or too many")
            if not isinstance(group.get(name, getlink=True), h5py.HardLink):
                raise ValueError(f"'{path}{name}' lies elsewhere")
            item = group[name]
            if isinstance(item, h5py.Group):
                texts(f"{path}{name}/", item)
                walk(f"{path}{name}/", item, item, depth + 1)
            elif isinstance(item, h5py.Dataset):
                if item.is_virtual or item.external:
                    raise ValueError(f"'{path}{name}' lies elsewhere")
                if (item.dtype.kind not in "fiu" and item.dtype != BFLOAT16) or item.shape is None:
                    continue  # no weight
                total += item.size * item.dtype.itemsize
                if total > SIZE_LIMIT:
                    raise ValueError(f"its arrays claim more than {SIZE_LIMIT} bytes")
                place = f"{path}{name}".replace("\\", "/")  # Keras 2 on Windows
                if place in contents.arrays:
                    raise ValueError(f"'{place}' is there twice")
                contents.arrays[place] = np.asarray(item)

    with h5py.File(io.BytesIO(data), "r") as file:
        texts("", file)
        walk("", file, [name for name in file if name.split("\\")[0] in ROOTS], 0)
    return contents


def load(data: bytes) -> Contents:
    """Read a file; raises ``ValueError`` for damage of any kind."""
    done = subprocess.run(
        [sys.executable, "-m", "model.readers.keras.hdf5"],
        input=data,
        capture_output=True,
        cwd=Path(__file__).parents[3],
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},  # a pool for many threads would fill the memory allowed
    )
    if done.returncode:
        lines = done.stderr.decode(errors="replace").strip().splitlines()
        raise ValueError(lines[-1][:300] if lines and done.returncode > 0 else "libhdf5 cannot cope with it")
    try:
        with np.load(io.BytesIO(done.stdout), allow_pickle=False) as archive:
            index = json.loads(str(archive["index"]))
            arrays = {path: archive[f"a{number}"] for number, path in enumerate(index["arrays"])}
    except (zipfile.BadZipFile, KeyError, EOFError):
        raise ValueError("libhdf5 cannot cope with it") from None
    return Contents(arrays, index["texts"])


def main() -> None:
    """Read the file on standard input; write its arrays to standard output as .npz."""
    import h5py  # noqa: F401 (before the seconds count)

    limit = math.ceil(time.process_time() + SECONDS)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        contents = parse(sys.stdin.buffer.read())
    except Exception as error:  # whatever a damaged file makes h5py raise
        sys.exit(f"{type(error).__name__}: {error}".replace("\n", " "))
    index = json.dumps({"arrays": list(contents.arrays), "texts": contents.texts})
    buffer = io.BytesIO()
    np.savez(buffer, index=np.array(index), **{f"a{n}": a for n, a in enumerate(contents.arrays.values())})  # type: ignore[arg-type]
    sys.stdout.buffer.write(buffer.getvalue())


if __name__ == "__main__":
    main()
