"""Health, metrics, public keys and a label's code tell what they should to anybody, and no more."""

from __future__ import annotations

from pathlib import Path

import pytest

from masking.audit_note import verify_note
from tests.canary import RECIPIENT
from tests.gateway.orders import sf_document
from tests.gateway.world import World, open_world

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_a_gateway_that_serves_is_alive_and_ready(world: World) -> None:
    assert [(await world.call("GET", path, key="")).status for path in ("/livez", "/readyz")] == [200, 200]


async def test_a_gateway_without_its_store_is_alive_and_not_ready(tmp_path: Path) -> None:
    async with open_world(tmp_path) as own:
        await own.service.database.write(lambda c: c.exec_driver_sql("ALTER TABLE numbers RENAME TO gone"))
        ready = await own.call("GET", "/readyz", key="")
        assert (ready.status, ready.json["reason"]) == (503, "store")
        assert (await own.call("GET", "/livez", key="")).status == 200


async def test_a_draining_gateway_is_not_ready_and_takes_no_order(tmp_path: Path) -> None:
    async with open_world(tmp_path) as own:
        own.service.draining = True
        assert (await own.call("GET", "/readyz", key="")).json["reason"] == "draining"
        answer = await own.sf_order(sf_document())
        assert (answer.status, answer.code, own.sf.received) == (503, "shutting_down", [])


async def test_metrics_count_what_happened_and_name_nobody(world: World) -> None:
    await world.sf_order(sf_document())
    text = (await world.call("GET", "/metrics", key="")).body.decode()
    assert 'veilway_orders_total{carrier="sf-express",outcome="booked"}' in text
    assert 'veilway_relay_slots_free{pool="first"}' in text
    assert RECIPIENT.seen_in(text) == [] and "shp_" not in text


async def test_the_checkpoint_s_signature_holds(world: World) -> None:
    await world.sf_order(sf_document())
    await world.service.checkpoints.note()
    told = (await world.call("GET", "/.well-known/veilway-audit.json", key="")).json
    public = world.keys.checkpoints.public_key()
    assert told["ed25519"] == world.keys.checkpoint_public.hex()
    assert verify_note(told["checkpoint"], origin=told["origin"], key=public).size > 0


async def test_ticket_keys_are_public_and_hold_no_private_half(world: World) -> None:
    told = (await world.call("GET", "/.well-known/veilway-tickets.json", key="")).json
    assert told["keys"] and all("d" not in key for key in told["keys"])


@pytest.mark.parametrize("code", ["A" * 80, "nonsense", "%00"])
async def test_a_stranger_learns_nothing_from_a_label(world: World, code: str) -> None:
    answers = [await world.call("GET", f"/Q/{path}", key="") for path in (code, "B" * 80)]
    assert {answer.status for answer in answers} == {200} and answers[0].body == answers[1].body
