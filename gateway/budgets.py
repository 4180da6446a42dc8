"""What a carrier has learned so far: the counts behind `reveals_per_parcel` and `people_per_100_parcels`. Judges nothing.

Counted only for carriers whose terms set such a bound. A day's totals are read from the store every few seconds and carried on
in memory between; processes beside this one are seen with that delay, so their sum may pass a bound by what they disclose in it.
Reveals of one parcel are exact: `reveals` numbers them, and a second one with the same number is refused by the store.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from msgspec import Struct
from sqlalchemy import Connection

from gateway.store import scan_reads
from gateway.store.tables import learned
from gateway.store.unit import Unit
from masking.disclosure import Scope
from masking.policy import PERSONAL, Level, Terms, Usage

PERIOD = timedelta(days=1)
FRESH = timedelta(seconds=5)


@dataclass(slots=True)
class _Totals:
    read_at: datetime
    people: int
    parcels: int


class Account(Struct, frozen=True):
    """One parcel's entry in a carrier's book."""

    person: bytes
    """The recipient as the book knows them; empty where no bound is set."""
    known: bool = False
    recorded: frozenset[bytes] = frozenset()
    """Who of this parcel is entered already; b"" stands for the parcel alone."""
    reveals: int = 0
    nth: int = 1
    """The number of the next reveal. Above `reveals` + 1 where this very scan made one when it was first sent."""


_FREE = Account(b"")
"""Where nothing is counted."""


class Budgets:
    """The carriers' books of one process."""

    def __init__(self) -> None:
        self._totals: dict[str, _Totals] = {}

    def account(
        self,
        connection: Connection,
        terms: Terms | None,
        parcel: scan_reads.Parcel,
        *,
        reveal: bool,
        scan: str,
        now: datetime,
    ) -> Account:
        """What the store holds of this parcel. `scan` is the scan's id where it was counted before: a retry costs nothing."""
        carrier, shipment = parcel.shipment.carrier, parcel.shipment.id
        if not reveal and not _bounded(terms):
            return _FREE
        made = scan_reads.revealed(connection, carrier, shipment) if reveal else []
        reveals, nth = sum(1 for by in made if by != scan), len(made) + 1
        if not _bounded(terms):
            return Account(b"", reveals=reveals, nth=nth)
        own = parcel.own
        person = own.owner if own else sha256(shipment.encode()).digest()[:16]
        self._refresh(connection, carrier, now)
        recorded = frozenset(scan_reads.learned_of(connection, carrier, shipment))
        return Account(person, scan_reads.knows(connection, carrier, person), recorded, reveals, nth)

    def usage(self, carrier: str, account: Account) -> Usage:
        """Where the carrier stands at this moment, with all that is under way."""
        totals = self._totals.get(carrier)
        return Usage(account.reveals, totals.people if totals else 0, totals.parcels if totals else 0, account.known)

    def enter(
        self, unit: Unit, terms: Terms | None, parcel: scan_reads.Parcel, account: Account, scope: Scope, now: datetime
    ) -> None:
        """Write what this scan teaches the carrier. Counted at once: what is under way already uses the budget."""
        if not _bounded(terms):
            return
        whole = any(scope.level(name) is Level.FULL for name in PERSONAL)
        person = account.person if whole else b""
        if person in account.recorded or (account.recorded and not whole):
            return
        carrier, shipment = parcel.shipment.carrier, parcel.shipment
        unit.add(learned, carrier, shipment.id, person, shipment.tenant, int(now.timestamp() * 1000))
        totals = self._totals[carrier]
        totals.parcels += not account.recorded
        totals.people += whole and not account.known

    def _refresh(self, connection: Connection, carrier: str, now: datetime) -> None:
        totals = self._totals.get(carrier)
        if totals is None or not timedelta(0) <= now - totals.read_at < FRESH:
            since = int((now - PERIOD).timestamp() * 1000)
            self._totals[carrier] = _Totals(now, *scan_reads.learned_since(connection, carrier, since))


def _bounded(terms: Terms | None) -> bool:
    return terms is not None and terms.people_per_100_parcels is not None
