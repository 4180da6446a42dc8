"""The pool over any history of leases, releases, returns and restarts: no place twice, none early, no cap broken."""

from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from virtual_numbers.binding import Slot
from virtual_numbers.errors import PoolExhausted, SlotRefused
from virtual_numbers.pool import Pool, PoolPolicy, SlotState

NOW = datetime(2026, 11, 25, 8, 0, tzinfo=UTC)
DAY = timedelta(days=1)
X, Z = "17012345678", "17087654321"

MOVES = st.lists(
    st.tuples(st.sampled_from(["lease", "give_back", "reclaim", "restart"]), st.integers(0, 10**6), st.integers(-3, 9)),
    max_size=80,
)


@given(MOVES, st.integers(0, 2**32))
@settings(max_examples=80, deadline=None)
def test_no_interleaving_leases_a_place_twice_or_early(moves: list[tuple[str, int, int]], seed: int) -> None:
    quarantine = 3 * DAY
    policy = PoolPolicy(ext_digits=1, occupancy=0.6, quarantine=quarantine)
    pool = Pool(policy, entropy=random.Random(seed).randbytes)
    blocks = [(X, range(5)), (X, range(5, 10)), (Z, range(10))]
    for block in blocks:
        pool.load(*block)
    live: dict[tuple[str, str], Slot] = {}
    released: dict[tuple[str, str], tuple[Slot, datetime]] = {}
    now = latest = NOW
    for move, choice, hours in moves:
        now += timedelta(hours=hours * 6)
        latest = max(latest, now)
        if move == "lease":
            try:
                slot = pool.lease(now)
            except PoolExhausted:
                continue
            assert slot[:2] not in live
            if slot[:2] in released:
                before, since = released.pop(slot[:2])
                assert now >= since + quarantine
                assert slot.turn == before.turn + 1
            else:
                assert slot.turn == 0
            live[slot[:2]] = slot
        elif move == "give_back" and live:
            slot = live.pop(list(live)[choice % len(live)])
            pool.give_back(slot, now)
            released[slot[:2]] = (slot, now)
        elif move == "reclaim" and released:
            key = list(released)[choice % len(released)]
            try:
                pool.reclaim(released[key][0])
            except SlotRefused:
                assert latest >= released[key][1] + quarantine
                continue
            live[key] = released.pop(key)[0]
        elif move == "restart":
            pool = Pool(policy, entropy=random.Random(seed).randbytes)
            for x, places in blocks:
                mine = [s for k, s in live.items() if k[0] == x and int(k[1]) in places]
                rested = [(s, at) for k, (s, at) in released.items() if k[0] == x and int(k[1]) in places]
                pool.load(
                    x,
                    places,
                    [SlotState(s.ext, s.turn, None) for s in mine] + [SlotState(s.ext, s.turn, at) for s, at in rested],
                )
        assert pool.occupancy().live == len(live)
        if move == "lease":
            held = Counter(key[0] for key in live) + Counter(
                k[0] for k, (_, at) in released.items() if now < at + quarantine
            )
            assert held[slot.x] <= 6, "0.6 of ten places; the two blocks of X have three each"
