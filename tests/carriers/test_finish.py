"""The finished request: the carrier's credentials, a signature over the exact bytes, nothing of the shop's left over."""

from __future__ import annotations

import base64
import hashlib
import json
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlencode

import pytest
from lxml import etree

from carriers.envelope_cipher import decrypt
from carriers.errors import CarrierRefusal
from carriers.finish import finish, preview
from carriers.order import open_order
from carriers.profile import load_profile
from carriers.profile_compile import compile_text
from carriers.received import Received, verify
from carriers.veil import Veiled, veil
from carriers.wire import WireRequest
from tests.carriers.acme import RELAYS, XML_CARRIER, acme, opened, request, with_
from tests.carriers.test_order import SOAP

NOW = datetime(2026, 11, 25, 13, 0, tzinfo=UTC)
SECRETS = {"app": "carrier-app", "key": "carrier-key"}


def made() -> Veiled:
    shop = request(
        with_(password="shop-password", time=1),
        authorization="Bearer vw_shop",
        **{
            "x-app": "shop-app",
            "x-sign": "shop-sign",
            "x-request": "r-1",
            "cookie": "a=b",
            "connection": "x-request",
            "te": "trailers",
        },
    )
    return veil(open_order(acme().operations["create"], shop), relays=RELAYS)


def test_credentials_are_replaced_wherever_they_stand() -> None:
    wire = finish(made(), SECRETS, now=NOW, nonce="n")
    body = json.loads(wire.body)
    assert (wire.headers["x-app"], body["password"], body["time"]) == (
        "carrier-app",
        "carrier-key",
        str(int(NOW.timestamp())),
    )
    everything = f"{wire.headers} {wire.path} {wire.query}".encode() + wire.body
    assert b"shop-" not in everything and b"vw_" not in everything


def test_only_listed_headers_go_on() -> None:
    wire = finish(made(), SECRETS, now=NOW, nonce="n")
    assert sorted(wire.headers) == ["content-type", "x-app", "x-request", "x-sign"]


def test_the_signature_is_over_the_exact_bytes() -> None:
    wire = finish(made(), SECRETS, now=NOW, nonce="n")
    assert wire.headers["x-sign"] == hashlib.md5(wire.body + b"carrier-key").hexdigest()


def test_finishing_again_leaves_nothing_of_the_first_time() -> None:
    order = made()
    first = finish(order, SECRETS, now=NOW, nonce="n")
    other = finish(order, {"app": "b-app", "key": "b-key"}, now=NOW, nonce="n")
    assert b"carrier-key" not in other.body and other.headers["x-app"] == "b-app"
    again = finish(order, SECRETS, now=NOW, nonce="n")
    assert (again.body, again.headers) == (first.body, first.headers)


def test_a_missing_secret_is_named_and_nothing_goes() -> None:
    with pytest.raises(CarrierRefusal) as refusal:
        finish(made(), {"app": "a"}, now=NOW, nonce="n")
    assert refusal.value.code == "secret_missing"


def test_a_preview_shows_no_secret_and_no_signature() -> None:
    wire = preview(made())
    assert json.loads(wire.body)["password"] == "<key>"
    assert not wire.headers["x-sign"]


def test_credentials_in_xml_are_set_in_text_and_attribute() -> None:
    order = open_order(
        acme(XML_CARRIER).operations["create"], WireRequest("POST", "/soap", "", {"content-type": "text/xml"}, SOAP)
    )
    wire = finish(veil(order, relays=RELAYS), {"user": "U&1", "token": 'T"2'}, now=NOW, nonce="n")
    assert b'<s:Header token="T&quot;2"><User>U&amp;1</User></s:Header>' in wire.body
    assert wire.headers["content-type"] == "text/xml"


@pytest.mark.parametrize("charset", ["utf-8", "gbk"])
def test_sf_signs_javas_coding_of_the_text_it_sends(charset: str) -> None:
    profile = load_profile("sf-express")
    assert profile is not None
    document = '{"orderId":"A~1 *","contactInfoList":[{"contactType":2,"contact":"林徽","tel":"13950427716"}],"remark":"轻放+小心"}'
    body = b"serviceCode=EXP_RECE_CREATE_ORDER&msgData=" + b"".join(
        b"%%%02x" % byte for byte in document.encode(charset)
    )
    shop = WireRequest(
        "POST", "/std/service", "", {"content-type": f"application/x-www-form-urlencoded; charset={charset}"}, body
    )
    order = veil(open_order(profile.match(shop), shop), relays=RELAYS)
    wire = finish(order, {"partner_id": "P", "check_word": "W+~"}, now=NOW, nonce="n")
    form = {name: values[0] for name, values in parse_qs(wire.body.decode(), encoding=charset).items()}
    text = form["msgData"] + form["timestamp"] + "W+~"
    java = "".join(
        chr(byte)
        if (chr(byte).isalnum() and byte < 128) or chr(byte) in ".-*_"
        else "+"
        if byte == 32
        else f"%{byte:02X}"
        for byte in text.encode(charset)
    )
    assert form["msgDigest"] == base64.b64encode(hashlib.md5(java.encode()).digest()).decode()
    assert (form["partnerID"], json.loads(form["msgData"])["contactInfoList"][0]["contact"]) == ("P", "林**")


CIPHERED = """\
id = "vault"
name = { en = "Vault" }
verified = true
last_mile = "ticket"
secrets = ["key"]
ciphers = { ems_sm4 = "key" }

[shape.contact]
name = ["name"]

[[operation]]
id = "create"
effect = "create"
match = { path = "/" }
document = "form:box~ems_sm4~$"
batch = "[]"
party = [{ at = "[].to", shape = "contact", role = "recipient" }]
fields = { reference = ["[].no"] }
"""


def test_a_ciphered_field_is_opened_with_the_shops_key_and_closed_with_the_carriers() -> None:
    shop_key, carrier_key = (base64.b64encode(bytes([n]) * 16).decode() for n in (1, 2))
    operation = compile_text(CIPHERED, "vault.toml").operations["create"]
    from carriers.envelope_cipher import encrypt
    from carriers.percent import quote

    field = encrypt("ems_sm4", '[{"no":"A","to":{"name":"林徽"}}]'.encode(), shop_key, "")
    shop = WireRequest("POST", "/", "", {}, b"box=" + quote(field))
    order = open_order(operation, shop, keys={"ems_sm4": shop_key})
    assert order.reference == "A"
    made_ = veil(order, relays={})
    assert "林**" in made_.clear_text and "林徽" not in made_.clear_text
    wire = finish(made_, {"key": carrier_key}, now=NOW, nonce="n")
    sent = parse_qs(wire.body.decode())["box"][0]
    assert json.loads(decrypt("ems_sm4", sent.encode(), carrier_key, "")) == [{"no": "A", "to": {"name": "林**"}}]
    with pytest.raises(CarrierRefusal) as refusal:
        open_order(operation, shop, keys={"ems_sm4": carrier_key})
    assert refusal.value.code == "cipher_broken"


def test_what_is_finished_verifies_under_the_same_scheme() -> None:
    wire = finish(veil(opened(), relays=RELAYS), SECRETS, now=NOW, nonce="n")
    scheme = acme().operations["create"].sign
    assert scheme is not None
    assert verify(scheme, Received(wire, SECRETS))
    assert not verify(scheme, Received(wire, {**SECRETS, "key": "other"}))


QUESTION = """
id = "asker"
name = { en = "Asker" }
last_mile = "label"
base_url = "https://api.asker.example"
secrets = ["user", "password"]

[[operation]]
id = "trace"
effect = "trace"
match = { method = "GET", path = "/track" }
set = { "query:q~/data/@user" = "{secret:user}", "query:q~/data/@password" = "{secret:password}", "query:v" = "1" }
fields = { waybill = ["query:q~/data/@piece"] }
"""


def test_credentials_inside_a_document_of_the_query_are_replaced() -> None:
    shop = WireRequest(
        "GET", "/track", urlencode({"q": '<data user="shop" password="shop-password" piece="0034"/>'}), {}, b""
    )
    operation = compile_text(QUESTION, "asker.toml").operations["trace"]
    wire = finish(veil(open_order(operation, shop), relays={}), {"user": "u", "password": "p&<"}, now=NOW, nonce="n")
    sent = parse_qs(wire.query)
    assert (sent["v"], dict(etree.fromstring(sent["q"][0]).attrib)) == (
        ["1"],
        {"user": "u", "password": "p&<", "piece": "0034"},
    )
    assert "shop" not in wire.query


SIGNED_FORM = """
id = "signed"
name = { en = "Signed" }
last_mile = "ticket"
base_url = "https://api.signed.example"
secrets = ["key"]

[sign.main]
text = "{form:data}&key={secret:key}"
quote = "java"
digest = "md5"
encode = "hex"
into = "form:sign"

[[operation]]
id = "create"
effect = "create"
match = { path = "/" }
set = { "form:empty" = "", "form:who" = "v{secret:key}" }
fields = { plain = ["form:data"] }
"""


def test_what_a_profile_writes_between_placeholders_is_coded_for_the_signature_like_them() -> None:
    operation = compile_text(SIGNED_FORM, "signed.toml").operations["create"]
    shop = WireRequest("POST", "/", "", {}, b"data=a+b&empty=x")
    wire = finish(veil(open_order(operation, shop), relays={}), {"key": "K/1"}, now=NOW, nonce="n")
    sent = parse_qs(wire.body.decode(), keep_blank_values=True)
    assert sent == {"data": ["a b"], "who": ["vK/1"], "sign": [hashlib.md5(b"a+b%26key%3DK%2F1").hexdigest()]}
