"""What a person chose, remembered for one workflow, one project, or always: a source that is asked first.

Each answer is one committed row, so that nothing is lost when the person quits, or the machine does.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum

from wfdeps.domain.candidates import Answer, Candidate, Verdict, VerdictKind
from wfdeps.domain.listings import RememberedAnswer
from wfdeps.domain.model_types import ModelType
from wfdeps.domain.queries import NameQuery, Query
from wfdeps.domain.refs import ModelRef
from wfdeps.errors import ConfigError
from wfdeps.match.evidence import ANSWERS
from wfdeps.sources.answer_json import candidate_of, json_of_candidate
from wfdeps.sources.base import answer_key
from wfdeps.sources.database import Database

_SCHEMA = """
CREATE TABLE choices (
    id INTEGER PRIMARY KEY, scope TEXT NOT NULL, name TEXT NOT NULL, model_type TEXT NOT NULL,
    said REAL NOT NULL, body TEXT, UNIQUE (scope, name, model_type)
);
"""


class AnswerScope(StrEnum):
    """For what an answer holds, narrowest first."""

    WORKFLOW = "workflow"
    PROJECT = "project"
    ALWAYS = "always"


class AnswerBook:
    """Answers in one SQLite file. `project` is a folder, `workflows` the files or folders this run is about."""

    def __init__(
        self,
        path: str,
        *,
        project: str = "",
        workflows: Sequence[str] = (),
        now: Callable[[], float] = time.time,
    ) -> None:
        self._database = Database(path, _SCHEMA, version=1, precious=True)
        self._project = os.path.abspath(project) if project else ""
        self._workflows = tuple(workflows)
        self._now = now

    @property
    def name(self) -> str:
        return ANSWERS

    def find_all(self, queries: Sequence[Query]) -> Mapping[Query, Answer]:
        """Names that were answered before; all others are left to the next source, without a verdict."""
        answers: dict[Query, Answer] = {}
        for query in queries:
            if (
                isinstance(query, NameQuery)
                and (choice := self._known(query, self._workflows))
                and choice.candidate
            ):
                day = time.strftime("%Y-%m-%d", time.gmtime(choice.answered))
                verdict = Verdict(ANSWERS, VerdictKind.FOUND, f"by you on {day}, {_in_words(choice.scope)}")
                answers[query] = Answer((choice.candidate,), verdict)
        return answers

    def is_optional(self, ref: ModelRef) -> bool:
        """Whether the person said that every workflow that names this file may go without it."""
        choices = self._choices_for(ref)
        return all(choice is not None and choice.candidate is None for choice in choices)

    def is_answered(self, ref: ModelRef) -> bool:
        """Whether anything is remembered of this file, for any workflow that names it."""
        return any(self._choices_for(ref))

    def _choices_for(self, ref: ModelRef) -> list[RememberedAnswer | None]:
        """The answer that holds in each workflow that names it: optional in one, it is still needed by another."""
        query = NameQuery(ref.name, (ref.model_type,))
        workflows = dict.fromkeys(site.workflow for site in ref.sites) or {"": None}
        return [self._known(query, (workflow,)) for workflow in workflows]

    def save(
        self, ref: ModelRef, candidate: Candidate | None, scope: AnswerScope = AnswerScope.WORKFLOW
    ) -> None:
        """Remember at once, None as optional; a later answer to the same question replaces it."""
        body = json.dumps(json_of_candidate(candidate)) if candidate else None
        scopes = self._scope_texts(scope, [site.workflow for site in ref.sites])
        rows = [(text, answer_key(ref.name), ref.model_type.value, self._now(), body) for text in scopes]
        self._database.run(
            "INSERT OR REPLACE INTO choices (scope, name, model_type, said, body) VALUES (?, ?, ?, ?, ?)",
            rows,
        )

    def choices(self) -> tuple[RememberedAnswer, ...]:
        """All of them, oldest first."""
        rows = self._database.rows(f"SELECT {_COLUMNS} FROM choices ORDER BY id")  # noqa: S608
        return tuple(map(self._choice, rows))

    def forget(self, *, number: int | None = None, name: str | None = None) -> int:
        """Drop one by its number, those of a name, or, without either, all; how many went."""
        if number is not None:
            return self._database.run("DELETE FROM choices WHERE id = ?", [(number,)])
        if name is not None:
            return self._database.run("DELETE FROM choices WHERE name = ?", [(answer_key(name),)])
        return self._database.run("DELETE FROM choices WHERE ? = ?", [(1, 1)])

    def close(self) -> None:
        self._database.close()

    def _known(self, query: NameQuery, workflows: Sequence[str]) -> RememberedAnswer | None:
        """The narrowest answer that holds for these workflows here."""
        rows = self._database.rows(
            f"SELECT {_COLUMNS} FROM choices WHERE name = ? ORDER BY id DESC",  # noqa: S608
            (answer_key(query.name),),
        )
        fitting = [
            choice
            for choice in map(self._choice, rows)
            if self._holds(choice, workflows) and _fits(choice, query)
        ]
        order = tuple(AnswerScope)
        return min(
            fitting, key=lambda choice: order.index(AnswerScope(choice.scope.partition(" ")[0])), default=None
        )

    def _choice(self, row: tuple[object, ...]) -> RememberedAnswer:
        """Raises ConfigError for a row that cannot be read: what a person chose is not lost in silence."""
        try:
            return _choice(row)
        except (ValueError, TypeError, LookupError, AttributeError) as error:
            raise ConfigError(
                f"answer {row[0]} in `{self._database.path}` cannot be read",
                hint=f"`wfdeps answers forget {row[0]}` drops it; nothing is asked and taken until then",
            ) from error

    def _holds(self, choice: RememberedAnswer, workflows: Sequence[str]) -> bool:
        """Whether it was given for what this run is about: a workflow that is named, or lies in what is named."""
        kind, _, path = choice.scope.partition(" ")
        if kind == AnswerScope.WORKFLOW:
            given = [os.path.abspath(workflow) for workflow in workflows]
            return any(path == place or path.startswith(_inside(place)) for place in given)
        return choice.scope in (*self._scope_texts(AnswerScope.PROJECT, ()), AnswerScope.ALWAYS)

    def _scope_texts(self, scope: AnswerScope, workflows: Sequence[str]) -> tuple[str, ...]:
        match scope:
            case AnswerScope.WORKFLOW:
                return tuple(f"workflow {os.path.abspath(path)}" for path in dict.fromkeys(workflows))
            case AnswerScope.PROJECT:
                return (f"project {self._project}",) if self._project else ()
            case AnswerScope.ALWAYS:
                return ("always",)


def _inside(path: str) -> tuple[str, ...]:
    """How what lies in a folder, an archive or a bundle begins."""
    return path + os.sep, path + "!", path + "#"


_COLUMNS = "id, scope, name, model_type, said, body"


def _choice(row: tuple[object, ...]) -> RememberedAnswer:
    number, scope, name, model_type, answered, body = row
    candidate = candidate_of(json.loads(str(body))) if body else None
    return RememberedAnswer(
        int(str(number)), str(scope), str(name), ModelType(str(model_type)), float(str(answered)), candidate
    )


def _fits(choice: RememberedAnswer, query: NameQuery) -> bool:
    untold = not query.model_types or choice.model_type is ModelType.UNKNOWN
    return untold or choice.model_type in query.model_types


def _in_words(scope: str) -> str:
    kind = scope.partition(" ")[0]
    return {"workflow": "for this workflow", "project": "for this project"}.get(kind, "for every workflow")
