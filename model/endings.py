# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""What names of files that users give tell, as JSON: ``python -m model.endings``.

For a build of somebody else's, which cannot import it: modules of its own may be called as lstmcu's are.
"""

from __future__ import annotations

import json

from model import kinds, sample_file


def main() -> None:
    """Of samples; of trained files those that other files are read with; of those that may come quantised."""
    known = kinds.endings().items()
    told = {
        "samples": sample_file.ENDINGS,
        "companions": {ending: kind.companions for ending, kind in known},
        "quantised": [ending for ending, kind in known if kind.quantised],
    }
    print(json.dumps(told))


if __name__ == "__main__":
    main()
