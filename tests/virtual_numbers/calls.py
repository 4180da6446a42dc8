"""Bindings and calls that the relay tests decide on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from virtual_numbers.binding import Binding, Scheme, Slot, bind
from virtual_numbers.relay import CallFacts, Decision

NOW = datetime(2026, 11, 25, 4, 0, tzinfo=UTC)  # noon in Shanghai
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ANNA, BORIS, COURIER, OTHER = (bytes([n]) * 16 for n in (1, 2, 3, 4))
X, Y, EXT = "17012345678", "17087654321", "0421"


def a_binding(
    ext: str = EXT, turn: int = 3, party: bytes = ANNA, scheme: Scheme = Scheme.AXN_EXT, **rest: object
) -> Binding:
    return bind(
        Slot(X, ext, turn), tenant="t1", shipment=f"s{turn}", carrier="sf-express", role="recipient", party=party,
        now=NOW - DAY, scheme=scheme, **rest,  # type: ignore[arg-type]
    )  # fmt: skip


def a_call(*bindings: Binding, ext: str = EXT, caller: bytes = COURIER, **rest: object) -> CallFacts:
    known: dict[str, object] = {"scheme": Scheme.AXN_EXT, "x": X, "now": NOW, "bindings": bindings}
    return CallFacts(caller, ext=ext, **(known | rest))  # type: ignore[arg-type]


def outcome(decision: Decision) -> tuple[str, str]:
    return decision.action, decision.cause
