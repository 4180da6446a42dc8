"""A binding as the store holds it: its row and its latest state, joined in one read. Columns and how they become a `Binding`.

`relay_reads.py`, `scan_reads.py` and `call_reads.py` ask for bindings by this; knows no question of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import and_, func, select

from gateway.store.tables import binding_states, bindings
from virtual_numbers.binding import LIVE, Binding, Scheme, State

SLOT = ("x", "ext", "turn")
_STATES, _SCHEMES = {state.value: state for state in State}, {scheme.value: scheme for scheme in Scheme}
_LIVE = frozenset(state.value for state in LIVE)
_state, _other = binding_states.alias("state"), binding_states.alias("other")
_latest = select(func.max(_other.c.at)).where(*(_other.c[name] == bindings.c[name] for name in SLOT)).scalar_subquery()
_STATE = and_(*(_state.c[name] == bindings.c[name] for name in SLOT), _state.c.at == _latest)
COLUMNS = (
    *(bindings.c[name] for name in ("tenant", "shipment", "carrier", "role", *SLOT, "party", "scheme")),
    bindings.c.bound_at,
    bindings.c.expires_at,
    _state.c.state,
    _state.c.expires_at.label("until"),
    _state.c.released_at,
    _state.c.peer,
    _state.c.peer_until,
    bindings.c.state.label("first"),
)
"""Select these, first, from `WITH_STATE`."""
WITH_STATE = bindings.outerjoin(_state, _STATE)


def binding_of(values: Sequence[Any]) -> Binding:
    """The binding of a row that begins with `COLUMNS`."""
    tenant, shipment, carrier, role, x, ext, turn, party, scheme, bound_at, expires_at, *latest = values[: len(COLUMNS)]
    state, until, released_at, peer, peer_until, first = latest
    return Binding(
        tenant,
        shipment,
        carrier,
        role,
        x,
        ext,
        turn,
        bytes(party),
        _STATES[state or first],
        datetime.fromtimestamp(bound_at / 1000, UTC),
        moment(until if state else expires_at),
        moment(released_at),
        _SCHEMES[scheme],
        bytes(peer) if peer else b"",
        moment(peer_until),
    )


def live_at(values: Sequence[Any], ms: int) -> bool:
    """What `Binding.live` says of the row at a moment in ms, without the binding."""
    bound_at, expires_at, state, until = values[9:13]
    if state:
        expires_at = until
    return (state or values[16]) in _LIVE and bound_at <= ms and (expires_at is None or ms < expires_at)


def moment(ms: int | None) -> datetime | None:
    """Milliseconds since 1970 as a time in UTC."""
    return None if ms is None else datetime.fromtimestamp(ms / 1000, UTC)
