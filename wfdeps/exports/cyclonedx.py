"""A CycloneDX ML-BOM, 1.6 or 1.7. Written by hand: cyclonedx-python-lib 11.12 has no class for model cards; the tests
validate it strictly. The serial number comes from the lock, and no time is in it: the same lock, the same bytes."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from wfdeps import __version__
from wfdeps.errors import UsageError
from wfdeps.exports.values import Bundle, Format, ModelFile, Setting, TextFile
from wfdeps.lock.document import to_text

VERSIONS = ("1.6", "1.7")


def _render(bundle: Bundle) -> tuple[TextFile, ...]:
    version = bundle.options["spec-version"]
    if version not in VERSIONS:
        raise UsageError(f"no CycloneDX `{version}` is written here", hint=f"one of {', '.join(VERSIONS)}")
    components = [_component(file) for file in bundle.files]
    refs = {file.path: component["bom-ref"] for file, component in zip(bundle.files, components, strict=True)}
    workflows = [path for path, _ in bundle.lock.workflows]
    document = {
        "$schema": f"http://cyclonedx.org/schema/bom-{version}.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": version,
        "serialNumber": f"urn:uuid:{uuid5(NAMESPACE_URL, 'wfdeps:' + sha256(to_text(bundle.lock).encode()).hexdigest())}",
        "version": 1,
        "metadata": {
            "tools": {"components": [{"type": "application", "name": "wfdeps", "version": __version__}]},
            "component": {"type": "application", "bom-ref": "workflows", "name": ", ".join(workflows) or "wfdeps.lock"},
            **({"properties": [_property("left-out", f"{one.what}: {one.reason}") for one in bundle.left_out]}
               if bundle.left_out else {}),
        },
        "components": components,
        "dependencies": [{"ref": "workflows", "dependsOn": sorted(set(refs.values()))}],
    }  # fmt: skip
    return (TextFile(FORMAT.file_name, json.dumps(document, indent=2, ensure_ascii=False) + "\n"),)


def _component(file: ModelFile) -> dict[str, Any]:
    links = [{"type": "distribution", "url": url} for url in file.urls]
    if file.page:
        links.append({"type": "model-card", "url": file.page})
    properties = [
        _property("folder", file.folder),
        _property("path", file.path),
        *([_property("air", file.air)] if file.air else []),
        *([_property("size", str(file.size))] if file.size is not None else []),
        *(_property("used-by", use) for use in file.used_by),
    ]
    return {
        "type": "machine-learning-model",
        "bom-ref": f"file:{file.path}",
        "group": file.folder,
        "name": file.name,
        "scope": "required",
        **({"hashes": [{"alg": "SHA-256", "content": file.sha256}]} if file.sha256 else {}),
        **({"externalReferences": links} if links else {}),
        "properties": properties,
    }


def _property(name: str, value: str) -> dict[str, str]:
    return {"name": f"wfdeps:{name}", "value": value}


FORMAT = Format(
    "a CycloneDX bill of materials",
    "models.cdx.json",
    _render,
    lambda file: "",
    {"spec-version": Setting("1.6", f"one of {', '.join(VERSIONS)}")},
)
