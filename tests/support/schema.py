# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""JSON Schema, as much of it as measure/report.schema.json uses; any other keyword is an error of the schema."""

from __future__ import annotations

import re
from typing import Any

TYPES: dict[str, Any] = {
    "object": dict, "array": list, "string": str, "integer": int, "number": (int, float), "boolean": bool,
    "null": type(None),
}  # fmt: skip
TEXTS = {"$schema", "title", "description", "$defs"}


def _is(value: object, kind: str) -> bool:
    return isinstance(value, TYPES[kind]) and (kind == "boolean" or not isinstance(value, bool))


def faults(value: Any, schema: dict[str, Any], root: dict[str, Any] | None = None, at: str = "report") -> list[str]:
    """What in ``value`` is not as ``schema`` says."""
    root = root or schema
    found: list[str] = []
    for keyword, rule in schema.items():
        if keyword == "$ref":
            found += faults(value, root["$defs"][rule.removeprefix("#/$defs/")], root, at)
        elif keyword == "type":
            kinds = [rule] if isinstance(rule, str) else rule
            found += [] if any(_is(value, kind) for kind in kinds) else [f"{at}: {value!r} is not {kinds}"]
        elif keyword in ("const", "enum"):
            found += [] if value in (rule if keyword == "enum" else [rule]) else [f"{at}: {value!r} is not {rule}"]
        elif keyword == "pattern":
            found += [] if not isinstance(value, str) or re.search(rule, value) else [f"{at}: {value!r} is not {rule}"]
        elif keyword == "minimum":
            found += [f"{at}: {value} < {rule}"] if isinstance(value, int | float) and value < rule else []
        elif keyword == "maxItems":
            found += [f"{at}: {len(value)} items"] if isinstance(value, list) and len(value) > rule else []
        elif keyword == "items":
            for index, item in enumerate(value if isinstance(value, list) else ()):
                found += faults(item, rule, root, f"{at}[{index}]")
        elif keyword == "required":
            found += [f"{at}: no {name}" for name in rule if isinstance(value, dict) and name not in value]
        elif keyword == "additionalProperties":
            assert rule is False
            extra = value.keys() - schema["properties"].keys() if isinstance(value, dict) else ()
            found += [f"{at}: unknown {name}" for name in sorted(extra)]
        elif keyword == "properties":
            for name, inner in rule.items():
                if isinstance(value, dict) and name in value:
                    found += faults(value[name], inner, root, f"{at}.{name}")
        else:
            assert keyword in TEXTS, f"the schema uses {keyword}"
    return found
