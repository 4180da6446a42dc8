"""A number narrowed on a courier's scan: only they are connected, the call back reaches them, and it ends when it must. Both stores."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.canary import Canaries
from tests.conftest import STORES
from tests.gateway.orders import CONSIGNEE, consignee, sf_document
from tests.gateway.world import SECRETS, Hands, World, open_world

MORNING = datetime(2026, 11, 25, 1, 0, tzinfo=UTC)  # nine o'clock in Shanghai
ANNA, BORIS, STRANGER = "13811112222", "13833334444", "13855556666"
ZONE = "Asia/Shanghai"
PRACTICE: dict[str, Any] = {"relay_sandbox": True}


@pytest.fixture(params=STORES)
def stored(request: pytest.FixtureRequest) -> dict[str, Any]:
    """Settings of a world, once on SQLite and once on PostgreSQL."""
    return PRACTICE if request.param == "sqlite" else PRACTICE | {"database": request.getfixturevalue("pg_url")}


async def ask_for(own: World, zone: str = ZONE) -> None:
    """The carrier asks for narrowing."""
    await own.op(
        "carrier.enable", carrier="sf-express", base_url=own.sf.url, secrets=SECRETS["sf-express"],
        options={"couriers": {"narrow": zone}},
    )  # fmt: skip


async def at_station(own: World, phone: str = CONSIGNEE.phone, key: str | None = None) -> tuple[str, str, str]:
    """Waybill, X and extension of a parcel that waits at its last station."""
    answer = await own.sf_order(sf_document(to=consignee(phone)), key=key)
    dial = json.loads(own.sf.last.form["msgData"])["contactInfoList"][1]["tel"]
    x, _, ext = dial.partition("-")
    await own.scan(await own.courier("station", phone="13800009999"), waybill=answer.waybill)
    return answer.waybill, x, ext


async def tells(own: World, caller: str, x: str, ext: str = "") -> tuple[str, str]:
    """Whom a caller reaches, and why or why not."""
    told = await own.ring(caller, x, ext)
    return told.get("callee", told["action"]), told["reason"]


async def detail(own: World, tag: str) -> list[dict[str, Any]]:
    page = await own.op("audit.export", chain=f"veilway/{own.service.holder}")
    return [entry["entry"]["detail"] for entry in page["entries"] if entry["entry"]["tag"] == tag]


async def scanned(own: World, token: str, **asked: Any) -> str:
    """A scan a minute later; the stage that it gives."""
    own.clock.turn(timedelta(minutes=1))
    answer = await own.call("POST", "/v1/scans", key=token, body=json.dumps(asked).encode())
    assert answer.status == 200, answer.body
    return str(answer.json["stage"])


TO_PARTY, TO_ANNA, TO_BORIS = f"+86{CONSIGNEE.phone}", f"+86{ANNA}", f"+86{BORIS}"
CLOSED_TO = ("reject", "caller_not_allowed")


async def test_only_the_courier_who_has_the_parcel_and_its_recipient_reach_each_other(
    tmp_path: Path, stored: dict[str, Any]
) -> None:
    async with open_world(tmp_path, clock=Hands(MORNING), **stored) as own:
        await ask_for(own)
        waybill, x, ext = await at_station(own)
        assert await tells(own, STRANGER, x, ext) == (TO_PARTY, "connected")
        anna, boris = [await own.courier(phone=phone) for phone in (ANNA, BORIS)]
        assert await scanned(own, anna, waybill=waybill) == "out_for_delivery"

        assert await tells(own, ANNA, x, ext) == await tells(own, ANNA, x) == (TO_PARTY, "connected")
        assert await tells(own, BORIS, x, ext) == await tells(own, STRANGER, x, ext) == CLOSED_TO
        assert (await tells(own, STRANGER, x))[0] == "collect"
        # The stranger was connected last before the scan; the courier of the day is called back all the same.
        for dialled in (ext, ""):
            assert await tells(own, CONSIGNEE.phone, x, dialled) == (TO_ANNA, "called_back")

        await scanned(own, boris, waybill=waybill)
        assert await tells(own, CONSIGNEE.phone, x, ext) == (TO_BORIS, "called_back")
        assert await tells(own, ANNA, x, ext) == CLOSED_TO
        assert await tells(own, BORIS, x, ext) == (TO_PARTY, "connected")
        narrowed = await detail(own, "binding.narrowed")
        assert [one["until"] for one in narrowed] == ["2026-11-25T16:00:00+00:00"] * 2
        assert len({one["courier"] for one in narrowed}) == 2
        log = json.dumps(await own.op("audit.export", chain=f"veilway/{own.service.holder}"))
        assert Canaries({"anna": ANNA, "boris": BORIS, "to": CONSIGNEE.phone}).seen_in(log) == []
        assert (await own.audit())["ok"]


async def test_without_the_carrier_s_wish_a_scan_narrows_nothing(tmp_path: Path) -> None:
    async with open_world(tmp_path, **PRACTICE) as own:
        waybill, x, ext = await at_station(own)
        await scanned(own, await own.courier(phone=ANNA), waybill=waybill)
        assert await tells(own, STRANGER, x, ext) == (TO_PARTY, "connected")
        assert await detail(own, "binding.narrowed") == []


async def test_the_wish_is_kept_until_it_is_ended_and_a_zone_that_is_none_is_refused(tmp_path: Path) -> None:
    async with open_world(tmp_path, **PRACTICE) as own:
        await ask_for(own)
        again = {"carrier": "sf-express", "base_url": own.sf.url, "secrets": SECRETS["sf-express"]}
        await own.op("carrier.enable", **again)
        assert own.service.routes["sf-express"].options["couriers"] == {"narrow": ZONE}
        for wrong in ("Nowhere/At_All", "../etc/passwd", "Asia"):
            with pytest.raises(Exception, match="time zone"):
                await ask_for(own, wrong)
        await ask_for(own, "")
        assert own.service.routes["sf-express"].options["couriers"] == {}


@pytest.mark.parametrize(("zone", "hours"), [(ZONE, 15), ("Europe/Berlin", 22), ("America/New_York", 4)])
async def test_a_narrowing_ends_at_midnight_where_the_carrier_says(
    tmp_path: Path, stored: dict[str, Any], zone: str, hours: int
) -> None:
    async with open_world(tmp_path, clock=Hands(MORNING), **stored) as own:
        await ask_for(own, zone)
        waybill, x, ext = await at_station(own)
        await scanned(own, await own.courier(phone=ANNA), waybill=waybill)
        own.clock.turn(timedelta(hours=hours) - timedelta(minutes=1, milliseconds=1))
        assert await tells(own, STRANGER, x, ext) == CLOSED_TO
        own.clock.turn(timedelta(milliseconds=1))
        assert await tells(own, CONSIGNEE.phone, x, ext) == ("reject", "nobody_to_call_back")
        assert (await tells(own, ANNA, x))[0] == "collect"
        assert await tells(own, STRANGER, x, ext) == (TO_PARTY, "connected")


@pytest.mark.parametrize("event", ["delivered", "returned"])
async def test_it_ends_when_the_parcel_leaves_the_courier_s_hands(
    tmp_path: Path, stored: dict[str, Any], event: str
) -> None:
    async with open_world(tmp_path, clock=Hands(MORNING), **stored) as own:
        await ask_for(own)
        waybill, x, ext = await at_station(own)
        anna = await own.courier(phone=ANNA)
        await scanned(own, anna, waybill=waybill)
        await scanned(own, anna, waybill=waybill, event="exception")
        assert await tells(own, STRANGER, x, ext) == CLOSED_TO, "an obstacle leaves the parcel with its courier"
        assert await scanned(own, anna, waybill=waybill, event=event) == event
        assert await tells(own, STRANGER, x, ext) == (TO_PARTY, "connected")
        assert [one["reason"] for one in await detail(own, "binding.widened")] == ["widened"]


async def test_a_courier_with_no_phone_on_record_opens_the_number_again(tmp_path: Path) -> None:
    async with open_world(tmp_path, clock=Hands(MORNING), **PRACTICE) as own:
        await ask_for(own)
        waybill, x, ext = await at_station(own)
        await scanned(own, await own.courier(phone=ANNA), waybill=waybill)
        await scanned(own, await own.courier(), waybill=waybill)
        assert await tells(own, BORIS, x, ext) == (TO_PARTY, "connected")


@pytest.mark.parametrize("role", ["pickup", "linehaul", "station", "delivery"])
async def test_a_scan_that_takes_nothing_out_narrows_nothing(tmp_path: Path, role: str) -> None:
    # A delivery courier, too, who scans before the last station: a photographed label draws no call-backs.
    async with open_world(tmp_path, **PRACTICE) as own:
        await ask_for(own)
        answer = await own.sf_order(sf_document())
        x, _, ext = json.loads(own.sf.last.form["msgData"])["contactInfoList"][1]["tel"].partition("-")
        assert (await own.scan(await own.courier(role, phone=ANNA), waybill=answer.waybill)).status == 200
        assert await tells(own, STRANGER, x, ext) == (TO_PARTY, "connected")


async def test_a_scan_sent_again_or_late_takes_the_number_from_nobody(tmp_path: Path) -> None:
    async with open_world(tmp_path, clock=Hands(MORNING), **PRACTICE) as own:
        await ask_for(own)
        waybill, x, ext = await at_station(own)
        anna, boris = [await own.courier(phone=phone) for phone in (ANNA, BORIS)]
        await scanned(own, anna, waybill=waybill, scan_id="a1")
        await scanned(own, boris, waybill=waybill, scan_id="b1")
        kept = int(own.clock().timestamp() * 1000) - 60_000
        for scan in ({"scan_id": "a1"}, {"scan_id": "a2", "made_at": kept}):
            await scanned(own, anna, waybill=waybill, **scan)
            assert await tells(own, CONSIGNEE.phone, x, ext) == (TO_BORIS, "called_back")


async def test_yesterday_s_scan_that_arrives_today_narrows_nothing(tmp_path: Path) -> None:
    async with open_world(tmp_path, clock=Hands(MORNING), **PRACTICE) as own:
        await ask_for(own)
        waybill, x, ext = await at_station(own)
        own.clock.turn(timedelta(hours=20))
        yesterday = int((own.clock() - timedelta(hours=12)).timestamp() * 1000)
        anna = await own.courier(phone=ANNA)
        assert await scanned(own, anna, waybill=waybill, made_at=yesterday) == "out_for_delivery"
        assert await tells(own, STRANGER, x, ext) == (TO_PARTY, "connected")


@pytest.mark.parametrize("how", ["revoked", "suspended"])
async def test_a_courier_who_may_scan_no_more_is_called_back_no_more(
    tmp_path: Path, stored: dict[str, Any], how: str
) -> None:
    async with open_world(tmp_path, clock=Hands(MORNING), **stored) as own:
        await ask_for(own)
        waybill, x, ext = await at_station(own)
        made = await own.op("courier.add", carrier="sf-express", name="Anna", role="delivery", phone=ANNA)
        await scanned(own, made["token"], waybill=waybill)
        assert await tells(own, CONSIGNEE.phone, x, ext) == (TO_ANNA, "called_back")
        if how == "revoked":
            await own.op("courier.revoke", courier=made["courier"])
        else:
            await own.op("suspend", kind="courier", name=made["courier"])
        assert (await tells(own, CONSIGNEE.phone, x, ext))[0] == "reject"
        assert await tells(own, STRANGER, x, ext) == CLOSED_TO


async def test_the_call_back_is_a_disclosure_on_record_and_of_the_courier(tmp_path: Path) -> None:
    async with open_world(tmp_path, clock=Hands(MORNING), **PRACTICE) as own:
        await ask_for(own)
        waybill, x, ext = await at_station(own)
        made = await own.op("courier.add", carrier="sf-express", name="Anna", role="delivery", phone=ANNA)
        await scanned(own, made["token"], waybill=waybill)
        await own.ring(CONSIGNEE.phone, x, ext)
        page = await own.op("audit.export", chain=f"veilway/{own.service.holder}")
        told = [entry["entry"] for entry in page["entries"]][-2:]
        assert [one["tag"] for one in told] == ["disclosure.made", "relay.decided"]
        assert (told[0]["subject"], told[0]["actor"]) == (made["courier"], "switch:sandbox")
        assert told[0]["detail"]["shown"] == {"full": ["third_party.phone"]}


async def test_a_courier_with_another_shipment_s_tombstone_is_narrowed_to_by_no_scan(tmp_path: Path) -> None:
    # Promise 4 both ways: neither calls the other through a place that the courier knows from an earlier parcel.
    one_digit = {"numbers": ["95013990009"], "ext_digits": 1, "occupancy": 1.0, **PRACTICE}
    async with open_world(tmp_path, clock=Hands(MORNING), **one_digit) as own:
        await ask_for(own)
        key = await own.shop("Hotline", hotline="4008001234")
        first, x, ext = await at_station(own, key=key)
        anna, boris = [await own.courier(phone=phone) for phone in (ANNA, BORIS)]
        await scanned(own, anna, waybill=first)
        await scanned(own, anna, waybill=first, event="delivered")
        own.clock.turn(timedelta(days=4))
        assert await own.running.flows.lifecycle.expire() == 1
        own.clock.turn(timedelta(days=31))
        waybill, phone = "", ""
        for at in range(10):
            phone = f"1390009077{at}"
            waybill, _, again = await at_station(own, phone, key)
            if again == ext:
                break
        await scanned(own, boris, waybill=waybill)
        assert await tells(own, phone, x, ext) == (TO_BORIS, "called_back")
        await scanned(own, anna, waybill=waybill)
        assert await tells(own, ANNA, x, ext) == await tells(own, ANNA, x, ext) == ("reject", "shipment_closed")
        assert (await tells(own, phone, x, ext))[0] == "reject"
        assert await tells(own, STRANGER, x, ext) == (f"+86{phone}", "connected")


@pytest.mark.parametrize("wish", ["block_all", "quiet", "allow", "block_caller"])
async def test_the_recipient_s_wishes_hold_for_the_courier_of_the_day_also_by_the_number_alone(
    tmp_path: Path, wish: str
) -> None:
    async with open_world(tmp_path, clock=Hands(MORNING), **PRACTICE) as own:
        await ask_for(own)
        waybill, x, ext = await at_station(own)
        await scanned(own, await own.courier(phone=ANNA), waybill=waybill)
        (shop,) = [row["shop"] for row in await own.op("shop.list")]
        wishes = {
            "block_all": {"block_all": True},
            "quiet": {"quiet": "09:00-10:00"},
            "block_caller": {"block_callers": [ANNA]},
        }
        if wish == "allow":
            await own.op("relay.allow", carrier="sf-express", phones=[BORIS])
        else:
            await own.op("relay.wish", shop=shop, phone=CONSIGNEE.phone, **wishes[wish])
        assert (await tells(own, ANNA, x, ext))[0] == (await tells(own, ANNA, x))[0] == "reject"
        assert await tells(own, CONSIGNEE.phone, x) == (TO_ANNA, "called_back"), "their own call is theirs to make"


async def test_a_message_goes_the_same_way(tmp_path: Path) -> None:
    async with open_world(tmp_path, clock=Hands(MORNING), **PRACTICE) as own:
        await ask_for(own)
        waybill, x, ext = await at_station(own)
        await scanned(own, await own.courier(phone=ANNA), waybill=waybill)
        message = own.running.flows.relay_call.message
        to_party = await message(ANNA, x, f"#{ext} downstairs", actor="switch:test")
        to_anna = await message(CONSIGNEE.phone, x, "coming", actor="switch:test")
        refused = await message(BORIS, x, f"#{ext} hello", actor="switch:test")
        assert (to_party.answer.callee, to_anna.answer.callee) == (TO_PARTY, TO_ANNA)
        assert (refused.answer.action, refused.answer.callee, refused.text) == ("reject", "", "")


async def test_a_restart_forgets_no_narrowing(tmp_path: Path, stored: dict[str, Any]) -> None:
    async with open_world(tmp_path, clock=Hands(MORNING), **stored) as own:
        await ask_for(own)
        waybill, x, ext = await at_station(own)
        await scanned(own, await own.courier(phone=ANNA), waybill=waybill)
        await own.restart()
        assert await tells(own, STRANGER, x, ext) == CLOSED_TO
        assert await tells(own, CONSIGNEE.phone, x) == (TO_ANNA, "called_back")


async def test_a_pair_connects_the_courier_who_scanned_and_the_recipient_and_nobody_else(
    tmp_path: Path, stored: dict[str, Any]
) -> None:
    async with open_world(tmp_path, clock=Hands(MORNING), **stored) as own:
        await ask_for(own)
        await own.op("numbers.add", pool="pairs", numbers=["95018880001"], scheme="axb", carrier="sf-express")
        waybill, x, ext = await at_station(own)
        assert (x, ext) == ("95018880001", "")
        assert (await tells(own, ANNA, x))[0] == "reject", "nobody is paired before the scan"
        assert (await tells(own, CONSIGNEE.phone, x))[0] == "reject"

        anna = await own.courier("delivery", phone=ANNA)
        assert await scanned(own, anna, waybill=waybill) == "out_for_delivery"

        assert await tells(own, ANNA, x) == (TO_PARTY, "connected")
        assert await tells(own, CONSIGNEE.phone, x) == (TO_ANNA, "called_back")
        for other in (STRANGER, BORIS):
            assert (await tells(own, other, x))[0] == "reject"
        own.clock.turn(timedelta(hours=16))
        assert (await tells(own, ANNA, x))[0] == "reject", "the day is over"


async def test_a_shop_s_own_number_is_never_one_of_a_pair(own_world: World) -> None:
    await own_world.op("numbers.add", pool="pairs", numbers=["95018880001"], scheme="axb", carrier="sf-express")
    await own_world.sf_order(sf_document())
    told = json.loads(own_world.sf.last.form["msgData"])["contactInfoList"]
    assert told[1]["tel"] == "95018880001" and not told[0]["tel"].startswith("95018880001")
