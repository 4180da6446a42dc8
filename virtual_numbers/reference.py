"""The relay in memory: pool, bindings, tombstones and decisions wired as a store must wire them, in the fewest lines.

It is what `proof.py` walks through and what a real store can be compared with. Nothing here survives the process; `restore`
rebuilds the pools from the rows, as a restart does.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime

from masking.stage import Stage
from virtual_numbers.binding import (
    Binding,
    Scheme,
    Slot,
    State,
    Terms,
    bind,
    expire,
    extend,
    quarantine,
    release,
    reopen,
)
from virtual_numbers.errors import SlotRefused
from virtual_numbers.lockout import Lockout
from virtual_numbers.narrowing import Scanned, after_scan
from virtual_numbers.pairs import PairPool, PairState
from virtual_numbers.pool import Pool, PoolPolicy, SlotState
from virtual_numbers.relay import CallFacts, Decision, RelayPolicy, Tombstone, decide, forgettable, may_show

Place = tuple[str, str]


@dataclass(slots=True)
class Row:
    """A binding and what the store keeps beside it."""

    binding: Binding
    unknown_reader: bool = False
    last_caller: bytes = b""
    calls: int = 0


@dataclass(slots=True)
class Reference:
    """One pool's numbers, its bindings and its memory of who had to do with them."""

    policy: PoolPolicy
    blocks: list[tuple[str, range]]
    terms: Terms = field(default_factory=Terms)
    relay: RelayPolicy = field(default_factory=RelayPolicy)
    entropy: Callable[[int], bytes] = os.urandom
    rows: dict[Slot, Row] = field(default_factory=dict)
    latest: dict[Place, Slot] = field(default_factory=dict)
    by_number: defaultdict[str, set[Slot]] = field(default_factory=lambda: defaultdict(set))
    standing: defaultdict[tuple[bytes, str], set[Slot]] = field(default_factory=lambda: defaultdict(set))
    """Slots on an X by the phone that is, or was, their party or peer."""
    kept: defaultdict[tuple[bytes, str], dict[Tombstone, datetime]] = field(default_factory=lambda: defaultdict(dict))
    """Tombstones by phone and X, with the time each was last touched."""
    connected: set[tuple[bytes, str]] = field(default_factory=set)
    lockout: Lockout = field(default_factory=Lockout)
    pool: Pool | PairPool = field(init=False)

    def __post_init__(self) -> None:
        self.restore()

    # -- the life of a binding

    def bind(self, shipment: str, party: bytes, now: datetime, *, peer: bytes = b"") -> Binding:
        """A new binding on a leased slot. Raises PoolExhausted."""
        slot = self._lease(party, peer, now)
        binding = bind(
            slot, tenant="t", shipment=shipment, carrier="c", role="recipient", party=party, now=now,
            scheme=self.policy.scheme, terms=self.terms, peer=peer,
        )  # fmt: skip
        self.rows[slot] = Row(binding)
        self.latest[slot[:2]] = slot
        self.by_number[slot.x].add(slot)
        for phone in filter(None, (party, peer)):
            self.standing[phone, slot.x].add(slot)
        return binding

    def show(self, slot: Slot, courier: bytes | None, now: datetime, scan: Scanned | None = None) -> bool:
        """A courier scans: gets the dial string, if it can serve this courier; narrowed as the carrier asks where `scan` is set."""
        row = self.rows[slot]
        if not row.binding.live(now):
            return False
        barred = courier is not None and not may_show(slot, self.tombstones_of(courier, slot.x))
        if scan is not None:
            row.binding = after_scan(row.binding, replace(scan, courier=courier or b"", barred=barred), now)
            if peer := row.binding.narrowed_to(now):
                self.standing[peer, slot.x].add(slot)
        if courier is None:
            # Who is unknown cannot be kept off a number where callers name the pair: such a courier is shown no pair.
            row.unknown_reader |= not self.policy.scheme.by_pair
            return not self.policy.scheme.by_pair
        if not barred:
            self._touch(Tombstone(courier, *slot), now)
        return not barred

    def report(self, slot: Slot, stage: Stage, now: datetime) -> None:
        """The parcel moved."""
        self._keep(self.rows[slot], extend(self.rows[slot].binding, stage, now, self.terms), now)

    def release(self, slot: Slot, now: datetime) -> None:
        """The shop cancelled, or an officer ended it."""
        self._keep(self.rows[slot], release(self.rows[slot].binding, now), now)

    def sweep(self, slot: Slot, now: datetime) -> None:
        """What the sweeper does with one row."""
        self._keep(self.rows[slot], expire(self.rows[slot].binding, now), now)

    def reopen(self, slot: Slot, now: datetime) -> bool:
        """A return: bring the shipment's own binding back while its slot is still its own."""
        row = self.rows[slot]
        if row.binding.state is not State.QUARANTINED or not isinstance(self.pool, Pool):
            return False
        again = reopen(row.binding, now, self.terms)
        try:
            self.pool.reclaim(slot)
        except SlotRefused:
            return False
        row.binding = again
        return True

    # -- a call

    def facts(self, caller: bytes, x: str, ext: str, now: datetime) -> CallFacts:
        """What a store reads for one call."""
        rows = [self.rows[slot] for slot in self._candidates(caller, x, ext)]
        at = self.latest.get((x, ext))
        return CallFacts(
            caller, x, ext, now, self._scheme_of(x, ext),
            bindings=tuple(row.binding for row in rows),
            tombstones=self.tombstones_of(caller, x),
            last_callers={row.binding.slot: row.last_caller for row in rows},
            ever_connected=(caller, x) in self.connected,
            caller_misses=self.lockout.caller(caller, x, now),
            number_misses=self.lockout.number(x, now),
            calls=self.rows[at].calls if at else 0,
            policy=self.relay,
        )  # fmt: skip

    def call(self, caller: bytes, x: str, ext: str, now: datetime) -> Decision:
        """Decide and remember; what a real store commits before it answers."""
        decision = decide(self.facts(caller, x, ext, now))
        for tombstone in decision.tombstones:
            self._touch(tombstone, now)
        if decision.record_miss:
            self.lockout.record(caller, x, now, stranger=(caller, x) not in self.connected)
        if decision.action == "connect" and decision.binding is not None:
            row = self.rows[decision.binding.slot]
            row.calls += 1
            self.connected.update(((caller, x), (decision.callee_index, x)))
            if caller != row.binding.party:
                row.last_caller = caller
        return decision

    def tombstones_of(self, phone: bytes, x: str) -> tuple[Tombstone, ...]:
        return tuple(self.kept.get((phone, x), ()))

    # -- time passing, and a restart

    def forget(self, now: datetime) -> None:
        """Drop the tombstones whose period is over, and the bindings that nothing points to any more."""
        for key, kept in list(self.kept.items()):
            for tombstone, touched_at in list(kept.items()):
                released_at = self.rows[Slot(*tombstone[1:])].binding.released_at
                if forgettable(released_at, touched_at, now, self.policy.tombstone):
                    del kept[tombstone]
            if not kept:
                del self.kept[key]
        needed = {Slot(*t[1:]) for kept in self.kept.values() for t in kept} | set(self.latest.values())
        for slot in [s for s, row in self.rows.items() if row.binding.state is State.QUARANTINED and s not in needed]:
            released_at = self.rows[slot].binding.released_at
            if released_at is not None and released_at + self.policy.quarantine <= now:
                del self.rows[slot]
                self.by_number[slot.x].discard(slot)
        for key, slots in list(self.standing.items()):
            slots.intersection_update(self.rows)
            if not slots:
                del self.standing[key]

    def restore(self) -> None:
        """Forget what was in memory only (leases without a row, lockouts) and rebuild the pool from the rows."""
        self.lockout = Lockout()
        if self.policy.scheme.by_pair:
            self._restore_pairs()
            return
        pool = Pool(self.policy, entropy=self.entropy)
        used: defaultdict[str, list[SlotState]] = defaultdict(list)
        digits = self.policy.ext_digits
        for slot in self.latest.values():
            row = self.rows[slot]
            x, tail = (slot.x, slot.ext) if self.policy.scheme.by_extension else (slot.x[:-digits], slot.x[-digits:])
            used[x].append(SlotState(tail, slot.turn, row.binding.released_at, row.unknown_reader, row.binding.party))
        for x, places in self.blocks:
            pool.load(x, places, (s for s in used[x] if int(s.ext) in places))
        self.pool = pool

    def _restore_pairs(self) -> None:
        pool = PairPool(self.policy, entropy=self.entropy)
        for x, _ in self.blocks:
            rows = [self.rows[slot] for slot in self.by_number[x]]
            pairs = [
                PairState(b.turn, tuple(filter(None, (b.party, b.peer))), b.released_at)
                for b in (r.binding for r in rows)
            ]
            pool.load(x, pairs, next_turn=max((p.turn + 1 for p in pairs), default=0))
        self.pool = pool

    # -- inside

    def _lease(self, party: bytes, peer: bytes, now: datetime) -> Slot:
        if isinstance(self.pool, Pool):
            return self.pool.lease(now, party)
        phones = tuple(filter(None, (party, peer)))
        return self.pool.lease(
            now, phones, barred={x for x, _ in self.blocks if any((p, x) in self.kept for p in phones)}
        )

    def _keep(self, row: Row, binding: Binding, now: datetime) -> None:
        if row.binding.state is State.QUARANTINED:
            return
        row.binding = binding
        if binding.state is State.RELEASED:
            if isinstance(self.pool, Pool):
                self.pool.give_back(binding.slot, now, unknown_reader=row.unknown_reader)
            else:
                self.pool.give_back(binding.slot, now)
            row.binding = quarantine(binding)

    def _touch(self, tombstone: Tombstone, now: datetime) -> None:
        self.kept[tombstone.phone, tombstone.x][tombstone] = now

    def _candidates(self, caller: bytes, x: str, ext: str) -> set[Slot]:
        standing = self.standing.get((caller, x), ())
        mine = {s for s in standing if caller in (self.rows[s].binding.party, self.rows[s].binding.peer)}
        if self.policy.scheme.by_pair:
            return mine
        live = {s for s in mine if self.latest[s[:2]] == s}
        return live | {slot for slot in [self.latest.get((x, ext))] if slot}

    def _scheme_of(self, x: str, ext: str) -> Scheme | None:
        digits = self.policy.ext_digits
        name = x[:-digits] if self.policy.scheme is Scheme.AXN700 else x
        return self.policy.scheme if any(name == block for block, _ in self.blocks) else None
