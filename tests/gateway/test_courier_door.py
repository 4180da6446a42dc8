"""Who may scan: a token bound to a device, or the carrier's signed word; from where; until when. Everybody else hears one thing."""

from __future__ import annotations

import base64
import hashlib
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gateway.carrier_keys import FRESH, CarrierKeys
from gateway.courier_door import CourierDoor, Knock, courier_rules
from gateway.identity import NOWHERE, Station
from masking.errors import VeilwayError
from tests.gateway.couriers import CHECK_WORD, PARTNER
from tests.gateway.device import Phone, coded
from tests.gateway.orders import sf_document
from tests.gateway.test_carrier_keys import publishing
from tests.gateway.world import Hands, World, open_world

pytestmark = pytest.mark.asyncio(loop_scope="module")
ISSUER, AUDIENCE, SUBJECT = "https://id.carrier.example", "veilway", "staff-13800010077"


async def phone(world: World, role: str = "station", **more: Any) -> Phone:
    return Phone(world, await world.courier(role, **more))


async def waybill(world: World) -> str:
    return (await world.sf_order(sf_document())).waybill


async def enable(world: World, **couriers: Any) -> None:
    """Set what the carrier asks of couriers, as `carrier enable` does: what was not given is None there."""
    couriers = dict.fromkeys(("issuer", "audience", "jwks", "networks", "fingerprints", "device_proof")) | couriers
    secrets = {"partner_id": PARTNER, "check_word": CHECK_WORD}
    await world.op(
        "carrier.enable", carrier="sf-express", base_url=world.sf.url, secrets=secrets, options={"couriers": couriers}
    )


# -- devices


async def test_without_a_device_a_token_is_enough(world: World) -> None:
    assert (await world.scan(await world.courier("station"), waybill=await waybill(world))).status == 200


async def test_an_enrolled_token_scans_with_its_device_and_with_nothing_else(world: World) -> None:
    own, number = await phone(world), await waybill(world)
    assert (await own.enrol()).json["device"] == "enrolled"
    assert (await own.scan(waybill=number)).status == 200
    thief = Phone(world, own.token)
    for stolen in (await world.scan(own.token, waybill=number), await thief.scan(waybill=number)):
        assert (stolen.status, stolen.code) == (401, "proof_refused")


async def test_a_proof_is_worth_nothing_twice_later_for_another_path_body_or_token(world: World) -> None:
    own, number = await phone(world), await waybill(world)
    await own.enrol()
    asked, path = {"waybill": number}, "/v1/scans"
    body = json.dumps(asked).encode()
    once = own.proof("POST", path, body)
    assert (await own.ask("POST", path, asked, proof=once)).status == 200
    spoilt = [
        once,
        own.proof("POST", path, body, late=121),
        own.proof("POST", path, body, late=-121),
        own.proof("POST", "/v1/scans/batch", body),
        own.proof("GET", path, body),
        own.proof("POST", path, body + b" "),
        own.proof("POST", path, body, token="vc_other"),
        "",
        "v1.1.a.b",
    ]
    answers = [await own.ask("POST", path, asked, proof=proof) for proof in spoilt]
    assert {(answer.status, answer.code) for answer in answers} == {(401, "proof_refused")}


async def test_a_token_is_bound_once_and_again_by_the_same_device(world: World) -> None:
    own = await phone(world)
    other = Phone(world, own.token)
    assert [(await own.enrol()).status, (await own.enrol()).status] == [200, 200]
    assert ((await other.enrol()).status, (await other.enrol()).code) == (409, "device_enrolled")
    await world.op("courier.reset_device", courier=(await own.ask("GET", "/v1/couriers/me")).json["courier"])
    assert (await other.enrol()).status == 200
    assert (await own.ask("GET", "/v1/couriers/me")).code == "proof_refused"


async def test_enrolling_needs_the_key_itself(world: World) -> None:
    own, other = await phone(world), Ed25519PrivateKey.generate()
    public = "ed25519:" + coded(other.public_key().public_bytes_raw())
    answer = await own.ask("POST", "/v1/couriers/device", {"device_key": public})
    assert answer.code == "proof_refused"
    assert (await own.ask("POST", "/v1/couriers/device", {"device_key": "rsa:AA"})).code == "device_key_invalid"


async def test_a_carrier_may_ask_for_devices(world: World) -> None:
    own, number = await phone(world), await waybill(world)
    await enable(world, device_proof=True)
    assert (await world.scan(own.token, waybill=number)).code == "proof_refused"
    await own.enrol()
    assert (await own.scan(waybill=number)).status == 200
    await enable(world, device_proof=False)


# -- places


async def test_couriers_of_other_networks_are_no_couriers(world: World) -> None:
    token, number = await world.courier("station"), await waybill(world)
    await enable(world, networks=["10.9.0.0/16"])
    assert (await world.scan(token, waybill=number)).code == "courier_unauthenticated"
    await enable(world)  # a change of something else keeps what was asked
    assert (await world.scan(token, waybill=number)).code == "courier_unauthenticated"
    await enable(world, networks=[])
    assert (await world.scan(token, waybill=number)).status == 200


async def test_an_address_and_a_certificate_are_believed_of_our_own_proxy_only(tmp_path: Path) -> None:
    der = b"a certificate"
    shown = {"Client-Cert": f":{base64.b64encode(der).decode()}:", "X-Forwarded-For": "10.9.1.1"}
    digest = hashlib.sha256(der).hexdigest()
    for proxies, status in (("127.0.0.1/32", 200), ("", 401)):
        async with open_world(tmp_path / str(status), proxies=proxies) as own:
            token, number = await own.courier("station"), await waybill(own)
            await enable(own, networks=["10.9.0.0/16"], fingerprints=[digest])
            body = json.dumps({"waybill": number}).encode()
            assert (await own.call("POST", "/v1/scans", key=token, body=body, headers=shown)).status == status
            bare = {name: value for name, value in shown.items() if name != "Client-Cert"}
            assert (await own.call("POST", "/v1/scans", key=token, body=body, headers=bare)).status == 401


# -- carriers' own tokens


def jwt(key: Ed25519PrivateKey, clock: Hands, *, kid: str = "k1", **claims: Any) -> str:
    now = int(clock().timestamp())
    said = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": SUBJECT,
        "role": "station",
        "station": "S1",
        "iat": now,
        "exp": now + 3600,
    }
    parts = [coded(json.dumps(part).encode()) for part in ({"alg": "EdDSA", "kid": kid}, said | claims)]
    return ".".join([*parts, coded(key.sign(".".join(parts).encode()))])


def jwks(key: Ed25519PrivateKey, kid: str = "k1") -> dict[str, Any]:
    x = coded(key.public_key().public_bytes_raw())
    return {"keys": [{"kty": "OKP", "crv": "Ed25519", "kid": kid, "x": x}]}


async def test_a_carrier_vouches_for_its_courier_who_needs_no_account(world: World) -> None:
    key, number = Ed25519PrivateKey.generate(), await waybill(world)
    await enable(world, issuer=ISSUER, audience=AUDIENCE, jwks=jwks(key))
    view = await world.scan(jwt(key, world.clock), waybill=number)
    assert (view.status, view.json["stage"]) == (200, "at_station")
    account = (await world.call("GET", "/v1/couriers/me", key=jwt(key, world.clock))).json
    assert (account["carrier"], account["station"], account["device"]) == ("sf-express", "S1", "carrier")
    assert "13800010077" not in json.dumps((await world.op("audit.export", chain="veilway/main"))["entries"])
    await enable(world, issuer="")


async def test_a_carrier_s_token_that_does_not_hold_is_refused(world: World) -> None:
    key, other, number = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate(), await waybill(world)
    await enable(world, issuer=ISSUER, audience=AUDIENCE, jwks=jwks(key))
    past = int(world.clock().timestamp()) - 7200
    for token in (
        jwt(other, world.clock),
        jwt(key, world.clock, kid="k2"),
        jwt(key, world.clock, aud="else"),
        jwt(key, world.clock, iss="https://else.example"),
        jwt(key, world.clock, iat=past, exp=past + 60),
        jwt(key, world.clock, role="shop"),
    ):
        answer = await world.scan(token, waybill=number)
        assert (answer.status, answer.code) == (401, "carrier_token_refused")
    await enable(world, issuer="")
    assert (await world.scan(jwt(key, world.clock), waybill=number)).code == "courier_unauthenticated"


async def test_a_key_or_an_audience_that_the_carrier_withdraws_ends_its_tokens(world: World) -> None:
    key, other = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
    await enable(world, issuer=ISSUER, audience=AUDIENCE, jwks=jwks(key))
    token = jwt(key, world.clock)

    async def me() -> str:
        return (await world.call("GET", "/v1/couriers/me", key=token)).code

    assert await me() == ""
    await enable(world, jwks=jwks(other))
    assert await me() == "carrier_token_refused"
    await enable(world, jwks=jwks(key))
    assert await me() == ""
    await enable(world, audience="somebody else")
    assert await me() == "carrier_token_refused"
    await enable(world, issuer="")


async def test_a_published_key_that_is_withdrawn_ends_its_tokens_when_the_keys_are_old(tmp_path: Path) -> None:
    key, moment = Ed25519PrivateKey.generate(), [0.0]
    async with publishing() as publisher, open_world(tmp_path, clock=Hands()) as own:
        publisher.published = jwks(key)
        await enable(own, issuer=ISSUER, audience=AUDIENCE, jwks=publisher.url)
        door = CourierDoor(own.service)
        door._keys = CarrierKeys(clock=lambda: moment[0])
        knock = Knock(jwt(key, own.clock), "GET", "/v1/couriers/me", b"", "", "127.0.0.1", "")
        assert (await door.admit(knock)).vouched
        publisher.published = jwks(Ed25519PrivateKey.generate(), "k2")
        moment[0] += FRESH - 1
        own.clock.turn(timedelta(seconds=FRESH - 1))
        assert (await door.admit(knock)).vouched
        moment[0] += 1
        own.clock.turn(timedelta(seconds=1))
        with pytest.raises(VeilwayError) as refused:
            await door.admit(knock)
        assert refused.value.code == "carrier_token_refused"


async def test_a_vouched_couriers_station_has_its_place(world: World) -> None:
    key = Ed25519PrivateKey.generate()
    await enable(world, issuer=ISSUER, audience=AUDIENCE, jwks=jwks(key))
    door = CourierDoor(world.service)
    knock = Knock(jwt(key, world.clock), "GET", "/v1/couriers/me", b"", "", "127.0.0.1", "")
    assert (await door.admit(knock)).serves == NOWHERE
    await world.op("station.add", carrier="sf-express", code="S1", regions=["CN/浙江"], country="CN")
    assert (await door.admit(knock)).serves == Station(frozenset({"CN/浙江"}), "CN")
    await world.op("station.remove", carrier="sf-express", code="S1")
    await enable(world, issuer="")


async def test_a_carrier_s_courier_is_suspended_by_id_by_station_and_with_the_carrier(world: World) -> None:
    key = Ed25519PrivateKey.generate()
    await enable(world, issuer=ISSUER, audience=AUDIENCE, jwks=jwks(key))
    token = jwt(key, world.clock)
    courier = (await world.call("GET", "/v1/couriers/me", key=token)).json["courier"]
    for kind, name in (("courier", courier), ("station", "S1"), ("carrier", "sf-express")):
        await world.op("suspend", kind=kind, name=name)
        assert (await world.call("GET", "/v1/couriers/me", key=token)).code == "courier_unauthenticated"
        await world.op("suspend", kind=kind, name=name, lift=True)
    assert (await world.call("GET", "/v1/couriers/me", key=token)).status == 200
    await enable(world, issuer="")


@pytest.mark.parametrize(
    ("rules", "path"),
    [
        ({"issuer": ISSUER}, "audience"),
        ({"issuer": ISSUER, "audience": "a"}, "jwks"),
        ({"issuer": ISSUER, "audience": "a", "jwks": "http://keys.example/"}, "jwks"),
        ({"networks": ["10.0.0.1/8"]}, "networks"),
        ({"fingerprints": ["xyz"]}, "fingerprints"),
        ({"walls": 3}, "walls"),
    ],
)
async def test_a_rule_that_cannot_hold_is_refused_by_name(rules: dict[str, Any], path: str) -> None:
    with pytest.raises(VeilwayError) as caught:
        courier_rules(rules)
    assert caught.value.path == path
