"""A courier sees what their role and the parcel's stage allow, on record; everybody else gets one and the same refusal."""

from __future__ import annotations

import asyncio
import io
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import zxingcpp
from PIL import Image

from tests.canary import Canaries
from tests.gateway.orders import CONSIGNEE, SHIPPER, consignee, sf_document
from tests.gateway.world import NUMBERS, World, open_world

pytestmark = pytest.mark.asyncio(loop_scope="module")
PHONES = Canaries({"to": CONSIGNEE.phone, "by": SHIPPER.phone})
DOOR = CONSIGNEE.door[-6:]


async def parcel(world: World, **more: Any) -> tuple[str, str]:
    """A booked order's shipment and the ticket on its label, read from the picture."""
    answer = await world.sf_order(sf_document(**more))
    return answer.shipment, await ticket(world, answer.shipment)


async def ticket(world: World, shipment: str) -> str:
    label = await world.call("GET", f"/v1/shipments/{shipment}/label")
    codes = zxingcpp.read_barcodes(Image.open(io.BytesIO(label.body)))
    return next(code.text for code in codes if "/Q/" in code.text)


@pytest.mark.parametrize(
    ("role", "stage"),
    [("pickup", "picked_up"), ("linehaul", "in_transit"), ("station", "at_station"), ("delivery", "created")],
)
async def test_a_role_s_scan_moves_the_parcel_and_shows_no_phone(world: World, role: str, stage: str) -> None:
    _, text = await parcel(world)
    view = await world.scan(await world.courier(role), ticket=text)
    assert (view.status, view.json["stage"]) == (200, stage)
    assert PHONES.seen_in(view.body) == []


async def test_only_the_last_mile_sees_the_door(world: World) -> None:
    _, text = await parcel(world)
    seen = {}
    for role in ("pickup", "linehaul", "station", "delivery"):
        view = (await world.scan(await world.courier(role), ticket=text)).json
        seen[role] = view["stage"], DOOR in json.dumps(view, ensure_ascii=False)
    assert seen == {
        "pickup": ("picked_up", False),
        "linehaul": ("in_transit", False),
        "station": ("at_station", False),
        "delivery": ("out_for_delivery", True),
    }


async def test_a_photographed_label_scanned_before_the_last_station_opens_no_door(world: World) -> None:
    _, text = await parcel(world)
    view = (await world.scan(await world.courier("delivery"), ticket=text)).json
    assert view["stage"] == "created" and DOOR not in json.dumps(view, ensure_ascii=False)


async def test_the_door_closes_again_after_delivery(world: World) -> None:
    _, text = await parcel(world)
    await world.scan(await world.courier("station"), ticket=text)
    token = await world.courier("delivery")
    await world.scan(token, ticket=text)
    done = (await world.scan(token, ticket=text, event="delivered")).json
    assert done["stage"] == "delivered" and DOOR not in json.dumps(done, ensure_ascii=False)


async def test_who_has_to_inspect_the_goods_sees_them_and_never_the_remark(world: World) -> None:
    goods = [{"name": f"瓷器 {CONSIGNEE.name} {CONSIGNEE.phone}"}, {"name": "图书"}]
    _, text = await parcel(world, cargoDetails=goods, remark="放门口的花盆下")
    seen = {role: (await world.scan(await world.courier(role), ticket=text)).json for role in ("pickup", "linehaul")}
    told = seen["pickup"]["goods"]
    assert told.splitlines()[1] == "图书" and told.startswith("瓷器 ")
    assert CONSIGNEE.name not in told and CONSIGNEE.phone not in told
    assert "goods" not in seen["linehaul"]
    assert all("花盆" not in json.dumps(view, ensure_ascii=False) for view in seen.values())


async def test_the_dial_string_is_the_relay_number(world: World) -> None:
    _, text = await parcel(world)
    view = (await world.scan(await world.courier("delivery"), ticket=text)).json
    assert view["dial"].startswith(NUMBERS) and view["dial"] == view["recipient"]["dial"]
    assert "call" in view["actions"]


async def test_a_scan_is_on_record_before_it_is_shown(world: World) -> None:
    shipment, text = await parcel(world)
    await world.scan(await world.courier("delivery"), ticket=text)
    entries = [json.loads(e["entry"]) for e in (await world.op("audit.prove", shipment=shipment))["entries"]]
    assert entries[-1]["actor"].startswith("courier:")
    assert PHONES.seen_in(json.dumps(entries)) == []


async def test_a_scan_sent_twice_by_the_app_counts_once(world: World) -> None:
    _, text = await parcel(world)
    token = await world.courier("station")
    first = await world.scan(token, ticket=text, scan_id="a1")
    again = await world.scan(token, ticket=text, scan_id="a1")
    assert first.status == again.status == 200
    assert (first.json["scan"], first.json["stage"]) == (again.json["scan"], again.json["stage"])


async def test_foreign_absent_forged_and_damaged_are_one_refusal(world: World) -> None:
    _, text = await parcel(world)
    token = await world.courier("delivery")
    foreign = await world.courier("delivery", carrier="ups")
    host, _, code = text.rpartition("/")
    swapped = code[:20] + ("A" if code[20] != "A" else "B") + code[21:]
    asked = [
        await world.scan(foreign, ticket=text),
        await world.scan(token, ticket=f"{host}/{swapped}"),
        await world.scan(token, ticket=f"{host}/{code[:-1]}"),
        await world.scan(token, ticket=f"{host}/{code}A"),
        await world.scan(token, ticket=text.lower()),
        await world.scan(token, ticket=f"{host}/{'A' * len(code)}"),
        await world.scan(token, ticket="not a ticket"),
        await world.scan(token, waybill="SF0000000000000"),
        await world.scan(foreign, waybill=(await world.sf_order(sf_document())).waybill),
        await world.scan(token),
    ]
    assert {answer.status for answer in asked} == {404}
    told = [{name: value for name, value in answer.json.items() if name != "trace_id"} for answer in asked]
    assert all(one == told[0] for one in told) and told[0]["code"] == "ticket_refused"


async def test_every_changed_character_of_a_ticket_is_refused(world: World) -> None:
    _, text = await parcel(world)
    host, _, code = text.rpartition("/")
    await changed(world, host, code)


async def changed(world: World, host: str, code: str) -> None:
    token = await world.courier("delivery")
    for at in range(0, len(code), 7):
        other = next(c for c in "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567" if c != code[at])
        answer = await world.scan(token, ticket=f"{host}/{code[:at]}{other}{code[at + 1 :]}")
        assert answer.code == "ticket_refused", at


async def test_a_waybill_typed_by_hand_shows_its_own_carrier_the_parcel(world: World) -> None:
    answer = await world.sf_order(sf_document())
    view = await world.scan(await world.courier("linehaul"), waybill=answer.waybill)
    assert view.status == 200 and view.json["waybill"] == answer.waybill


async def test_an_expired_ticket_is_the_same_refusal(tmp_path: Path) -> None:
    async with open_world(tmp_path) as own:
        _, text = await parcel(own)
        token = await own.courier("delivery")
        own.clock.turn(timedelta(days=61))
        assert (await own.scan(token, ticket=text)).code == "ticket_refused"


async def test_guessing_is_locked_out_with_the_same_refusal_for_a_minute(tmp_path: Path) -> None:
    async with open_world(tmp_path, scan_misses=5) as own:
        _, text = await parcel(own)
        token = await own.courier("delivery")
        misses = [await own.scan(token, waybill=f"SF{i}") for i in range(5)]
        locked = await own.scan(token, ticket=text)
        assert (locked.status, locked.code) == (misses[0].status, misses[0].code)
        own.clock.turn(timedelta(minutes=1))
        assert (await own.scan(token, ticket=text)).status == 200


async def test_who_is_no_courier_learns_nothing(world: World) -> None:
    _, text = await parcel(world)
    for key in ("", world.key, "vc_" + "0" * 48):
        answer = await world.scan(key, ticket=text)
        assert (answer.status, answer.code) == (401, "courier_unauthenticated")


async def test_a_revoked_and_a_suspended_courier_see_nothing_from_that_moment_on(world: World) -> None:
    _, text = await parcel(world)
    made = await world.op("courier.add", carrier="sf-express", name="Short", role="delivery")
    station = await world.courier("station", station="S9")
    assert (await world.scan(made["token"], ticket=text)).status == 200
    await world.op("courier.revoke", courier=made["courier"])
    await world.op("suspend", kind="station", name="S9")
    for token in (made["token"], station):
        assert (await world.scan(token, ticket=text)).status == 401
    await world.op("suspend", kind="station", name="S9", lift=True)
    assert (await world.scan(station, ticket=text)).status == 200


async def test_a_courier_s_token_expires(tmp_path: Path) -> None:
    async with open_world(tmp_path) as own:
        _, text = await parcel(own)
        token = await own.courier("delivery", days=2)
        assert (await own.scan(token, ticket=text)).status == 200
        own.clock.turn(timedelta(days=2))
        assert (await own.scan(token, ticket=text)).status == 401


async def test_an_unknown_word_in_a_scan_is_refused_by_name(world: World) -> None:
    answer = await world.scan(await world.courier("delivery"), ticket="x", phone=CONSIGNEE.phone)
    assert (answer.status, answer.code) == (400, "bad_argument") and PHONES.seen_in(answer.raw) == []


async def test_a_batch_answers_each_scan_for_itself(world: World) -> None:
    _, text = await parcel(world, to=consignee("13900090855"))
    token = await world.courier("station")
    body = json.dumps([{"ticket": text}, {"ticket": "nonsense"}]).encode()
    answer = await world.call("POST", "/v1/scans/batch", key=token, body=body)
    good, bad = answer.json["results"]
    assert (good["stage"], bad) == ("at_station", {"code": "ticket_refused"})
    many = await world.call("POST", "/v1/scans/batch", key=token, body=json.dumps([{}] * 101).encode())
    assert (many.status, many.code) == (400, "batch_too_large")


async def test_scans_of_one_parcel_in_one_moment_all_see_it_and_it_moves_once(world: World) -> None:
    shipment, text = await parcel(world)
    tokens = [await world.courier("station") for _ in range(4)]
    answers = await asyncio.gather(*(world.scan(token, ticket=text) for token in tokens))
    assert {(answer.status, answer.json["stage"]) for answer in answers} == {(200, "at_station")}
    assert [step["stage"] for step in (await world.op("shipment.show", shipment=shipment))["history"]] == ["at_station"]
