"""The shop's side of the carriers' schemes: issued in their shape, verified by the signer that signs towards them."""

from __future__ import annotations

import base64
import hashlib
import json
import os
from datetime import UTC, datetime, timedelta
from functools import cache
from urllib.parse import quote_plus

import pytest

from carriers.errors import CarrierRefusal
from carriers.profile import CarrierProfile, load_profile
from carriers.profile_compile import compile_text
from carriers.rewrite import parse_token, token_request
from carriers.shop import (
    credential_id,
    is_token_request,
    issue,
    presented,
    read_token_request,
    token_reply,
    verify_shop,
)
from carriers.wire import WireReply, WireRequest
from tests.carriers.acme import JSON_CARRIER

NOW = datetime(2026, 11, 25, 13, 0, tzinfo=UTC)


@cache
def profile(name: str) -> CarrierProfile:
    found = load_profile(name)
    assert found is not None
    return found


def sf_request(credential: dict[str, str], *, at: datetime = NOW, data: str = '{"orderId":"A 1~*"}') -> WireRequest:
    """What an SF client sends: written here from SF's manual, not by the code under test."""
    stamp = str(int(at.timestamp() * 1000))
    java = quote_plus(data + stamp + credential["check_word"], safe="*").replace("~", "%7E")
    digest = base64.b64encode(hashlib.md5(java.encode()).digest()).decode()
    pairs = {
        "partnerID": credential["partner_id"],
        "serviceCode": "EXP_RECE_CREATE_ORDER",
        "timestamp": stamp,
        "msgDigest": digest,
        "msgData": data,
    }
    return WireRequest(
        "POST", "/std/service", "", {}, "&".join(f"{key}={quote_plus(value)}" for key, value in pairs.items()).encode()
    )


def verdict(profile_: CarrierProfile, request: WireRequest, credential: dict[str, str], *, now: datetime = NOW) -> str:
    try:
        verify_shop(profile_, profile_.match(request), request, credential, now=now)
    except CarrierRefusal as refusal:
        return refusal.code
    return "good"


def test_an_unmodified_sf_client_is_known_by_its_signature() -> None:
    sf = profile("sf-express")
    credential = issue(sf, os.urandom)
    request = sf_request(credential)
    assert presented(sf, request).id == credential_id(sf, credential) == credential["partner_id"]
    assert verdict(sf, request, credential) == "good"


def test_another_check_word_another_body_or_an_old_request_is_refused() -> None:
    sf = profile("sf-express")
    credential = issue(sf, os.urandom)
    request = sf_request(credential)
    changed = WireRequest(request.method, request.path, "", {}, request.body.replace(b"A+1", b"A+2"))
    assert verdict(sf, request, {**credential, "check_word": "x"}) == "bad_signature"
    assert verdict(sf, changed, credential) == "bad_signature"
    assert verdict(sf, request, credential, now=NOW + timedelta(seconds=301)) == "stale_request"
    assert verdict(sf, request, credential, now=NOW - timedelta(seconds=301)) == "stale_request"
    assert verdict(sf, request, credential, now=NOW + timedelta(seconds=299)) == "good"


def test_a_request_without_a_credential_says_so() -> None:
    with pytest.raises(CarrierRefusal) as refusal:
        presented(profile("sf-express"), WireRequest("POST", "/std/service", "", {}, b"msgData={}"))
    assert refusal.value.code == "credential_missing"


@pytest.mark.parametrize(
    ("rule", "headers", "code"),
    [
        ('verify = "basic"', {"authorization": "Basic " + base64.b64encode(b"A:K").decode()}, "good"),
        ('verify = "basic"', {"authorization": "Basic " + base64.b64encode(b"A:k").decode()}, "bad_credential"),
        ('verify = "basic"', {"authorization": "Basic " + base64.b64encode(b"B:K").decode()}, "bad_credential"),
        ('verify = "static"\nsecret = "header:x-key"', {"x-key": "K"}, "good"),
        ('verify = "static"\nsecret = "header:x-key"', {"x-key": "A"}, "bad_credential"),
        (
            'verify = "static"\nsecret = "header:authorization"\nscheme = "ShippoToken"',
            {"authorization": "ShippoToken K"},
            "good",
        ),
        (
            'verify = "static"\nsecret = "header:authorization"\nscheme = "ShippoToken"',
            {"authorization": "Bearer K"},
            "bad_credential",
        ),
    ],
)
def test_basic_and_static_credentials_are_compared_whole(rule: str, headers: dict[str, str], code: str) -> None:
    carrier = compile_text(
        JSON_CARRIER.replace('id = "header:x-app"\n', "").replace('verify = "sign"', rule), "acme.toml"
    )
    assert verdict(carrier, WireRequest("POST", "/orders", "", headers, b"{}"), {"app": "A", "key": "K"}) == code


SEVERAL = JSON_CARRIER.replace('verify = "sign"', 'verify = ["sign", "basic", "bearer"]')
BASIC = {"authorization": "Basic " + base64.b64encode(b"A:K").decode()}
PAIR = {"app": "A", "key": "K"}


def signed(body: bytes, *, key: str = "K", **headers: str) -> WireRequest:
    digest = hashlib.md5(body + key.encode()).hexdigest()
    return WireRequest("POST", "/orders", "", {"x-app": "A", "x-sign": digest, **headers}, body)


def dated(at: datetime) -> bytes:
    return json.dumps({"time": str(int(at.timestamp()))}).encode()


def test_of_several_ways_of_proof_the_first_that_is_shown_counts() -> None:
    carrier = compile_text(SEVERAL, "acme.toml")
    assert verdict(carrier, signed(dated(NOW)), PAIR) == "good"
    assert verdict(carrier, WireRequest("POST", "/orders", "", BASIC, b"{}"), PAIR) == "good"
    assert verdict(carrier, WireRequest("POST", "/orders", "", {"authorization": "Bearer K"}, b"{}"), PAIR) == "good"
    assert presented(carrier, WireRequest("POST", "/orders", "", BASIC, b"{}")).id == "A"


def test_no_way_of_proof_stands_in_for_another_that_failed() -> None:
    carrier = compile_text(SEVERAL, "acme.toml")
    # The id of a signed request is no secret: a good password beside a bad or an old signature does not mend it.
    assert verdict(carrier, signed(dated(NOW), key="wrong", **BASIC), PAIR) == "bad_signature"
    assert verdict(carrier, signed(dated(NOW - timedelta(hours=1)), **BASIC), PAIR) == "stale_request"
    assert verdict(carrier, signed(dated(NOW) + b" ", key="K"), PAIR) == "good"
    wrong = {"authorization": "Basic " + base64.b64encode(b"A:wrong").decode()}
    assert verdict(carrier, WireRequest("POST", "/orders", "", wrong, b"{}"), PAIR) == "bad_credential"
    # A public id sent where the key belongs is no proof.
    assert (
        verdict(carrier, WireRequest("POST", "/orders", "", {"authorization": "Bearer A"}, b"{}"), PAIR)
        == "bad_credential"
    )


def test_easypost_takes_its_key_as_bearer_and_as_the_user_of_basic() -> None:
    easypost = profile("easypost")
    made = issue(easypost, os.urandom)
    key = made["api_key"]
    basic = base64.b64encode(f"{key}:".encode()).decode()
    for header in (f"Bearer {key}", f"Basic {basic}"):
        request = WireRequest("GET", "/v2/shipments/shp_1", "", {"authorization": header})
        assert presented(easypost, request).id == key
        assert verdict(easypost, request, made) == "good"
        assert verdict(easypost, request, {"api_key": "vwk_other"}) == "bad_credential"


def test_issued_values_look_as_the_profile_says() -> None:
    looks = 'issue = { app = "id", key = "base64_16" }'
    made = issue(
        compile_text(JSON_CARRIER.replace('issue = { app = "id", key = "hex32" }', looks), "acme.toml"), os.urandom
    )
    assert made["app"].startswith("VW") and len(base64.b64decode(made["key"])) == 16
    assert issue(profile("ups"), os.urandom)["client_id"] != issue(profile("ups"), os.urandom)["client_id"]


def test_letters_of_a_credential_are_fair() -> None:
    counts: dict[str, int] = {}
    for _ in range(300):
        for letter in issue(profile("ups"), os.urandom)["client_secret"]:
            counts[letter] = counts.get(letter, 0) + 1
    assert len(counts) == 62 and max(counts.values()) < 2 * min(counts.values())


def test_the_gateway_answers_the_token_call_it_would_itself_make() -> None:
    ups = profile("ups")
    credential = {"client_id": "id", "client_secret": "s:cret"}
    request = token_request(ups, credential)
    assert is_token_request(ups, request)
    assert read_token_request(ups, request) == credential
    assert parse_token(ups, token_reply(ups, "tok", 1200)) == ("tok", 1200)
    call = WireRequest("POST", "/api/shipments/v1/ship", "", {"authorization": "Bearer tok"}, b"{}")
    assert presented(ups, call).id == "tok"


@pytest.mark.parametrize(
    ("status", "body", "code"),
    [
        (401, b"{}", "token_refused"),
        (200, b"<html>", "token_unreadable"),
        (200, b"{}", "token_refused"),
        (200, b'{"access_token":{}}', "token_refused"),
    ],
)
def test_a_token_reply_that_holds_none_has_a_code(status: int, body: bytes, code: str) -> None:
    with pytest.raises(CarrierRefusal) as refusal:
        parse_token(profile("ups"), WireReply(status, {}, body))
    assert refusal.value.code == code


def test_a_reply_without_a_lifetime_gets_the_profiles() -> None:
    ups = profile("ups")
    body = json.dumps({"access_token": "t", "expires_in": "soon"}).encode()
    assert parse_token(ups, WireReply(200, {}, body)) == ("t", ups.token.default_seconds if ups.token else 0)
