"""The sandbox's door takes JSON and forms, and answers a refusal for whatever is not a call."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.gateway.orders import sf_document
from tests.gateway.world import FORM, World, open_world

pytestmark = pytest.mark.asyncio(loop_scope="module")
PATH = "/relay/sandbox/voice"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def switch(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    async with open_world(tmp_path_factory.mktemp("switch"), relay_sandbox=True) as made:
        yield made


async def test_a_form_is_read_like_json(switch: World) -> None:
    order = await switch.sf_order(sf_document())
    dial = (await switch.op("shipment.show", shipment=order.shipment))["relay"]["recipient"]
    x, _, ext = dial.partition("-")
    body = f"caller=13811112222&called={x}&ext={ext}".encode()
    answer = await switch.call("POST", PATH, key="", body=body, headers=FORM)
    assert (answer.status, answer.json["action"]) == (200, "connect")
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.json["ring_seconds"] > 0 and answer.json["longest_seconds"] > 0


@pytest.mark.parametrize("body", [b"", b"x", b"[1]", b'"x"', b"{"])
async def test_what_is_no_json_object_is_refused(switch: World, body: bytes) -> None:
    answer = await switch.call("POST", PATH, key="", body=body, headers={"Content-Type": "application/json"})
    assert (answer.status, answer.code) == (400, "malformed_json")


@pytest.mark.parametrize(
    "body",
    [
        b"{}",
        b'{"caller":null,"called":null,"ext":null}',
        b'{"caller":{"a":1},"called":[],"ext":true}',
        b'{"caller":"13811112222","called":"95013990001","ext":"99999999999999999999"}',
        '{"caller":"13811112222","called":"９５０１３９９０００１","ext":"１２３４"}'.encode(),
        b'{"caller":"x;DROP TABLE","called":"95013990001","ext":"0001"}',
    ],
)
async def test_nonsense_rings_nobody(switch: World, body: bytes) -> None:
    answer = await switch.call("POST", PATH, key="", body=body, headers={"Content-Type": "application/json"})
    assert answer.status == 200 and answer.json["action"] in ("reject", "collect") and "callee" not in answer.json


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
async def test_a_call_is_posted(switch: World, method: str) -> None:
    assert (await switch.call(method, PATH, key="")).status in (404, 405)
