"""A shop whose SDK ciphers instead of signing works as it is: its own key opens what it sends, the carrier's closes what goes out."""

from __future__ import annotations

import base64
import json
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote_plus
from zoneinfo import ZoneInfo

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7

from tests.gateway.couriers import says
from tests.gateway.orders import CONSIGNEE, HIDDEN, SHIPPER, Person, fresh_reference
from tests.gateway.world import FORM, Answer, World

pytestmark = pytest.mark.asyncio(loop_scope="module")
CARRIER_KEY = base64.b64encode(b"carrier-key-0123").decode()
PATH = "/c/ems/amp-prod-api/f/amp/api/open"
BOOKED = {"retCode": "00000", "retMsg": "ok", "retBody": json.dumps({"waybillNo": "9700000000001", "routeCode": "591"})}


def ciphered(text: str, key: str) -> str:
    """As EMS's manual has it, written here from the manual."""
    padder, worker = PKCS7(128).padder(), Cipher(algorithms.SM4(base64.b64decode(key)), modes.ECB()).encryptor()
    padded = padder.update((text + key).encode()) + padder.finalize()
    return "|$4|" + base64.b64encode(worker.update(padded) + worker.finalize()).decode()


def opened(field: str, key: str) -> str:
    reader, unpadder = Cipher(algorithms.SM4(base64.b64decode(key)), modes.ECB()).decryptor(), PKCS7(128).unpadder()
    padded = reader.update(base64.b64decode(field.removeprefix("|$4|"))) + reader.finalize()
    return (unpadder.update(padded) + unpadder.finalize()).decode().removesuffix(key)


def party(person: Person) -> dict[str, str]:
    return {
        "name": person.name,
        "mobile": person.phone,
        "prov": "浙江省",
        "city": "杭州市",
        "county": "余杭区",
        "address": person.door,
    }


async def credential(world: World) -> dict[str, str]:
    secrets = {"sender_no": "REAL", "authorization": "real-word", "sign_key": CARRIER_KEY}
    if "ems" not in world.service.routes:
        await world.op("carrier.enable", carrier="ems", base_url=world.sf.url, secrets=secrets)
    return dict(await world.op("shop.credential", name="First Shop", carrier="ems"))


async def order(world: World, login: str, field: str, *, at: datetime | None = None) -> Answer:
    stamp = (at or world.clock()).astimezone(ZoneInfo("Asia/Shanghai")).strftime("%Y-%m-%d %H:%M:%S")
    pairs = {
        "apiCode": "020003",
        "senderNo": login,
        "authorization": "x",
        "timeStamp": stamp,
        "logitcsInterface": field,
    }
    body = "&".join(f"{name}={quote_plus(value)}" for name, value in pairs.items()).encode()
    return await world.call("POST", PATH, key="", body=body, headers=FORM)


def document() -> str:
    told: dict[str, Any] = {
        "logisticsOrderNo": fresh_reference(),
        "sender": party(SHIPPER),
        "receiver": party(CONSIGNEE),
    }
    return json.dumps([told], ensure_ascii=False)


async def test_an_sdk_that_ciphers_ships_with_nothing_but_its_credential_changed(world: World) -> None:
    made = await credential(world)
    world.sf.act.append(says(200, json.dumps(BOOKED).encode()))
    answer = await order(world, made["sender_no"], ciphered(document(), made["sign_key"]))
    assert answer.status == 200 and answer.shipment
    sent = world.sf.last.form
    assert (sent["senderNo"], sent["authorization"]) == ("REAL", "real-word")
    clear = opened(sent["logitcsInterface"], CARRIER_KEY)
    assert json.loads(clear)[0]["receiver"]["name"].endswith("**") and HIDDEN.seen_in(clear.encode()) == []


async def test_another_key_a_text_in_clear_a_stranger_and_an_old_request_are_one_refusal(world: World) -> None:
    made = await credential(world)
    login, key = made["sender_no"], made["sign_key"]
    heard = len(world.sf.received)
    asked = [
        await order(world, login, ciphered(document(), base64.b64encode(b"another-key-0123").decode())),
        await order(world, login, document()),
        await order(world, login, "|$4|" + base64.b64encode(bytes(32)).decode()),
        await order(world, "VWNOBODY", ciphered(document(), key)),
        await order(world, login, ciphered(document(), key), at=world.clock() - timedelta(hours=1)),
    ]
    assert {(answer.status, answer.code, answer.json["detail"]) for answer in asked} == {
        (401, "unauthenticated", asked[0].json["detail"])
    }
    assert len(world.sf.received) == heard
