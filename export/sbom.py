# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""The bill of materials of an export: CycloneDX 1.5, the same bytes for the same files."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from model.version import VERSION

NAME = "sbom.cdx.json"
TOOL = "lstmcu"
OWN = [{"license": {"id": "Apache-2.0"}}]
USERS = [{"license": {"name": "Generated: belongs to the user of lstmcu"}}]


def digest(data: bytes) -> str:
    """SHA-256, in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def _component(kind: str, name: str, sha256: str, **more: Any) -> dict[str, Any]:
    return {
        "type": kind,
        "bom-ref": f"{kind}:{name}",
        "name": name,
        "hashes": [{"alg": "SHA-256", "content": sha256}],
        **more,
    }


def _model(reports: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    report = reports[0]
    values = {key: report[key] for key in ("quantisation", "kernels", "state")}
    values["target"] = ",".join(each["target"] for each in reports)
    return _component(
        "machine-learning-model",
        report["model"]["source"],
        report["model"]["sha256"],
        properties=[{"name": f"{TOOL}:{key}", "value": value} for key, value in sorted(values.items())],
    )


def make(
    name: str, files: Mapping[str, bytes], runtime: Sequence[str], models: Sequence[Sequence[Mapping[str, Any]]]
) -> bytes:
    """The SBOM of the export ``name``: its ``files``, of which ``runtime`` are the project's, and its models.

    ``models``: the reports of each, one for every core.
    """
    trained = [_model(reports) for reports in models]
    components = trained + [
        _component("file", file, digest(data), licenses=OWN if file in runtime else USERS)
        for file, data in sorted(files.items())
    ]
    contents = digest(json.dumps(components, sort_keys=True).encode())
    bom = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_OID, contents)}",
        "version": 1,
        "metadata": {
            "tools": {"components": [{"type": "application", "name": TOOL, "version": VERSION}]},
            "component": {"type": "library", "bom-ref": name, "name": name, "version": contents[:12]},
        },
        "components": components,
        "dependencies": [
            {"ref": name, "dependsOn": [component["bom-ref"] for component in components]},
            *({"ref": component["bom-ref"], "dependsOn": []} for component in components),
        ],
    }
    return (json.dumps(bom, indent=2, ensure_ascii=False) + "\n").encode()
