"""Versions of a policy: who, why, what it opened, and back."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from masking.policy_history import History, RevisionRefused, number_of_waiting
from masking.policy_load import built_in, load_policy

NOW = datetime(2026, 11, 25, tzinfo=UTC)
NARROW = load_policy('name="narrow"\nbase="built-in"\ndrop=["delivery-door"]\n')


def begun(**options: bool) -> History:
    return History.begin(built_in(), by="li", at=NOW, **options)


def test_a_history_begins_with_one_revision_in_force() -> None:
    held = begun()
    assert (held.current.number, held.current.policy, held.current.opens) == (1, built_in(), False)


def test_a_narrowing_change_is_in_force_at_once_and_needs_no_reason() -> None:
    held = begun().changed(NARROW, by="wang", at=NOW)
    assert (held.current.number, held.current.policy, held.current.by, held.current.opens) == (2, NARROW, "wang", False)


def test_a_change_that_opens_something_needs_a_reason_and_says_that_it_opens() -> None:
    held = begun().changed(NARROW, by="wang", at=NOW)
    for why in ("", "  "):
        with pytest.raises(RevisionRefused):
            held.changed(built_in(), by="wang", at=NOW, why=why)
    opened = held.changed(built_in(), by="wang", at=NOW, why="the pilot is over")
    assert (opened.current.number, opened.current.opens, opened.current.why) == (3, True, "the pilot is over")


def test_a_rollback_is_a_new_revision_and_hides_nothing() -> None:
    held = begun().changed(NARROW, by="wang", at=NOW).rolled_back(1, by="li", at=NOW, why="wrong rule")
    assert [revision.number for revision in held.revisions] == [1, 2, 3]
    assert (held.current.policy, held.current.restores, held.current.opens) == (built_in(), 1, True)


@pytest.mark.parametrize("number", [0, 3, -1])
def test_there_is_no_way_back_to_what_was_not(number: int) -> None:
    with pytest.raises(RevisionRefused):
        begun().changed(NARROW, by="wang", at=NOW).rolled_back(number, by="li", at=NOW, why="x")


def test_with_two_persons_an_opening_change_waits_for_the_second() -> None:
    held = begun(two_persons=True).changed(NARROW, by="wang", at=NOW)
    assert held.current.number == 2
    waiting = held.changed(built_in(), by="wang", at=NOW, why="x")
    assert waiting.current.number == 2
    with pytest.raises(RevisionRefused):
        waiting.approved(3, by="wang")
    assert waiting.approved(3, by="li").current.number == 3


def test_only_the_newest_revision_can_be_approved() -> None:
    """What it opens was judged against the policy in force when it was written."""
    held = begun(two_persons=True).changed(NARROW, by="wang", at=NOW).changed(built_in(), by="wang", at=NOW, why="x")
    later = held.changed(NARROW, by="wang", at=NOW)
    with pytest.raises(RevisionRefused):
        later.approved(3, by="li")


def test_a_waiting_revision_is_compared_with_what_is_in_force() -> None:
    held = begun(two_persons=True).changed(NARROW, by="wang", at=NOW).changed(built_in(), by="wang", at=NOW, why="x")
    again = held.changed(built_in(), by="li", at=NOW, why="y")
    assert again.revisions[-1].opens
    assert again.current.number == 2


def test_what_waits_is_part_of_the_revision_and_not_of_todays_setting() -> None:
    open_house = begun().changed(NARROW, by="wang", at=NOW).changed(built_in(), by="wang", at=NOW, why="x")
    strict = History(open_house.revisions, two_persons=True)
    assert (strict.current.number, number_of_waiting(strict)) == (3, None)
    waiting = begun(two_persons=True).changed(NARROW, by="wang", at=NOW).changed(built_in(), by="wang", at=NOW, why="x")
    lax = History(waiting.revisions, two_persons=False)
    assert (lax.current.number, number_of_waiting(lax)) == (2, 3)


def test_what_waits_for_nobody_cannot_be_approved() -> None:
    with pytest.raises(RevisionRefused):
        begun(two_persons=True).changed(NARROW, by="wang", at=NOW).approved(2, by="li")


def test_the_policy_in_force_is_not_written_again_unless_it_ends_a_wait() -> None:
    with pytest.raises(RevisionRefused):
        begun().changed(built_in(), by="li", at=NOW, why="again")
    held = begun(two_persons=True).changed(NARROW, by="wang", at=NOW).changed(built_in(), by="wang", at=NOW, why="x")
    withdrawn = held.changed(NARROW, by="li", at=NOW, why="not this")
    assert (withdrawn.current.number, number_of_waiting(withdrawn)) == (4, None)


def test_a_history_tells_its_state_and_no_content() -> None:
    assert repr(begun().changed(NARROW, by="wang", at=NOW)) == "<History of 2 revisions, 2 in force>"


def test_a_history_is_a_value() -> None:
    held = begun()
    held.changed(NARROW, by="wang", at=NOW)
    assert len(held.revisions) == 1
