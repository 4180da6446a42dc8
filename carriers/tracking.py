"""Carriers' status codes -> stages of the parcel. Knows the words both sides use; orders nothing (`masking/stage.py` does)."""

from __future__ import annotations

from collections.abc import Mapping

from masking.stage import Stage

EVENTS = frozenset(stage.value for stage in Stage)
"""What a profile's `[events]` table may name."""


def stage_of(events: Mapping[str, str], code: str) -> Stage | None:
    """The stage that a status code reports; None where the profile does not know the code.

    A code is looked up whole, then by ever shorter prefixes that the table spells with a closing star: `"04-4*"`.
    """
    word = events.get(code)
    if word is None:
        word = next(
            (events[f"{code[:length]}*"] for length in range(len(code), -1, -1) if f"{code[:length]}*" in events), None
        )
    return Stage(word) if word else None
