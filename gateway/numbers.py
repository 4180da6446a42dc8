"""The desk where relay numbers are given out: one in-memory `Pool` for each configured pool. Knows pools and their slots.

What is on disk is the truth; the desk is built from it at start and told of every change. The scheme follows the pool, and a
pool bound to no carrier serves every carrier. A lease is in memory and costs microseconds: it becomes real with the commit of
its binding, whose key (X, extension, turn) no second binding can ever take.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sqlalchemy import Connection

from gateway.settings import Settings
from gateway.store import relay_reads
from gateway.store.database import Database
from gateway.store.number_blocks import Block, claim_blocks
from masking.personal import PostalAddress
from virtual_numbers.binding import Scheme, Slot
from virtual_numbers.errors import PoolExhausted, SlotRefused
from virtual_numbers.pool import Pool, PoolPolicy, SlotState

_NOWHERE = PostalAddress()
_KIND_OF_PLACE = re.compile(r"(?:特别行政区|自治[区州县]|[省市区县])\Z")
_AUTONOMOUS = re.compile(r"自治[区州县]\Z")
_HEAD = 20  # characters of an address in one line that name state, city and district


@dataclass(slots=True)
class _Counter:
    """One pool at the desk."""

    row: relay_reads.PoolRow
    scheme: Scheme
    pool: Pool
    blocks: set[Block]
    withdrawn: set[str] = field(default_factory=set)

    def fit(self, unfit: set[str]) -> None:
        """Lease nothing more from these numbers, and from those again that were among them."""
        held = {block.x for block in self.blocks}
        for x in (unfit & held) - self.withdrawn:
            self.pool.withdraw(x)
        for x in self.withdrawn - unfit:
            self.pool.readmit(x)
        self.withdrawn = unfit & held


class NumberDesk:
    """Leases slots for this process. `load()` before the first lease and after numbers were added."""

    def __init__(self, database: Database, settings: Settings, *, holder: str) -> None:
        self._database = database
        self._settings = settings
        self._holder = holder
        self._counters: dict[str, _Counter] = {}
        self._serving: dict[str, list[_Counter]] = {}
        """By carrier, in the order in which they are asked."""

    def __repr__(self) -> str:
        return f"<NumberDesk {' '.join(f'{name}:{c.pool!r}' for name, c in self._counters.items()) or 'without pools'}>"

    async def load(self, now: datetime) -> None:
        """Claim blocks of numbers and learn which of their slots are used, cooling or free."""
        found = await self._database.write(lambda connection: self._claim(connection, now))
        self._serving.clear()
        for row, fresh, unfit in found:
            counter = self._counters.get(row.name)
            if counter is None:
                counter = _Counter(row, Scheme(row.scheme), Pool(self._policy(row)), set())
                self._counters[row.name] = counter
            for x, places, used in _joined(fresh):
                counter.pool.load(x, places, used)
            counter.blocks.update(block for block, _ in fresh)
            counter.fit(unfit)

    def _claim(
        self, connection: Connection, now: datetime
    ) -> list[tuple[relay_reads.PoolRow, list[tuple[Block, list[SlotState]]], set[str]]]:
        out = []
        for row in relay_reads.all_pools(connection):
            known = self._counters[row.name].blocks if row.name in self._counters else set()
            claimed = claim_blocks(connection, row, holder=self._holder, now=now, everything=self._settings.embedded)
            fresh = [(block, _used(connection, block)) for block in claimed if block not in known]
            out.append((row, fresh, relay_reads.unfit_numbers(connection, row.name)))
        return out

    def _policy(self, row: relay_reads.PoolRow) -> PoolPolicy:
        s = self._settings
        return PoolPolicy(
            # A 700 number is imported whole, as providers sell it, and dialled whole. A pair's number is one shipment's at a time,
            # too: the courier who makes it a pair is known only by a scan, long after the label with the number was printed.
            scheme=Scheme.AXN if row.scheme in ("axn700", "axb") else Scheme(row.scheme),
            ext_digits=row.ext_digits or 4,
            occupancy=s.occupancy,
            quarantine=s.quarantine,
            tombstone=s.tombstone,
            exhaustion="queue" if s.exhaustion == "queue" else "refuse",
        )

    def lease(
        self, carrier: str, now: datetime, party: bytes, address: PostalAddress = _NOWHERE, *, lasting: bool = False
    ) -> tuple[Slot, Scheme, str]:
        """A slot for a party of an order with this carrier, of a pool of the party's own region first; its scheme and its pool's name.

        Never shortens a quarantine.
        One that is `lasting` stays with its party beyond the order: it is none of a pool of pairs, whose numbers reach nobody before a
        delivery courier's scan, and is drawn apart from what else is leased in the same second. Raises `PoolExhausted`; its `retry_at`
        is the earliest of the pools', where they queue.
        """
        again: list[datetime] = []
        for counter in self._serving.get(carrier) or self._asked(carrier):
            region = counter.row.region
            if (region and not in_region(region, address)) or (lasting and counter.scheme.by_pair):
                continue
            try:
                return counter.pool.lease(now, party, lasting=lasting), counter.scheme, counter.row.name
            except PoolExhausted as exhausted:
                again += [exhausted.retry_at] if exhausted.retry_at else []
        message = "no pool has a slot for this carrier; `veilway numbers add` adds numbers"
        raise PoolExhausted(message, retry_at=min(again, default=None))

    def _asked(self, carrier: str) -> list[_Counter]:
        """The carrier's own pools before everybody's; of each, those of a region before those of none. Kept until the pools change."""
        theirs = [counter for counter in self._counters.values() if counter.row.carrier in (carrier, "")]
        theirs.sort(key=lambda counter: (not counter.row.carrier, not counter.row.region))
        self._serving[carrier] = theirs
        return theirs

    def give_back(self, slot: Slot, now: datetime, *, unknown_reader: bool = False) -> None:
        """A binding ended: its slot begins its quarantine now (a year and more where a stranger may have read it).

        Also for a lease whose binding failed to commit: whether the number was told is not worth a guess.
        """
        for counter in self._counters.values():
            try:
                counter.pool.give_back(slot, now, unknown_reader=unknown_reader)
                return
            except SlotRefused:
                continue  # in a block of another pool, or of another process, which learns of it from the store

    def reclaim(self, slot: Slot) -> bool:
        """Take a resting slot back for its own binding. False where it has rested or moved on, or rests in another process's block:
        that process would not know, and might give it out."""
        for counter in self._counters.values():
            try:
                counter.pool.reclaim(slot)
                return True
            except SlotRefused:
                continue
        return False

    def status(self) -> dict[str, dict[str, float]]:
        """Per pool: slots, live, cooling, usable."""
        out = {}
        for name, counter in self._counters.items():
            o = counter.pool.occupancy()
            out[name] = {
                "slots": o.total,
                "usable": o.usable,
                "live": o.live,
                "cooling": o.cooling,
                "share": round(o.share, 4),
            }
        return out


def in_region(region: str, address: PostalAddress) -> bool:
    """Whether an address lies in a pool's region: a country's code, or a state, city or district, with or without the word for what it is.

    Where a format has the whole address in one line, the region is looked for at its beginning.
    """
    wanted = _bare(region)
    places = (address.state, address.city, address.district)
    if wanted == address.country.casefold() or any(_is_place(place, wanted) for place in places):
        return True
    return len(wanted) > 1 and wanted in address.street[:_HEAD].casefold()


def _is_place(place: str, wanted: str) -> bool:
    # Autonomous regions have their people's name between: 广西壮族自治区.
    return _bare(place) == wanted or (place.startswith(wanted) and _AUTONOMOUS.search(place) is not None)


def _bare(place: str) -> str:
    """`浙江省` and `浙江` are one place."""
    place = place.strip().casefold()
    return _KIND_OF_PLACE.sub("", place) or place


def _joined(fresh: list[tuple[Block, list[SlotState]]]) -> list[tuple[str, range, list[SlotState]]]:
    """Number, extensions and used slots of blocks, as one where they lie side by side: the fewer there are, the less memory a lease touches."""
    runs: list[tuple[str, range, list[SlotState]]] = []
    for block, used in sorted(fresh, key=lambda held: (held[0].x, held[0].first)):
        places = block.extensions
        x, before, known = runs[-1] if runs else ("", range(0), [])
        if places and block.x == x and places.start == before.stop:
            known += used
            runs[-1] = x, range(before.start, places.stop), known
        else:
            runs.append((block.x, places, used))
    return runs


def _used(connection: Connection, block: Block) -> list[SlotState]:
    rows = relay_reads.used_slots(connection, block.x, block.first, block.last)
    return [
        SlotState(ext, turn, None if released is None else datetime.fromtimestamp(released / 1000, UTC), unknown, party)
        for ext, turn, released, party, unknown in rows
    ]
