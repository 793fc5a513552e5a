# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""The tool's version, named in everything it generates; firmware/include/lstmcu_version.h says the same to C."""

VERSION = "0.1.0"


def number(version: str = VERSION) -> str:
    """As the preprocessor compares it: ``0x000100``, two digits for each part."""
    major, minor, patch = map(int, version.split("."))
    return f"0x{major:02x}{minor:02x}{patch:02x}"
