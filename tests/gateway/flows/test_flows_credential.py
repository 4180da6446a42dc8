"""An unmodified carrier SDK works with nothing but its base URL and credentials changed, and a forged one does not."""

from __future__ import annotations

import base64
import json
from datetime import timedelta
from pathlib import Path

import pytest

from masking.errors import VeilwayError
from tests.gateway.couriers import sf_digest
from tests.gateway.orders import sf_document, sf_form, ups_document
from tests.gateway.world import FORM, SF_PATH, UPS_PATH, Answer, World, open_world

pytestmark = pytest.mark.asyncio(loop_scope="module")
TOKEN_PATH = "/c/ups/security/v1/oauth/token"


async def sdk_order(world: World, login: str, word: str, *, at: int | None = None, spoil: bool = False) -> Answer:
    """An order as SF's own SDK sends it: signed over its own bytes, without any header of ours."""
    data = json.dumps(sf_document(), ensure_ascii=False)
    now = str(at or int(world.clock().timestamp() * 1000))
    digest = sf_digest(data, now, word)
    body = sf_form(data + " " if spoil else data, timestamp=now, partnerID=login, msgDigest=digest)
    return await world.call("POST", SF_PATH, key="", body=body, headers=FORM)


async def test_a_credential_in_sf_s_shape_signs_orders(world: World) -> None:
    made = await world.op("shop.credential", name="First Shop", carrier="sf-express")
    answer = await sdk_order(world, made["partner_id"], made["check_word"])
    assert answer.status == 200 and answer.waybill
    # The shop that the credential is of owns the shipment.
    assert (await world.call("GET", f"/v1/shipments/{answer.shipment}")).status == 200
    assert made["partner_id"].encode() not in world.sf.last.body


async def test_a_wrong_word_a_changed_body_a_stranger_and_an_old_request_are_one_refusal(world: World) -> None:
    made = await world.op("shop.credential", name="First Shop", carrier="sf-express")
    login, word = made["partner_id"], made["check_word"]
    old = int((world.clock() - timedelta(days=1)).timestamp() * 1000)
    asked = [
        await sdk_order(world, login, "x" * 32),
        await sdk_order(world, login, word, spoil=True),
        await sdk_order(world, "VWNOBODY", word),
        await sdk_order(world, login, word, at=old),
    ]
    assert {(answer.status, answer.code, answer.json["detail"]) for answer in asked} == {
        (401, "unauthenticated", asked[0].json["detail"])
    }


async def test_a_ups_sdk_fetches_a_token_and_ships_with_it(world: World) -> None:
    made = await world.op("shop.credential", name="First Shop", carrier="ups")
    token = await fetch(world, made["client_id"], made["client_secret"])
    assert token.status == 200 and int(token.json["expires_in"]) > 0
    assert token.json["access_token"] not in world.ups.tokens
    answer = await ship(world, token.json["access_token"])
    assert answer.status == 200 and answer.json["ShipmentResponse"]


async def fetch(world: World, id: str, secret: str) -> Answer:
    basic = base64.b64encode(f"{id}:{secret}".encode()).decode()
    headers = FORM | {"Authorization": f"Basic {basic}"}
    return await world.call("POST", TOKEN_PATH, key="", body=b"grant_type=client_credentials", headers=headers)


async def ship(world: World, token: str) -> Answer:
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    return await world.call("POST", UPS_PATH, key="", body=json.dumps(ups_document()).encode(), headers=headers)


async def test_wrong_clients_and_forged_and_expired_tokens_are_refused(tmp_path: Path) -> None:
    async with open_world(tmp_path) as own:
        made = await own.op("shop.credential", name="First Shop", carrier="ups")
        assert (await fetch(own, made["client_id"], "wrong")).status == 401
        assert (await fetch(own, "nobody", made["client_secret"])).status == 401
        token = (await fetch(own, made["client_id"], made["client_secret"])).json["access_token"]
        head, _, mac = token.partition(".")
        forged = [f"{head}x.{mac}", f"{head}.{mac[:-1]}{'0' if mac[-1] != '0' else '1'}", "vt_", "vt_.", "vt_%%.x", "x"]
        for one in forged:
            assert (await ship(own, one)).status == 401, one
        own.clock.turn(timedelta(hours=1))
        assert (await ship(own, token)).status == 401


async def test_a_credential_is_issued_to_a_shop_that_is_there_and_for_a_carrier_that_has_one(world: World) -> None:
    with pytest.raises(VeilwayError) as refused:
        await world.op("shop.credential", name="Nobody", carrier="sf-express")
    assert refused.value.code == "bad_argument"


async def test_issued_secrets_stand_nowhere_in_clear(world: World) -> None:
    made = await world.op("shop.credential", name="First Shop", carrier="sf-express")
    data = b"".join(path.read_bytes() for path in world.folder.iterdir() if path.is_file())
    assert made["check_word"].encode() not in data and world.key.encode() not in data
