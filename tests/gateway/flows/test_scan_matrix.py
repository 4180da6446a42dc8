"""Every role at every stage, window open and shut, on parcels of its own, another carrier's and none: over the wire, field by field.

What is expected is what the policy says of the stage that the answer names; `tests/masking/test_policy.py` holds the policy to what is
written down. Foreign and absent are compared byte by byte and by the statements that the store was asked.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import event
from sqlalchemy.engine import Engine

from gateway.store.tables import stages
from gateway.store.unit import Unit
from masking.policy import COURIERS, Audience, Level, Occasion, Reader
from masking.policy_load import built_in, load_policy
from masking.stage import Stage
from tests.gateway.orders import CONSIGNEE, SHIPPER, sf_document
from tests.gateway.world import Answer, World, open_world

pytestmark = pytest.mark.asyncio(loop_scope="module")
ROLES = [role.value for role in Reader if role in COURIERS]
ASKED: list[dict[str, str]] = [{}, {"reason": "address_unclear"}, {"purpose": "customs"}]
WINDOW = load_policy(
    'name="window"\n[[rule]]\nid="w"\nreaders=["station"]\nsee=["recipient.street"]\nlevel="full"\nstages="any"\n'
    "opened=true\nhours_after_delivery=24\n"
)
REMARK = "放门口的花盆下，或打13900007788"
PARTIES = {"sender": SHIPPER, "recipient": CONSIGNEE}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    numbers = [f"9501399{line:04d}" for line in range(6)]
    async with open_world(tmp_path_factory.mktemp("matrix"), numbers=numbers, scan_misses=10**6) as made:
        yield made


async def parcel(world: World, *history: tuple[Stage, int]) -> str:
    """The waybill of a parcel with this history: stages, and how many seconds ago."""
    order = await world.sf_order(sf_document(remark=REMARK))
    unit, now = Unit(), int(world.clock().timestamp() * 1000)
    tenant = (await world.service.identity.shop(world.key)).id
    for seq, (stage, ago) in enumerate(history, 1):
        unit.add(stages, order.shipment, seq, tenant, stage.value, "test", now - ago * 1000)
    await world.service.commit(unit)
    return order.waybill


def seen(view: Any) -> dict[str, Level]:
    """The levels that an answer shows, by the values themselves."""
    found: dict[str, Level] = {}
    for role, person in PARTIES.items():
        shown = view.get(role, {})
        address = shown.get("address", {})
        if shown.get("dial"):
            found[f"{role}.phone"] = Level.RELAY
        for part, text, plain in (
            ("name", shown.get("name", ""), person.name),
            ("company", shown.get("company", ""), person.company),
            ("street", address.get("street", ""), person.door[-4:]),
        ):
            if text:
                found[f"{role}.{part}"] = Level.FULL if plain in text else Level.MASKED
    if view.get("remark"):
        found["remark"] = Level.FULL if REMARK in view["remark"] else Level.MASKED
    return found


def expected(role: str, stage: Stage, asked: dict[str, str], world: World) -> dict[str, Level]:
    audience = Audience(Reader(role), "courier:x", "sf-express")
    question = Occasion(stage, world.clock(), own=True, **asked)
    decided = world.service.policy.decide(audience, question)
    there = {"sender.name", "sender.phone", "sender.company", "sender.street", "remark"}
    there |= {"recipient.name", "recipient.phone", "recipient.street"}
    return {name: one.level for name, one in decided.items() if name in there and one.level is not Level.HIDDEN}


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("stage", list(Stage))
async def test_a_courier_sees_of_their_own_carriers_parcel_what_the_policy_says_and_no_more(
    world: World, role: str, stage: Stage
) -> None:
    token = await world.courier(role)
    for asked in ASKED:
        history = [(Stage.AT_STATION, 20), (stage, 10)] if stage is not Stage.CREATED else []
        number = await parcel(world, *history)
        answer = await world.scan(token, waybill=number, **asked)
        view = answer.json
        wanted = expected(role, Stage(view["stage"]), asked, world)
        assert seen(view) == wanted
        for name, value in (("sender", SHIPPER.phone), ("recipient", CONSIGNEE.phone), ("recipient", CONSIGNEE.id)):
            assert value not in answer.raw.decode(), name


@pytest.mark.parametrize(
    ("role", "history"), [(role, stage) for role in ROLES for stage in (None, Stage.AT_STATION, Stage.CLOSED)]
)
async def test_a_foreign_parcel_and_none_at_all_are_one_answer_at_one_price(
    world: World, role: str, history: Stage | None
) -> None:
    number = await parcel(world, *([(history, 10)] if history else []))
    theirs = await world.courier(role, carrier="ups")
    for asked in ASKED:
        await same(world, [partial(world.scan, theirs, waybill=n, **asked) for n in (number, "SF0000000000000")])


@pytest.mark.parametrize("path", ["", "/label", "/disclosures", "/carrier-label?of=x"])
async def test_another_shops_shipment_and_none_at_all_are_one_answer_at_one_price(world: World, path: str) -> None:
    order = await world.sf_order(sf_document())
    key = await world.shop(f"A neighbour {path.strip('/?=')[:9]} {len(path)}")
    ids = (order.shipment, "shp_" + "0" * (len(order.shipment) - 4))
    await same(world, [partial(world.call, "GET", f"/v1/shipments/{id}{path}", key=key) for id in ids])


async def same(world: World, ask: list[Callable[[], Awaitable[Answer]]]) -> None:
    """Both ways: the same bytes but for the trace, the same headers, the same number of statements."""
    await ask[0]()  # whoever asks is known from here on
    told = []
    for one in ask:
        costs = []
        for _ in range(3):  # chores ask the store in between, too: the least is what the question cost
            with statements() as run:
                answer = await one()
            costs.append(len(run))
        plain = {name: value for name, value in answer.json.items() if name != "trace_id"}
        headers = {name: value for name, value in answer.headers.items() if name not in ("Date", "Content-Length")}
        told.append((answer.status, json.dumps(plain), headers, min(costs)))
    assert told[0] == told[1]
    assert told[0][0] == 404


@contextmanager
def statements() -> Iterator[list[str]]:
    """What the store is asked meanwhile."""
    run: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        run.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield run
    finally:
        event.remove(Engine, "before_cursor_execute", note)


@pytest.mark.parametrize(
    ("history", "open_"),
    [
        ([], False),
        ([(Stage.IN_TRANSIT, 10)], True),  # the station's own scan is the first at the depot: it opens
        ([(Stage.AT_STATION, 10)], True),
        ([(Stage.AT_STATION, 90_000), (Stage.DELIVERED, 86_399)], True),
        ([(Stage.AT_STATION, 90_000), (Stage.DELIVERED, 86_400)], False),
        ([(Stage.AT_STATION, 90_000), (Stage.DELIVERED, 86_401)], False),
        ([(Stage.DELIVERED, 10)], False),
        ([(Stage.AT_STATION, -60)], False),  # a record ahead of our clock: the clock stepped back
        ([(Stage.AT_STATION, 90_000), (Stage.DELIVERED, 80_000), (Stage.CLOSED, -3600)], False),
    ],
)
async def test_a_window_opens_and_closes_to_the_second_over_the_wire(
    world: World, history: list[tuple[Stage, int]], open_: bool
) -> None:
    world.service.policy = WINDOW
    try:
        token = await world.courier("customer_service")  # its scan moves nothing
        number = await parcel(world, *history)
        world.service.policy = load_policy(_for("customer_service"))
        view = (await world.scan(token, waybill=number)).json
        shown = CONSIGNEE.door[-4:] in json.dumps(view, ensure_ascii=False)
        assert shown is (open_ and history[0][0] is not Stage.IN_TRANSIT)
    finally:
        world.service.policy = built_in()


async def test_a_stations_own_first_scan_opens_the_window_for_the_next_and_a_day_later_it_is_shut(world: World) -> None:
    world.service.policy = WINDOW
    try:
        token, number = await world.courier("station"), await parcel(world, (Stage.IN_TRANSIT, 10))
        shown = []
        for turn in (timedelta(seconds=1), timedelta(seconds=1)):
            view = (await world.scan(token, waybill=number)).json
            shown.append(CONSIGNEE.door[-4:] in json.dumps(view, ensure_ascii=False))
            world.clock.turn(turn)
        assert shown[-1]
        await world.scan(token, waybill=number, event="delivered")
        for turn, open_ in ((timedelta(hours=24, seconds=-1), True), (timedelta(seconds=1), False)):
            world.clock.turn(turn)
            view = (await world.scan(token, waybill=number)).json
            assert (CONSIGNEE.door[-4:] in json.dumps(view, ensure_ascii=False)) is open_
    finally:
        world.service.policy = built_in()


def _for(role: str) -> str:
    return (
        f'name="window"\n[[rule]]\nid="w"\nreaders=["{role}"]\nsee=["recipient.street"]\nlevel="full"\nstages="any"\n'
        "opened=true\nhours_after_delivery=24\n"
    )
