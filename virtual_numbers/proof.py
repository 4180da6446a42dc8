"""Promise 4, walked: `python -m virtual_numbers.proof --steps 1000000 [--seed N] [--scheme axn-ext|axn700|axb]`.

A seeded walk over bind, scan, call, call back, report, release, expire, reuse, return, failover, crash and restore, watched by a
witness that keeps its own record of who had to do with which number for which shipment, and shares no code with the relay it
watches. Exit 1 and the step where the promise broke; otherwise what happened, in counts, as JSON.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from masking.stage import Stage
from virtual_numbers.binding import LIVE, Scheme, Slot
from virtual_numbers.errors import NumbersError, PoolExhausted
from virtual_numbers.narrowing import Scanned
from virtual_numbers.pool import PoolPolicy
from virtual_numbers.reference import Reference
from virtual_numbers.relay import Decision, RelayPolicy

QUARANTINE, YEAR = timedelta(days=2), timedelta(days=366)
Place = tuple[str, str]


class PromiseBroken(NumbersError):
    """The walk met a state that promise 4 excludes."""

    code = "promise_broken"


@dataclass(slots=True)
class Witness:
    """Remembers contacts and endings by itself, and objects."""

    contacts: defaultdict[Place, dict[bytes, dict[str, datetime]]] = field(default_factory=lambda: defaultdict(dict))
    shipments: dict[Slot, str] = field(default_factory=dict)
    standing: defaultdict[Place, dict[Slot, frozenset[bytes]]] = field(default_factory=lambda: defaultdict(dict))
    ended: dict[Place, tuple[datetime, timedelta]] = field(default_factory=dict)
    ghosts: set[Slot] = field(default_factory=set)
    """Slots shown to a courier with no phone on record."""
    narrowed: dict[Slot, tuple[bytes, datetime]] = field(default_factory=dict)
    """Who alone may be connected, and until when."""

    def bound(self, slot: Slot, shipment: str, phones: frozenset[bytes], now: datetime, *, shared: bool) -> None:
        """`shared`: a number may carry several pairs, of different phones."""
        place = slot[:2]
        if slot in self.shipments:
            raise PromiseBroken("a slot with its turn was given out twice")
        for others in self.standing[place].values():
            if not shared or others & phones:
                raise PromiseBroken("two live bindings on one number and extension, or one phone twice on a number")
        since, rest = self.ended.get(place, (now - YEAR, timedelta(0)))
        if not shared and now - since < rest:
            raise PromiseBroken("a quarantine was shortened")
        self.shipments[slot] = shipment
        self.standing[place][slot] = phones

    def over(self, slot: Slot, now: datetime) -> None:
        self.narrowed.pop(slot, None)
        if self.standing[slot[:2]].pop(slot, None) is not None:
            self.ended[slot[:2]] = (now, YEAR if slot in self.ghosts else QUARANTINE)

    def again(self, slot: Slot, phones: frozenset[bytes]) -> None:
        if self.standing[slot[:2]]:
            raise PromiseBroken("a returned shipment took back a slot that another one holds")
        self.standing[slot[:2]][slot] = phones

    def taken_out(self, slot: Slot, courier: bytes, scan: Scanned, now: datetime) -> None:
        """A courier's scan: from now on this one alone, or anybody where it cannot be this one (`courier` empty)."""
        held, until = self.narrowed.get(slot, (b"", now))
        if scan.until <= now or (scan.late and now < until and held != courier):
            return
        if courier:
            self.narrowed[slot] = (courier, scan.until)
        else:
            self.narrowed.pop(slot, None)

    def of_the_day(self, slot: Slot, now: datetime) -> bytes:
        """The courier who alone is connected now, or nobody."""
        courier, until = self.narrowed.get(slot, (b"", now))
        return courier if now < until else b""

    def touched(self, phone: bytes, slot: Slot, now: datetime) -> None:
        """Connected, refused or shown: this phone had to do with this slot's shipment."""
        self.contacts[slot[:2]].setdefault(phone, {})[self.shipments[slot]] = now

    def connected(self, caller: bytes, decision: Decision, now: datetime) -> None:
        """The caller reaches somebody, and may have had to do with no other shipment here. Both are remembered."""
        if decision.binding is None or not decision.binding.connects(now):
            raise PromiseBroken("a call went through a binding that is not live")
        slot = decision.binding.slot
        if slot not in self.standing[slot[:2]]:
            raise PromiseBroken("a call went through a binding that has ended")
        if (only := self.of_the_day(slot, now)) and only not in (caller, decision.callee_index):
            raise PromiseBroken("a call went past the courier whom the number was narrowed to")
        for shipment, at in self.contacts[slot[:2]].get(caller, {}).items():
            if shipment != self.shipments[slot] and now < at + YEAR:
                raise PromiseBroken("a call crossed from one shipment to another")
        for phone in (caller, decision.callee_index):
            self.touched(phone, slot, now)

    def forget(self, now: datetime) -> None:
        for phones in self.contacts.values():
            for phone, shipments in list(phones.items()):
                phones[phone] = {s: at for s, at in shipments.items() if now < at + YEAR}
                if not phones[phone]:
                    del phones[phone]


class Walk:
    """One reference relay, its witness, its people and its clock."""

    def __init__(self, seed: int = 0, scheme: Scheme = Scheme.AXN_EXT) -> None:
        self.random = random.Random(seed)
        self.scheme = scheme
        self.now = datetime(2026, 11, 25, tzinfo=UTC)
        blocks = {
            Scheme.AXN_EXT: [("17000000001", range(6)), ("17000000002", range(3)), ("17000000002", range(3, 8))],
            Scheme.AXN700: [("70000000000001", range(10))],
        }.get(scheme, [(f"1700000{n:04d}", range(0)) for n in range(60)])
        policy = PoolPolicy(scheme, ext_digits=1, occupancy=0.9, quarantine=QUARANTINE, tombstone=YEAR)
        self.relay = Reference(
            policy, blocks, relay=RelayPolicy(wrong_per_caller=50, wrong_per_minute=200), entropy=self.random.randbytes
        )
        self.witness = Witness()
        self.couriers = [self.random.randbytes(16) for _ in range(40)]
        self.ghosts = [self.random.randbytes(16) for _ in range(4)]
        self.regulars = [self.random.randbytes(16) for _ in range(15)]
        self.seen: list[tuple[bytes, Slot]] = []  # who would redial what, from a call log or an old label
        self.live: list[Slot] = []
        self.rested: list[Slot] = []
        self.counts: Counter[str] = Counter()

    # -- one step

    STEPS = (
        ("bind", 12), ("scan", 14), ("scan_unknown", 1), ("call_known", 22), ("redial", 14), ("guess", 8), ("call_back", 10),
        ("report", 6), ("release", 4), ("sweep", 6), ("return_", 3), ("fail_over", 2), ("crash", 1), ("wait", 12),
    )  # fmt: skip

    def run(self, steps: int) -> Counter[str]:
        """Walk on. Raises PromiseBroken."""
        names = [name for name, _ in self.STEPS]
        weights = [weight for _, weight in self.STEPS]
        for number, name in enumerate(self.random.choices(names, weights, k=steps)):
            self.step(name)
            if number % 2000 == 1999:
                self.relay.forget(self.now)
                self.witness.forget(self.now)
                del self.seen[:-400], self.rested[:-40]
        return self.counts

    def step(self, name: str) -> None:
        move: Callable[[], None] = getattr(self, name)
        self.counts[name] += 1
        move()

    def bind(self) -> None:
        party = self.random.choice(self.regulars) if self.random.random() < 0.4 else self.random.randbytes(16)
        peer = self.random.choice(self.couriers) if self.scheme.by_pair else b""
        self._bind(f"s{self.counts['bind']}", party, peer)

    def _bind(self, shipment: str, party: bytes, peer: bytes) -> bool:
        try:
            binding = self.relay.bind(shipment, party, self.now, peer=peer)
        except PoolExhausted:
            self.counts["exhausted"] += 1
            return False
        slot = binding.slot
        self.counts["reused"] += slot.turn > 0
        self.witness.bound(slot, shipment, frozenset(filter(None, (party, peer))), self.now, shared=self.scheme.by_pair)
        self.live.append(slot)
        return True

    def scan(self) -> None:
        if self.live:
            slot, courier = self.random.choice(self.live), self.random.choice(self.couriers)
            scan = self._scan() if self.random.random() < 0.4 else None
            shown = self.relay.show(slot, courier, self.now, scan)
            if scan and not self.scheme.by_pair:
                self.witness.taken_out(slot, courier if shown else b"", scan, self.now)
            if shown:
                self.counts["shown"] += 1
                self.witness.touched(courier, slot, self.now)
                self.seen.append((courier, slot))

    def _scan(self) -> Scanned:
        hours, late = self.random.choice((-1, 3, 10, 24)), self.random.random() < 0.2
        return Scanned(b"", self.now + timedelta(hours=hours), late)

    def scan_unknown(self) -> None:
        if self.live and self.random.random() < 0.1:
            slot, ghost = self.random.choice(self.live), self.random.choice(self.ghosts)
            scan = self._scan() if self.random.random() < 0.3 else None
            if scan and not self.scheme.by_pair:
                self.witness.taken_out(slot, b"", scan, self.now)
            if self.relay.show(slot, None, self.now, scan):
                self.counts["shown_unknown"] += 1
                self.witness.ghosts.add(slot)
                self.witness.touched(ghost, slot, self.now)
                self.seen.append((ghost, slot))

    def call_known(self) -> None:
        if self.seen:
            self._call(*self.random.choice(self.seen[-30:]))

    def redial(self) -> None:
        if self.seen:
            self._call(*self.random.choice(self.seen))

    def guess(self) -> None:
        places = list(self.relay.latest.values())
        if places:
            caller = self.random.choice([*self.couriers, *self.regulars, *self.ghosts, self.random.randbytes(16)])
            self._call(caller, self.random.choice(places))

    def call_back(self) -> None:
        if self.live:
            slot = self.random.choice(self.live)
            with_ext = self.random.random() < 0.3
            self._call(self.relay.rows[slot].binding.party, slot if with_ext else slot._replace(ext=""))

    def _call(self, caller: bytes, dialled: Slot) -> None:
        x, ext = dialled.x, dialled.ext
        decision = self.relay.call(caller, x, ext, self.now)
        self.counts[f"{decision.action}:{decision.cause or decision.reason}"] += 1
        if decision.action == "connect":
            self.witness.connected(caller, decision, self.now)
            if decision.binding and self.witness.of_the_day(decision.binding.slot, self.now):
                self.counts[f"narrowed:{decision.callee}"] += 1
            self.seen.append((decision.callee_index, decision.binding.slot if decision.binding else dialled))
            return
        at = self.relay.latest.get((x, ext))
        if at is not None and not self.scheme.by_pair:
            self.witness.touched(caller, at, self.now)

    def report(self) -> None:
        if self.live:
            stage = self.random.choice(
                [Stage.IN_TRANSIT, Stage.EXCEPTION, Stage.DELIVERED, Stage.RETURNED, Stage.CLOSED]
            )
            slot = self.random.choice(self.live)
            if stage is not Stage.EXCEPTION and not self.scheme.by_pair:
                self.witness.narrowed.pop(slot, None)
            self._after(slot, lambda slot: self.relay.report(slot, stage, self.now))

    def release(self) -> None:
        if self.live:
            self._after(self.random.choice(self.live), lambda slot: self.relay.release(slot, self.now))

    def sweep(self) -> None:
        for slot in list(self.live):
            self._after(slot, lambda slot: self.relay.sweep(slot, self.now))

    def _after(self, slot: Slot, act: Callable[[Slot], None]) -> None:
        act(slot)
        if self.relay.rows[slot].binding.state not in LIVE:
            self.counts["ended"] += 1
            self.witness.over(slot, self.now)
            self.live.remove(slot)
            self.rested.append(slot)

    def return_(self) -> None:
        if self.rested:
            slot = self.random.choice(self.rested[-6:])
            try:
                back = slot in self.relay.rows and self.relay.reopen(slot, self.now)
            except NumbersError:
                back = False
            if back:
                self.counts["reopened"] += 1
                self.witness.again(slot, frozenset((self.relay.rows[slot].binding.party,)))
                self.rested.remove(slot)
                self.live.append(slot)

    def fail_over(self) -> None:
        """The provider of a number is down: the shipment gets another slot, and only then loses its old one."""
        if self.live:
            slot = self.random.choice(self.live)
            binding = self.relay.rows[slot].binding
            if binding.live(self.now) and self._bind(
                binding.shipment, binding.party, binding.peer if self.scheme.by_pair else b""
            ):
                self.counts["failed_over"] += 1
                self._after(slot, lambda slot: self.relay.release(slot, self.now))

    def crash(self) -> None:
        """A lease that no row tells of, then the process is gone and another one starts from the rows."""
        try:
            self.relay.pool.lease(self.now, self.random.randbytes(16) if not self.scheme.by_pair else ())  # type: ignore[arg-type]
        except PoolExhausted:
            self.counts["exhausted"] += 1
        self.relay.restore()

    def wait(self) -> None:
        hours = self.random.choice((0.01, 0.5, 2, 8, 24, 60))
        self.now += timedelta(hours=hours)


def main(argv: list[str] | None = None) -> int:
    """The verb: counts on stdout, the broken promise on stderr."""
    parser = argparse.ArgumentParser(
        prog="python -m virtual_numbers.proof", description="Walk promise 4: no relay number crosses shipments."
    )
    parser.add_argument("--steps", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--scheme",
        choices=["axn-ext", "axn700", "axb"],
        default=None,
        help="default: all three, a third of the steps each",
    )
    options = parser.parse_args(argv)
    schemes = [Scheme(options.scheme)] if options.scheme else [Scheme.AXN_EXT, Scheme.AXN700, Scheme.AXB]
    report: dict[str, object] = {"steps": options.steps, "seed": options.seed, "broken": 0}
    for scheme in schemes:
        walk, began = Walk(options.seed, scheme), time.perf_counter()
        try:
            walk.run(options.steps // len(schemes))
        except PromiseBroken as broken:
            sys.stderr.write(
                f"{broken.code}: {broken} (scheme {scheme}, seed {options.seed}, step {sum(walk.counts[n] for n, _ in walk.STEPS)})\n"
            )
            return 1
        report[scheme.value] = {"seconds": round(time.perf_counter() - began, 1), **dict(sorted(walk.counts.items()))}
    sys.stdout.write(json.dumps(report) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
