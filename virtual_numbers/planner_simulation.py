"""The planner's second opinion: the real pool under a seeded load, hour by hour.

Arrivals are Poisson with a daily rhythm, holds vary by half around their mean, and the pool is the very one that the service
leases from, on the plan's numbers, at a scale at which the run takes about a second. Expectations scale with the load, fluctuations with its root; the
figures given are for the whole load.
"""

from __future__ import annotations

import heapq
import math
import random
from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from virtual_numbers.binding import Scheme, Slot
from virtual_numbers.errors import PoolExhausted
from virtual_numbers.planner import Load, Plan
from virtual_numbers.pool import Pool, PoolPolicy

ORDERS = 60_000
_EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
_RHYTHM = [0.2] * 7 + [
    0.8,
    1.2,
    1.6,
    1.8,
    1.6,
    1.2,
    1.2,
    1.4,
    1.6,
    1.6,
    1.4,
    1.2,
    1.4,
    1.6,
    1.4,
    1.0,
    0.4,
]  # by hour of the day


@dataclass(frozen=True, slots=True)
class Simulation:
    """What happened. Figures are for the whole load where they are places or numbers."""

    numbers: int
    """That the peak demand would have needed."""
    seed: int
    scale: float
    """One simulated binding stands for so many."""
    orders: int
    """Simulated."""
    peak_places: int
    """Most places wanted at once, live or cooling."""
    refused: float
    """Share of the orders that found the pool exhausted. A small part is the noise of a small sample: it shrinks with the root of the scale."""
    shortest_rest_days: float | None
    """Shortest time between a release and the next use of the same place; None where nothing was used twice."""
    curve: tuple[tuple[float, int], ...]
    """For the plot: (day, places wanted)."""


def simulate(load: Load, plan: Plan, *, seed: int = 1, orders: int = ORDERS) -> Simulation:
    """Run the load, thinned to about `orders`, on the plan's numbers until places are used again. For pairs: on the busiest phone's numbers."""
    if load.scheme.by_pair:
        return _simulate_pairs(load, plan, seed, orders)
    days = _span(load, plan)
    scale = max(1.0, load.per_day * days / orders)
    run = _Run(load, load.have or plan.numbers, scale, seed)
    run.through(int(days * 24))
    mean, peak = run.steady()
    # A Poisson stream thinned by `scale` swings wider than the whole, by the root of it.
    peak_places = math.ceil(scale * mean + math.sqrt(scale) * (peak - mean))
    return Simulation(
        numbers=math.ceil(peak_places / load.places_per_number),
        seed=seed,
        scale=round(scale, 2),
        orders=run.orders,
        peak_places=peak_places,
        refused=round(run.refused / max(1, run.orders), 5),
        shortest_rest_days=None if run.shortest is None else round(run.shortest / timedelta(days=1), 3),
        curve=tuple((day, round(wanted * scale)) for day, wanted in run.curve),
    )


class _Run:
    """One pool, its clock, the bindings that will end, and the demand as if nobody had been refused."""

    def __init__(self, load: Load, numbers: int, scale: float, seed: int) -> None:
        self.load, self.per_day = load, load.per_day / scale
        self.random = random.Random(seed)
        self.pool = _pool(load, numbers, scale, self.random)
        self.ending: list[tuple[datetime, Slot]] = []
        self.wanted: list[datetime] = []
        self.released: dict[tuple[str, str], datetime] = {}
        self.shortest: timedelta | None = None
        self.curve: list[tuple[float, int]] = []
        self.orders = self.refused = 0

    def through(self, hours: int) -> None:
        for hour in range(hours):
            now = _EPOCH + timedelta(hours=hour)
            self._end(now)
            for _ in range(_poisson(self.random, self.per_day * _RHYTHM[hour % 24] / sum(_RHYTHM))):
                self._order(now)
            if hour % 12 == 0:
                self.curve.append((hour / 24, len(self.wanted)))

    def steady(self) -> tuple[float, float]:
        """Mean and peak of the demand once the first orders' places have rested."""
        first = (self.load.hold * 1.5 + self.load.quarantine) / timedelta(days=1)
        tail = [wanted for day, wanted in self.curve if day >= first] or [self.curve[-1][1]]
        return sum(tail) / len(tail), max(tail)

    def _order(self, now: datetime) -> None:
        ends = now + self.load.hold * self.random.triangular(0.5, 1.5)
        self.orders += 1
        heapq.heappush(self.wanted, ends + self.load.quarantine)
        try:
            slot = self.pool.lease(now)
        except PoolExhausted:
            self.refused += 1
            return
        if (since := self.released.pop(slot[:2], None)) is not None:
            self.shortest = min(now - since, self.shortest or timedelta.max)
        heapq.heappush(self.ending, (ends, slot))

    def _end(self, now: datetime) -> None:
        while self.wanted and self.wanted[0] <= now:
            heapq.heappop(self.wanted)
        while self.ending and self.ending[0][0] <= now:
            ends, slot = heapq.heappop(self.ending)
            self.pool.give_back(slot, ends)
            self.released[slot[:2]] = ends


def _pool(load: Load, numbers: int, scale: float, chance: random.Random) -> Pool:
    """The plan's numbers at scale: as many places in all, on as many whole numbers as come nearest."""
    policy = PoolPolicy(
        load.scheme, ext_digits=load.ext_digits, occupancy=load.occupancy, quarantine=load.quarantine,
        tombstone=max(load.quarantine, timedelta(days=366)),
    )  # fmt: skip
    pool = Pool(policy, entropy=chance.randbytes)
    if load.scheme is Scheme.AXN:
        for n in range(max(1, round(numbers / scale))):
            pool.load(f"17{n:09d}", range(0))
        return pool
    width = 10**load.ext_digits
    places = max(1.0, numbers / scale * (width if load.scheme is Scheme.AXN_EXT else 1))
    blocks = math.ceil(places / width)
    for n in range(blocks):
        pool.load(f"170{n:06d}", range(max(1, round(places / blocks))))
    return pool


def _simulate_pairs(load: Load, plan: Plan, seed: int, orders: int) -> Simulation:
    """Numbers in use by each of some couriers, day by day: the busiest moment of the busiest phone decides."""
    chance = random.Random(seed)
    busiest = min(load.per_courier, load.per_day)
    days = _span(load, plan)
    couriers = max(1, min(load.per_day // busiest, int(orders * 5 / (busiest * days))))
    window = (load.hold + load.quarantine) / timedelta(days=1)
    standing = [deque[int]() for _ in range(couriers)]
    totals = [0] * couriers
    curve, over, seen, peak = [], 0, 0, 0
    for day in range(int(days)):
        for courier, recent in enumerate(standing):
            new = _poisson(chance, busiest)
            recent.append(new)
            totals[courier] += new - (recent.popleft() if len(recent) > window else 0)
            seen += new
            over += new * (totals[courier] > (load.have or plan.numbers))
        peak = max(peak, *totals)
        curve.append((float(day), max(totals)))
    numbers = max(peak, math.ceil(load.per_day * (load.hold / timedelta(days=1)) / load.pairs_per_number))
    return Simulation(numbers, seed, 1.0, seen, peak, round(over / max(1, seen), 5), None, tuple(curve))


def _span(load: Load, plan: Plan) -> float:
    """Days to run: through the first use of every place, and a hold longer."""
    share = load.occupancy if load.scheme is Scheme.AXN_EXT else 1.0
    first_use = plan.usable / share / load.per_day
    held = (load.hold * 1.5 + load.quarantine) / timedelta(days=1)
    return min(720.0, max(2 * held, min(first_use, 4 * held)) + load.hold / timedelta(days=1) + 1)


def _poisson(chance: random.Random, mean: float) -> int:
    """Knuth's product for small means, the normal approximation above."""
    if mean > 30:
        return max(0, round(chance.gauss(mean, math.sqrt(mean))))
    limit, count, product = math.exp(-mean), 0, chance.random()
    while product > limit:
        count += 1
        product *= chance.random()
    return count
