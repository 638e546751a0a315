"""`extra_model_paths.yaml`: tells ComfyUI that the lock's folders stand below another root."""

from __future__ import annotations

from wfdeps.domain.folders import directories_of
from wfdeps.exports.remarks import comments, head
from wfdeps.exports.values import Bundle, Format, Setting, TextFile
from wfdeps.exports.yaml_out import yaml_block


def _render(bundle: Bundle) -> tuple[TextFile, ...]:
    """ComfyUI splits a value at line ends and takes each line for a folder (`utils/extra_config.py`)."""
    keys = sorted({file.folder for file in bundle.files})
    rows = {key: "\n".join(directories_of(key)) + "\n" * (len(directories_of(key)) > 1) for key in keys}
    top = comments(head(bundle, "extra_model_paths.yaml", "comfyui --extra-model-paths-config THIS_FILE"))
    return (
        TextFile(
            FORMAT.file_name, top + yaml_block({"wfdeps": {"base_path": bundle.options["base"], **rows}})
        ),
    )


FORMAT = Format(
    "extra_model_paths.yaml for the lock's folders",
    "extra_model_paths.yaml",
    _render,
    lambda file: "",
    {"base": Setting("/runpod-volume/models", "the folder below which the files lie")},
)
