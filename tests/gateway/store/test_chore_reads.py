"""The chores find what is open and what ran out, a page at a time, and pass over what is settled."""

from __future__ import annotations

from datetime import UTC, datetime

from gateway.store import chore_reads
from gateway.store.tables import binding_states, bindings
from gateway.store.unit import Unit
from tests.gateway.store.conftest import Store
from tests.gateway.store.rows import MS, order, outcome


def at(ms: int) -> str:
    """The id that a shipment of this millisecond has, or the bound below it."""
    return f"shp_{ms:012x}"


async def test_the_pending_are_found_a_page_at_a_time_and_the_settled_passed_over(store: Store) -> None:
    for n in range(5):
        await store.commits.commit(order(at(MS + n)))
    await store.commits.commit(outcome(at(MS + 1), "booked"))

    rows, reached, more = await store.database.read(lambda c: chore_reads.pending(c, "", at(MS + 4), 3))
    assert ([row.id for row in rows], reached, more) == ([at(MS), at(MS + 2)], at(MS + 2), True)

    rows, reached, more = await store.database.read(lambda c: chore_reads.pending(c, reached, at(MS + 4), 3))
    assert ([row.id for row in rows], reached, more) == ([at(MS + 3)], at(MS + 3), False)


async def test_the_unknown_are_those_whose_latest_outcome_says_so(store: Store) -> None:
    for id, states in {
        at(1): [],
        at(2): ["unknown"],
        at(3): ["unknown", "booked"],
        at(4): ["refused"],
        at(5): ["unknown"],
    }.items():
        await store.commits.commit(order(id))
        for seq, state in enumerate(states, 1):
            await store.commits.commit(outcome(id, state, seq=seq))

    rows = await store.database.read(lambda c: chore_reads.unknown(c, at(5), 50))

    assert [row.id for row in rows] == [at(2)]


def bound(ext: str, ends: int | None) -> Unit:
    unit = Unit()
    party = ext.encode().ljust(16, b".")
    unit.add(bindings, "95013", ext, 0, "t", "shp_1", "sf-express", "recipient", "axn-ext", party, party, MS, ends)
    return unit


async def test_what_ran_out_is_found_once_and_a_prolonged_binding_under_its_later_end(store: Store) -> None:
    for ext, ends in (("0001", MS + 10), ("0002", MS + 20), ("0003", MS + 90), ("0004", None)):
        await store.commits.commit(bound(ext, ends))
    longer = Unit()
    longer.add(binding_states, "95013", "0002", 0, MS + 5, "t", "callable", MS + 50, None, None, None, "exception")
    await store.commits.commit(longer)

    found, reached = await store.database.read(lambda c: chore_reads.run_out(c, 0, MS + 60, 50))

    ends = {binding.ext: binding.expires_at for binding, _ in found}
    assert set(ends) == {"0001", "0002"}
    assert ends["0002"] == datetime.fromtimestamp((MS + 50) / 1000, UTC)
    assert reached == MS + 60
    assert await store.database.read(lambda c: chore_reads.run_out(c, reached, MS + 80, 50)) == ([], MS + 80)
