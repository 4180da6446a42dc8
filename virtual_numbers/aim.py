"""What is to be true of a binding at its providers now: whether any leg is wanted, until when, and whose peer it has.

Pure; the clock is handed in. With an extension a leg stands from the binding's beginning. A whole number that is pushed pairs two
known phones, so it waits for the courier whom a scan names, and stands for as long as the binding is narrowed to them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from virtual_numbers.binding import Binding, State


@dataclass(frozen=True, slots=True)
class Aim:
    """The state that the sender works towards."""

    wanted: int
    """How many legs: one, or none."""
    until: datetime | None
    courier: str
    """Whom the party's own calls reach, by our id; empty where nobody is named."""


def aim(binding: Binding, courier: str, now: datetime) -> Aim:
    """`courier` is whom the binding was narrowed to last; it counts only while the narrowing lasts."""
    named = courier if binding.narrowed_to(now) else ""
    carries = binding.live(now) and binding.state in (State.BOUND, State.CALLABLE)
    until = binding.expires_at
    if not binding.scheme.by_extension:
        carries = carries and bool(named)
        if named and binding.peer_until is not None:
            until = binding.peer_until if until is None else min(until, binding.peer_until)
    return Aim(int(carries), until, named)
