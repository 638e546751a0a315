"""What a person sees of a workflow's refs."""

from __future__ import annotations

from wfdeps.domain.model_types import ModelType
from wfdeps.domain.refs import (
    Certainty,
    ModelRef,
    NodeSite,
    Notice,
    RefStatus,
    UnreadableWorkflow,
    WorkflowRefs,
)
from wfdeps.report.refs_text import render
from wfdeps.report.wording import View


def ref(name: str, folder: str, status: RefStatus = RefStatus.REQUIRED, **more: object) -> ModelRef:
    site = NodeSite("wf.json", "4", "SomeLoader", "name")
    return ModelRef(name, ModelType.LORA, (folder,) if folder else (), status, (site,), **more)  # type: ignore[arg-type]


def reading(*refs: ModelRef, warnings: tuple[Notice, ...] = ()) -> WorkflowRefs:
    return WorkflowRefs("wf.json", "ui", "png", "ab" * 32, refs, warnings)


def test_files_stand_by_folder_one_a_line() -> None:
    text = render(
        (
            reading(
                ref("a.safetensors", "loras"), ref("bb.pt", "loras", RefStatus.INACTIVE), ref("v.pt", "vae")
            ),
        )
    )
    assert text == (
        "wf.json  needs 2 files, names 1 more  (ui in png)\n"
        "\n  loras/\n"
        "    • a.safetensors  SomeLoader 4\n"
        "    · bb.pt          SomeLoader 4  inactive\n"
        "\n  vae/\n"
        "    • v.pt           SomeLoader 4\n"
    )


def test_what_is_known_of_a_file_is_told() -> None:
    text = render((reading(ref("a.pt", "", certainty=Certainty.GUESS, hints=("https://x",))),))
    assert "folder unknown" in text and "a guess, link in a note" in text


def test_warnings_and_unreadable_files_are_told() -> None:
    text = render(
        (
            reading(warnings=(Notice("x", "something odd"),)),
            UnreadableWorkflow("b.json", "not JSON", "look at it"),
        )
    )
    assert "needs no model file" in text and "! something odd" in text
    assert text.endswith("b.json  not JSON\n  hint: look at it\n")


def test_names_cannot_paint_the_terminal() -> None:
    text = render((reading(ref("\x1b[31mred\u202e.pt", "loras")),), View(color=False))
    assert "\x1b" not in text and "\\x1b[31mred\\u202e.pt" in text


def test_colour_is_only_where_it_is_wanted() -> None:
    assert "\x1b[" in render((reading(ref("a.pt", "loras")),), View(color=True))
