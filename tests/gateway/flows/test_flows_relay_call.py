"""A call reaches the party of its own shipment and nobody else's: over real HTTP, with tombstones after the number lives again."""

from __future__ import annotations

import dataclasses
import json
from datetime import timedelta
from pathlib import Path

import pytest

from gateway.server import running
from tests.canary import Canaries
from tests.gateway.orders import CONSIGNEE, SHIPPER, consignee, sf_document, sf_form
from tests.gateway.world import FORM, SF_PATH, World, open_world

COURIER, STRANGER = "13811112222", "13833334444"


async def bound(own: World, phone: str = CONSIGNEE.phone, key: str | None = None) -> tuple[str, str, str]:
    """Shipment, X and extension of a new order for this phone."""
    answer = await own.sf_order(sf_document(to=consignee(phone)), key=key)
    assert answer.status == 200, answer.body
    dial = json.loads(own.sf.last.form["msgData"])["contactInfoList"][1]["tel"]
    x, _, ext = dial.partition("-")
    return answer.shipment, x, ext


@pytest.fixture
def practice() -> dict[str, bool]:
    return {"relay_sandbox": True}


async def test_the_right_extension_connects_and_shows_the_relay_number(
    tmp_path: Path, practice: dict[str, bool]
) -> None:
    async with open_world(tmp_path, **practice) as own:
        _, x, ext = await bound(own)
        told = await own.ring(COURIER, x, ext)
        assert (told["action"], told["callee"], told["display"]) == ("connect", "+86" + CONSIGNEE.phone, x)
        assert (await own.tags())[-1] == "relay.decided"


async def test_everything_else_is_refused_or_asked_for_its_extension(tmp_path: Path, practice: dict[str, bool]) -> None:
    async with open_world(tmp_path, **practice) as own:
        _, x, ext = await bound(own)
        wrong = f"{(int(ext) + 1) % 10000:04d}"
        told = {
            "none": await own.ring(COURIER, x),
            "wrong": await own.ring(COURIER, x, wrong),
            "withheld": await own.ring("", x, ext),
            "not ours": await own.ring(COURIER, "95099999999", ext),
            "words": await own.ring(COURIER, x, "x1"),
        }
        assert {name: one["action"] for name, one in told.items()} == {
            "none": "collect",
            "wrong": "reject",
            "withheld": "reject",
            "not ours": "reject",
            "words": "reject",
        }
        assert all("callee" not in one for one in told.values())


async def test_guessing_locks_the_guesser_out_and_nobody_else(tmp_path: Path, practice: dict[str, bool]) -> None:
    async with open_world(tmp_path, **practice) as own:
        _, x, ext = await bound(own)
        for step in range(1, 4):
            await own.ring(STRANGER, x, f"{(int(ext) + step) % 10000:04d}")
        assert (await own.ring(STRANGER, x, ext))["action"] == "reject"
        assert (await own.ring(COURIER, x, ext))["action"] == "connect"


async def test_a_guesser_stays_locked_out_over_a_restart_and_for_a_day(
    tmp_path: Path, practice: dict[str, bool]
) -> None:
    async with open_world(tmp_path, **practice) as own:
        _, x, ext = await bound(own)
        for step in range(1, 4):
            own.clock.turn(timedelta(seconds=1))
            await own.ring(STRANGER, x, f"{(int(ext) + step) % 10000:04d}")
        await own.restart()
        assert (await own.ring(STRANGER, x, ext))["reason"] == "wrong_extension"
        assert (await own.ring(COURIER, x, ext))["action"] == "connect"
        own.clock.turn(timedelta(days=1, milliseconds=1))
        assert await own.running.flows.lifecycle.forget() == 3
        assert (await own.ring(STRANGER, x, ext))["action"] == "connect"


@pytest.mark.pg
async def test_two_gateways_count_guesses_together(tmp_path: Path, practice: dict[str, bool], pg_url: str) -> None:
    async with open_world(tmp_path, database=pg_url, **practice) as own:
        _, x, ext = await bound(own)
        beside = dataclasses.replace(own.settings, port=0)
        async with running(beside, keys=own.keys, clock=own.clock) as second:
            for step, gateway in enumerate((own.running, second, own.running), 1):
                own.clock.turn(timedelta(seconds=1))
                wrong = f"{(int(ext) + step) % 10000:04d}"
                told = await gateway.flows.relay_call.route(STRANGER, x, wrong, actor="switch:test")
                assert told.action == "reject"
            for gateway in (own.running, second):
                told = await gateway.flows.relay_call.route(STRANGER, x, ext, actor="switch:test")
                assert (told.action, told.reason) == ("reject", "wrong_extension")
            told = await second.flows.relay_call.route(COURIER, x, ext, actor="switch:test")
            assert told.action == "connect"


async def test_the_party_calls_back_whoever_was_connected_last(tmp_path: Path, practice: dict[str, bool]) -> None:
    async with open_world(tmp_path, **practice) as own:
        _, x, ext = await bound(own)
        early = await own.ring(CONSIGNEE.phone, x, ext)
        assert (early["action"], early["reason"]) == ("reject", "nobody_to_call_back")
        await own.ring(COURIER, x, ext)
        back = await own.ring(CONSIGNEE.phone, x, ext)
        assert (back["action"], back["callee"], back["display"]) == ("connect", "+86" + COURIER, x)
        # X alone is enough where the party stands on it once.
        assert (await own.ring(CONSIGNEE.phone, x))["callee"] == "+86" + COURIER


async def test_the_sender_is_reached_through_a_number_of_its_own(tmp_path: Path, practice: dict[str, bool]) -> None:
    async with open_world(tmp_path, **practice) as own:
        await bound(own)
        x, _, ext = json.loads(own.sf.last.form["msgData"])["contactInfoList"][0]["tel"].partition("-")
        assert (await own.ring(COURIER, x, ext))["callee"] == "+86" + SHIPPER.phone


async def reused(own: World, x: str, ext: str, key: str) -> str:
    """Book orders until this very extension is bound again; gives the new party's phone."""
    for at in range(10):
        phone = f"1390009090{at}"
        if (await bound(own, phone, key))[1:] == (x, ext):
            return phone
    raise AssertionError("the extension never came back")


async def test_who_was_connected_never_reaches_the_next_shipment_s_party(
    tmp_path: Path, practice: dict[str, bool]
) -> None:
    async with open_world(tmp_path, numbers=["95013990009"], ext_digits=1, occupancy=1.0, **practice) as own:
        key = await own.shop("Hotline", hotline="4008001234")
        shipment, x, ext = await bound(own, key=key)
        assert (await own.ring(COURIER, x, ext))["action"] == "connect"
        await cancel(own, key, shipment)
        assert (await own.ring(COURIER, x, ext))["reason"] == "shipment_closed"
        assert (await own.ring(STRANGER, x, ext))["reason"] == "shipment_closed"
        own.clock.turn(timedelta(days=31))
        phone = await reused(own, x, ext, key)
        # Both had to do with the first shipment: one was connected, one refused; neither may cross.
        for known in (COURIER, STRANGER, CONSIGNEE.phone):
            told = await own.ring(known, x, ext)
            assert (told["action"], told["reason"]) == ("reject", "shipment_closed"), known
        fresh = await own.ring("13855556666", x, ext)
        assert (fresh["action"], fresh["callee"]) == ("connect", "+86" + phone)
        own.clock.turn(timedelta(days=300))
        await own.restart()
        assert (await own.ring(COURIER, x, ext))["action"] == "reject"


async def cancel(own: World, key: str, shipment: str) -> None:
    """Cancel a shipment in the carrier's own words."""
    shown = await own.op("shipment.show", shipment=shipment)
    document = {"orderId": next(r for r, w in own.sf.orders.items() if w == shown["waybill"]), "dealType": 2}
    answer = await own.call(
        "POST", SF_PATH, key=key, body=sf_form(document, service="EXP_RECE_UPDATE_ORDER"), headers=FORM
    )
    assert answer.status == 200, answer.body


async def test_a_released_number_rests_through_its_whole_quarantine(tmp_path: Path, practice: dict[str, bool]) -> None:
    async with open_world(tmp_path, numbers=["95013990009"], ext_digits=1, occupancy=1.0, **practice) as own:
        key = await own.shop("Hotline", hotline="4008001234")
        shipment, x, ext = await bound(own, key=key)
        await cancel(own, key, shipment)
        own.clock.turn(timedelta(days=29))
        taken = set()
        for at in range(10):
            answer = await own.sf_order(sf_document(to=consignee(f"1390009090{at}")), key=key)
            if answer.code == "pool_exhausted":
                break
            taken.add(json.loads(own.sf.last.form["msgData"])["contactInfoList"][1]["tel"])
        assert len(taken) == 9 and f"{x}-{ext}" not in taken


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "Via", "X-Real-IP"])
async def test_the_sandbox_answers_nobody_who_came_through_a_proxy(
    tmp_path: Path, practice: dict[str, bool], header: str
) -> None:
    async with open_world(tmp_path, **practice) as own:
        _, x, ext = await bound(own)
        body = json.dumps({"caller": COURIER, "called": x, "ext": ext}).encode()
        answer = await own.call("POST", "/relay/sandbox/voice", key="", body=body, headers={header: "10.0.0.1"})
        assert (answer.status, answer.code) == (404, "not_found")


async def test_the_sandbox_is_not_there_until_it_is_switched_on(tmp_path: Path) -> None:
    async with open_world(tmp_path, relay_sandbox=False) as own:
        _, x, ext = await bound(own)
        body = json.dumps({"caller": COURIER, "called": x, "ext": ext}).encode()
        answer = await own.call("POST", "/relay/sandbox/voice", key="", body=body)
        assert (answer.status, answer.code) == (404, "not_found")


async def test_a_route_asked_by_hand_is_on_record_and_leaves_no_trace_on_the_number(
    tmp_path: Path, practice: dict[str, bool]
) -> None:
    async with open_world(tmp_path, **practice) as own:
        _, x, ext = await bound(own)
        told = await own.op("relay.route", caller=COURIER, called=x, ext=ext)
        assert (told["action"], told["callee"]) == ("connect", "+86" + CONSIGNEE.phone)
        entry = (await own.op("audit.export", chain="veilway/main"))["entries"][-1]["entry"]
        assert (entry["tag"], entry["actor"]) == ("relay.decided", "local:test")
        # Nobody was connected, so there is nobody to call back.
        assert (await own.ring(CONSIGNEE.phone, x, ext))["reason"] == "nobody_to_call_back"


async def test_no_decision_s_record_holds_a_phone(tmp_path: Path, practice: dict[str, bool]) -> None:
    async with open_world(tmp_path, **practice) as own:
        _, x, ext = await bound(own)
        await own.ring(COURIER, x, ext)
        phones = Canaries({"caller": COURIER, "callee": CONSIGNEE.phone})
        log = json.dumps(await own.op("audit.export", chain="veilway/main"))
        metrics = await own.call("GET", "/metrics", key="")
        assert phones.seen_in(log, metrics.body) == []


async def test_a_call_that_cannot_be_recorded_is_refused(tmp_path: Path, practice: dict[str, bool]) -> None:
    async with open_world(tmp_path, **practice) as own:
        _, x, ext = await bound(own)
        own.service.commits.close()
        told = await own.ring(COURIER, x, ext)
        assert (told["action"], told["reason"]) == ("reject", "fault") and "callee" not in told
