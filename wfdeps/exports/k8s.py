"""Kubernetes: the lock as a ConfigMap, and a Job that runs `wfdeps sync` into a volume.

Exit codes 1 and 2 of a sync end the Job; 3 (could not decide) and 4 (the rest is done, a rerun resumes) try again.
"""

from __future__ import annotations

import re
from typing import Any

from wfdeps import __version__
from wfdeps.errors import UsageError
from wfdeps.exports.remarks import comments, head, remark
from wfdeps.exports.values import Bundle, Format, Setting, TextFile
from wfdeps.exports.yaml_out import yaml_block
from wfdeps.lock.document import to_text

_MOST = 1 << 20
"""Bytes: the API server refuses a larger ConfigMap."""
_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_IMAGE = re.compile(r"[a-z0-9][\w./:@-]*", re.ASCII)
_PLAIN_PYTHON = "python:3.12-slim"


def _render(bundle: Bundle) -> tuple[TextFile, ...]:
    names = {key: bundle.options[key] for key in ("claim", "secret")}
    for key, name in names.items():
        if not _NAME.fullmatch(name):
            raise UsageError(f"`{name}` is no name of Kubernetes", hint=f"--with {key}=NAME: a-z, 0-9 and -")
    if not _IMAGE.fullmatch(bundle.options["image"]):
        raise UsageError(f"`{bundle.options['image']}` is no image")
    text = to_text(bundle.lock)
    if len(text.encode()) > _MOST:
        raise UsageError(f"the lock has {len(text.encode())} bytes, and a ConfigMap holds {_MOST} at most")
    top = head(
        bundle,
        "Kubernetes Job",
        f"kubectl create secret generic {names['secret']} --from-file=CIVITAI_API_TOKEN=PATH   (if a file needs it)",
        "The block `containers` may stand as `initContainers` in a pod of yours, with the same volumes.",
    )
    documents = (_config_map(text), _job(bundle.options["image"], **names))
    body = "---\n".join(map(yaml_block, documents))
    return (TextFile(FORMAT.file_name, comments([*top, *map(remark, bundle.files)]) + body),)


def _config_map(lock: str) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "wfdeps-lock"},
        "data": {"wfdeps.lock": lock},
    }


def _job(image: str, claim: str, secret: str) -> dict[str, Any]:
    sync = "wfdeps sync /lock/wfdeps.lock --locked --models /models --no-input"
    command = (
        ["sh", "-c", f"pip install --quiet wfdeps=={__version__} && exec {sync}"]
        if image == _PLAIN_PYTHON
        else sync.split(" ")
    )
    key = "CIVITAI_API_TOKEN"
    token = {"secretKeyRef": {"name": secret, "key": key, "optional": True}}
    container = {
        "name": "sync",
        "image": image,
        "command": command,
        "env": [{"name": key, "valueFrom": token}],
        "volumeMounts": [
            {"name": "models", "mountPath": "/models"},
            {"name": "lock", "mountPath": "/lock", "readOnly": True},
        ],
    }
    end = {"action": "FailJob", "onExitCodes": {"containerName": "sync", "operator": "In", "values": [1, 2]}}
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": "wfdeps-sync"},
        "spec": {
            "backoffLimit": 4,
            "podFailurePolicy": {"rules": [end]},
            "template": {
                "spec": {
                    "restartPolicy": "Never",
                    "containers": [container],
                    "volumes": [
                        {"name": "models", "persistentVolumeClaim": {"claimName": claim}},
                        {"name": "lock", "configMap": {"name": "wfdeps-lock"}},
                    ],
                }
            },
        },
    }


FORMAT = Format(
    "a Kubernetes Job that syncs the lock into a volume",
    "wfdeps-sync.yaml",
    _render,
    lambda file: "",
    {
        "claim": Setting("comfyui-models", "the PersistentVolumeClaim of the models"),
        "secret": Setting("wfdeps-tokens", "the Secret that holds CIVITAI_API_TOKEN"),
        "image": Setting(_PLAIN_PYTHON, "an image with wfdeps in it; into the default it is installed first"),
    },
)
