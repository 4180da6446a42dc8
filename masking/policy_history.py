"""The versions of a scope policy: a value that only grows. Who changed it, why, whether that opened anything, and the way back.

Knows revisions; knows no store and no clock. A revision that opens something needs a reason. Where the house asks for two persons, it
waits for the second one's approval; that it waits is part of the revision, so that the setting of another day changes nothing
that is in force.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from masking.errors import VeilwayError
from masking.policy import ScopePolicy
from masking.policy_diff import opens


class RevisionRefused(VeilwayError):
    """A change of policy that may not stand: no reason, no such revision, or no second person (`policy_change_refused`)."""

    code = "policy_change_refused"


@dataclass(frozen=True, slots=True)
class Revision:
    """One version of the policy."""

    number: int
    policy: ScopePolicy
    by: str
    at: datetime
    why: str = ""
    opens: bool = False
    """Whether anybody can see more than under the revision in force before."""
    waits: bool = False
    """Whether it is in force only once somebody else has approved it."""
    restores: int | None = None
    """The revision that a rollback went back to."""
    approved_by: str = ""


@dataclass(frozen=True, slots=True)
class History:
    """All revisions, oldest first. The last one that waits for nobody is in force."""

    revisions: tuple[Revision, ...]
    two_persons: bool = False
    """Whether an opening revision that is written now waits for a second person."""

    @classmethod
    def begin(cls, policy: ScopePolicy, *, by: str, at: datetime, two_persons: bool = False) -> History:
        """A history of one revision, which opens nothing because nothing was before."""
        return cls((Revision(1, policy, by, at),), two_persons)

    def __repr__(self) -> str:
        return f"<History of {len(self.revisions)} revisions, {self.current.number} in force>"

    @property
    def current(self) -> Revision:
        """The revision in force."""
        return next(revision for revision in reversed(self.revisions) if _holds(revision))

    def changed(
        self, policy: ScopePolicy, *, by: str, at: datetime, why: str = "", restores: int | None = None
    ) -> History:
        """The history with one more revision."""
        if policy == self.current.policy and number_of_waiting(self) is None:
            raise RevisionRefused("this policy is in force already", path="policy")
        opening = opens(self.current.policy, policy)
        if opening and not why.strip():
            raise RevisionRefused("a change that shows somebody more needs a reason", path="why")
        waits = opening and self.two_persons
        revision = Revision(len(self.revisions) + 1, policy, by, at, why, opening, waits, restores)
        return replace(self, revisions=(*self.revisions, revision))

    def rolled_back(self, number: int, *, by: str, at: datetime, why: str = "") -> History:
        """The history with an earlier revision's policy as its newest one; what was in between stays on record."""
        return self.changed(self._revision(number).policy, by=by, at=at, why=why, restores=number)

    def approved(self, number: int, *, by: str) -> History:
        """The history with revision `number` approved by someone else than its author."""
        revision = self._revision(number)
        if _holds(revision):
            raise RevisionRefused("this revision waits for nobody", path="number")
        if by == revision.by:
            raise RevisionRefused("a second person approves, not the author", path="approved_by")
        if number != len(self.revisions):
            # What was compared when it was written is no longer what it would replace.
            raise RevisionRefused("only the newest revision can be approved", path="number")
        return replace(self, revisions=(*self.revisions[:-1], replace(revision, approved_by=by)))

    def _revision(self, number: int) -> Revision:
        if not 1 <= number <= len(self.revisions):
            raise RevisionRefused("there is no revision of this number", path="number")
        return self.revisions[number - 1]


def number_of_waiting(history: History) -> int | None:
    """The newest revision, where it waits for a second person; an older one that waits was overtaken and never counts."""
    newest = history.revisions[-1]
    return None if _holds(newest) else newest.number


def _holds(revision: Revision) -> bool:
    return not revision.waits or bool(revision.approved_by)
