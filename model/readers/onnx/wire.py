# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""How many fields a file has, counted before it is parsed: an empty message is two bytes there, and a hundred here."""

from __future__ import annotations

# messages, and by the numbers of their fields the messages in them (onnx.proto)
MESSAGES: dict[str, dict[int, str]] = {
    "model": {7: "graph", 25: "function"},
    "graph": {1: "node", 5: "tensor", 11: "value", 12: "value", 13: "value", 15: "sparse"},
    "function": {7: "node", 11: "attribute", 12: "value"},
    "node": {5: "attribute"},
    "attribute": {
        5: "tensor",
        6: "graph",
        10: "tensor",
        11: "graph",
        14: "type",
        15: "type",
        22: "sparse",
        23: "sparse",
    },
    "value": {2: "type"},
    "type": {1: "held", 4: "held", 5: "held", 8: "held", 9: "held"},
    "held": {1: "type", 2: "shape"},
    "shape": {1: "dimension"},
    "dimension": {},
    "tensor": {},
    "sparse": {1: "tensor", 2: "tensor"},
}
FIXED = {1: 8, 5: 4}  # bytes of fields by their wire type
NUMBER, BYTES = 0, 2


def _number(data: bytes, at: int) -> tuple[int, int]:
    """A varint and where it ends."""
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80 or shift > 63:
            return value, at


def has_more_fields(data: bytes, limit: int) -> bool:
    """Whether a file has more than so many; what is damaged counts as far as it can be read."""
    found, pending = 0, [(0, len(data), "model")]
    try:
        while pending:
            at, end, message = pending.pop()
            while at < end:
                found += 1
                if found > limit:
                    return True
                key, at = _number(data, at)
                kind, inner = key & 7, MESSAGES[message].get(key >> 3)
                if kind == NUMBER:
                    _, at = _number(data, at)
                elif kind == BYTES:
                    length, at = _number(data, at)
                    if inner:
                        pending.append((at, min(at + length, end), inner))
                    at += length
                elif kind in FIXED:
                    at += FIXED[kind]
                else:
                    break  # protobuf says what is wrong
    except IndexError:
        return False
    return False
