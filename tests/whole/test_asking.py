"""What a person is asked, in which order, and what their answers mean for the next question and the next run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.fakes.hub import run_hub
from tests.sources.catalogue import Row, civitai, http, row
from wfdeps.console.chooser import Prompt, Terminal
from wfdeps.console.silent import Silent
from wfdeps.domain.candidates import RankedCandidate, Why
from wfdeps.domain.folders import model_type_of
from wfdeps.domain.refs import ModelRef, NodeSite, RefStatus, WorkflowRefs
from wfdeps.domain.resolutions import Ambiguous, MarkedOptional, Resolution, Resolved
from wfdeps.jobs.choose import AnswerMemory
from wfdeps.library import open_library
from wfdeps.library.install import Roots
from wfdeps.match.policy import Policy
from wfdeps.pipeline.resolve import ResolvingDoors, resolve
from wfdeps.pipeline.survey import survey
from wfdeps.sources.answers import AnswerBook

HIGH, LOW = "wan22Dance_i2vHigh.safetensors", "wan22Dance_i2vLow.safetensors"


def half(number: int, model: int, name: str, **more: object) -> Row:
    return row(
        number, name, model_id=model, model_name="Wan Dance", version_name="High" if "High" in name else "Low", creator=f"maker {model}",
        hashes={"SHA256": f"{number:064X}"}, **more,
    )  # fmt: skip


ROWS = [
    half(1, 10, HIGH, download_count=9),
    half(2, 10, LOW, download_count=9),
    half(3, 11, HIGH, download_count=5000),
    half(4, 11, LOW, download_count=5000),
    row(20, "harbour_v1.safetensors", model_type="Checkpoint", model_name="Harbour", version_name="v1", base_model="SDXL 1.0"),
    row(21, "harbour_v1.safetensors", model_type="Checkpoint", model_name="Harbour", version_name="v1", hashes={"SHA256": "21" * 32}),
    row(22, "lantern.safetensors", model_name="Lantern", hashes={"SHA256": "22" * 32}, base_model="SDXL 1.0"),
    row(23, "lantern.safetensors", model_name="Lantern", hashes={"SHA256": "23" * 32}),
]  # fmt: skip


@dataclass
class Person:
    """Types these lines; leaves (Ctrl-C) when there are no more. Keeps each question as it was put."""

    home: Path
    rows: Sequence[Row]
    seen: list[str] = field(default_factory=list)
    asked: list[Ambiguous] = field(default_factory=list)

    def resolves(self, refs: Sequence[ModelRef], *lines: str) -> tuple[Resolution, ...]:
        typed = list(lines)
        with ExitStack() as exits:
            book = AnswerBook(str(self.home / "answers.sqlite"), workflows=("wf.json",))
            exits.callback(book.close)
            library = open_library(Roots(models=str(self.home)), index_path=str(self.home / "library.sqlite"))
            exits.callback(library.close)
            source = civitai(exits.enter_context(run_hub(self.rows)), exits.enter_context(http()))
            terminal = Terminal(self.seen.append, lambda prompt: typed.pop(0) if typed else None)
            chooser = _Noting(Prompt(memory=AnswerMemory(book), terminal=terminal), self.asked)
            surveyed = survey([WorkflowRefs("wf.json", "api", "json", "", tuple(refs))], library)
            return resolve(
                surveyed.needed, library, ResolvingDoors((book, source), chooser, Silent()), Policy()
            )


@dataclass
class _Noting:
    prompt: Prompt
    asked: list[Ambiguous]

    def choose(self, question: Ambiguous, *, left: int = 0) -> RankedCandidate | MarkedOptional | None:
        self.asked.append(question)
        return self.prompt.choose(question, left=left)


@pytest.fixture
def person(tmp_path: Path) -> Iterator[Person]:
    yield Person(tmp_path, ROWS)


def ref(name: str, folder: str = "loras", node: str = "1") -> ModelRef:
    site = NodeSite("wf.json", node, "Loader", "name")
    return ModelRef(name, model_type_of(folder), (folder,), RefStatus.REQUIRED, (site,))


def file_ids(resolutions: Sequence[Resolution]) -> list[int | None]:
    return [one.choice.candidate.file_id if isinstance(one, Resolved) else None for one in resolutions]


def test_the_model_taken_for_one_half_of_a_pair_is_offered_by_enter_for_the_other(person: Person) -> None:
    found = person.resolves([ref(HIGH), ref(LOW)], "2", "")
    assert file_ids(found) == [2001, 2002]
    assert "pair agrees: Wan Dance" in "\n".join(person.seen)


def test_a_pair_is_still_one_after_save_and_quit(person: Person) -> None:
    with pytest.raises(KeyboardInterrupt):
        person.resolves([ref(HIGH), ref(LOW)], "2", "q")
    found = person.resolves([ref(HIGH), ref(LOW)], "")
    assert file_ids(found) == [2001, 2002]
    assert [one.ref.name for one in person.asked] == [HIGH, LOW, LOW]


def test_what_is_taken_for_the_base_settles_what_follows_it(person: Person) -> None:
    refs = [ref("lantern.safetensors"), ref("harbour_v1.safetensors", "checkpoints")]
    found = person.resolves(refs, "2")
    assert [one.ref.name for one in person.asked] == ["harbour_v1.safetensors"]
    base, lora = (one.choice.candidate.base_model for one in reversed(found) if isinstance(one, Resolved))
    assert base == lora


def test_the_question_says_what_the_workflow_is_made_for(person: Person) -> None:
    rows = [*ROWS, row(24, "lantern.safetensors", model_name="Lantern", hashes={"SHA256": "24" * 32})]
    refs = [ref("lantern.safetensors"), ref("harbour_v1.safetensors", "checkpoints")]
    Person(person.home, rows, person.seen, person.asked).resolves(refs, "1", "s")
    first, second = person.asked
    chosen = {one.candidate.base_model for one in first.candidates}
    assert chosen == {"SD 1.5", "SDXL 1.0"}
    assert second.ref.base_models == ("SD 1.5",)
    assert "workflow base: SD 1.5" in "\n".join(person.seen)
    against = [any(piece.why is Why.BASE_DIFFERS for piece in one.evidence) for one in second.candidates]
    assert against == [False, False, True]
