"""Which version takes a file's place, and what keeps it from doing so."""

from __future__ import annotations

import pytest

from tests.jobs.helpers import Remembering, doors_of
from tests.whole.conftest import Person
from tests.whole.test_versions import LANTERN, NAME, V1, V2, XL, bytes_of, sidecar, studio
from wfdeps.errors import FetchError, NotFoundError, UsageError
from wfdeps.jobs.civitai_pages import Pages
from wfdeps.jobs.versions import (
    RolledBackFrom,
    Update,
    apply_update,
    choose_update,
    find_known,
    find_updates,
    roll_back,
)
from wfdeps.library import as_local
from wfdeps.values import replace
from wfdeps.wiring.doors import Doors

__all__ = ["studio"]


def chosen(doors: Doors, *, version_id: int | None = None, any_base: bool = False) -> Update:
    known = find_known(NAME, as_local(doors.library()))
    model = Pages(doors).model(known.model_id)
    return choose_update(known, model, version_id=version_id, any_base=any_base)


def version_of(update: Update) -> int | None:
    return update.version.version_id if update.version else None


def test_the_newest_of_the_same_base_is_chosen_and_what_is_left_is_told(studio: Person) -> None:
    with doors_of(studio) as doors:
        update = chosen(doors)
        assert (version_of(update), [left.version_id for left in update.left]) == (V2, [XL])
        assert (version_of(chosen(doors, any_base=True)), chosen(doors, any_base=True).left) == (XL, ())
        assert version_of(chosen(doors, version_id=V1)) is None, "it is that version already"
        with pytest.raises(UsageError):
            chosen(doors, version_id=7)


def test_nothing_changes_before_the_new_file_is_proven(studio: Person) -> None:
    before = bytes_of(studio), sidecar(studio)
    with doors_of(studio) as doors:
        update = chosen(doors)
        assert update.candidate is not None
        wrong = replace(update.candidate, file_name="x.safetensors", model_type=update.candidate.model_type)
        vae = "clearwater_vae.safetensors"
        other = Pages(doors).model(2_100_001_003).versions[0].files[0]
        assert other.file_name == vae
        with pytest.raises(FetchError, match="is a vae"):
            apply_update(replace(update, candidate=other), doors, Remembering())
        assert (bytes_of(studio), sidecar(studio)) == before
        apply_update(replace(update, candidate=wrong), doors, Remembering())
    assert bytes_of(studio) != before[0]


def test_what_was_renewed_comes_back_from_the_store(studio: Person) -> None:
    before = bytes_of(studio)
    with doors_of(studio) as doors:
        apply_update(chosen(doors), doors, Remembering())
    with doors_of(studio) as doors:
        known = find_known(NAME, as_local(doors.library()))
        assert roll_back(known, doors, Remembering()) == ("v1.0", RolledBackFrom.STORE)
    assert bytes_of(studio) == before
    with doors_of(studio) as doors:
        known = find_known(NAME, as_local(doors.library()))
        with pytest.raises(UsageError, match="no version before"):
            roll_back(known, doors, Remembering())


def test_what_cannot_be_asked_about_is_unanswered_and_not_called_the_newest(studio: Person) -> None:
    with doors_of(studio) as doors:
        updates = find_updates(doors)
    assert [newer.known.label for newer in updates.newer] == [NAME]
    studio.hub.row(model_id=LANTERN, unpublished=True)
    with doors_of(studio) as doors:
        updates = find_updates(doors)
    assert (len(updates.known), updates.newer) == (1, ())
    ((known, error),) = updates.unanswered
    assert known.label == NAME
    assert isinstance(error, NotFoundError)
