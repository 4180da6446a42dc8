"""Tokens are asked for as the profile says, by client credentials and by password."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime

import pytest

from carriers.errors import CarrierRefusal
from carriers.profile import load_profile
from carriers.token import parse_token, token_request
from carriers.wire import WireReply
from tests.carriers.acme import JSON_CARRIER, acme

PASSWORD = '[token]\npath = "/token"\nset = { "form:grant_type" = "password", "form:username" = "{secret:app}", "form:password" = "{secret:key}" }\ntoken = "$.data.token"\nexpires = "$.data.seconds"\n\n[shape.contact]'


def test_client_credentials_travel_as_basic() -> None:
    ups = load_profile("ups")
    assert ups is not None
    wire = token_request(ups, {"client_id": "i", "client_secret": "s"})
    assert wire.headers["authorization"] == "Basic " + base64.b64encode(b"i:s").decode()
    assert (wire.body, wire.path) == (b"grant_type=client_credentials", "/security/v1/oauth/token")


def test_a_password_grant_is_a_form() -> None:
    profile = acme(JSON_CARRIER.replace("[shape.contact]", PASSWORD))
    wire = token_request(profile, {"app": "u", "key": "p w"}, now=datetime.now(UTC), nonce="n")
    assert wire.body == b"grant_type=password&username=u&password=p+w"
    assert parse_token(profile, WireReply(200, {}, b'{"data":{"token":"t","seconds":60}}')) == ("t", 60)


def test_a_carrier_without_an_endpoint_says_so() -> None:
    with pytest.raises(CarrierRefusal) as refusal:
        token_request(acme(), {})
    assert refusal.value.code == "no_token_endpoint"


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("3600", 3600),
        ("3599.9", 3599),
        ("9" * 10, 90 * 86400),
        ("9" * 400, 3000),
        ("1e400", 3000),
        ("-1", 3000),
        ("٣٠", 3000),
    ],
)
def test_a_token_lives_as_long_as_is_sensible(said: str, seconds: int) -> None:
    ups = load_profile("ups")
    assert ups is not None
    body = json.dumps({"access_token": "t", "expires_in": said}).encode()
    assert parse_token(ups, WireReply(200, {}, body)) == ("t", seconds)
