"""An order is opened to the last leaf, or refused by path and never by value."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carriers.errors import CarrierRefusal
from carriers.order import open_order
from carriers.profile_compile import compile_text
from carriers.veil import veil
from carriers.wire import WireRequest
from masking.personal import Kind, Role
from tests.carriers.acme import JSON_CARRIER, ORDER, RELAYS, XML_CARRIER, acme, opened, request, with_


def refused(document: Any, text: str = JSON_CARRIER) -> CarrierRefusal:
    with pytest.raises(CarrierRefusal) as refusal:
        opened(document, profile=acme(text))
    return refusal.value


def outcome(function: Callable[[], Any]) -> str:
    """The code of a refusal, or `opened`. Any other exception fails the test."""
    try:
        function()
    except CarrierRefusal as refusal:
        return refusal.code
    return "opened"


def test_roles_come_from_the_value_and_not_from_the_place() -> None:
    parties = opened().parties
    assert (parties[Role.RECIPIENT].name, parties[Role.SENDER].name) == ("林徽", "诸葛文静")
    assert parties[Role.RECIPIENT].address.city == "福州"
    assert opened().phone_roles == {Role.SENDER, Role.RECIPIENT}


def test_every_personal_leaf_is_listed_with_its_path() -> None:
    fields = {path: (kind, role) for path, kind, role, _ in opened().fields}
    assert fields["$.people[0].phone"] == (Kind.PHONE, Role.RECIPIENT)
    assert fields["$.people[1].email"] == (Kind.EMAIL, Role.SENDER)
    assert "$.weight" not in fields


@pytest.mark.parametrize("place", [("surprise",), ("people", 0, "surprise"), ("items", 0, "surprise")])
@pytest.mark.parametrize(
    "value", ["13800138000", 13800138000, {"deep": ["13800138000"]}, ["13800138000"], None, True, ""]
)
def test_an_unclaimed_field_is_refused_by_path_and_never_by_value(place: tuple[Any, ...], value: Any) -> None:
    document = copy.deepcopy(ORDER)
    spot: Any = document
    for step in place[:-1]:
        spot = spot[step]
    spot[place[-1]] = value
    refusal = refused(document)
    assert refusal.code == "unclaimed_field"
    assert refusal.path is not None and refusal.path.endswith(".surprise")
    assert "13800138000" not in f"{refusal} {refusal.path}"


@pytest.mark.parametrize("key", ["13800138000", "林徽", "x" * 41, "a b", "call 13800138000"])
def test_an_unknown_key_that_is_no_plain_identifier_is_not_printed(key: str) -> None:
    refusal = refused(with_(**{key: 1}))
    assert key not in f"{refusal} {refusal.path}"


def test_a_container_where_a_leaf_is_claimed_is_refused() -> None:
    assert refused(with_(weight={"a": "13800138000"})).code == "unclaimed_field"
    assert refused(with_(no=["A-1"])).code == "unclaimed_field"


@pytest.mark.parametrize(
    ("document", "code"),
    [
        (b'{"no":"A","no":"B"}', "duplicate_key"),
        (b'{"weight":NaN}', "not_a_number"),
        (b"{", "malformed_json"),
        (b"[" * 100_000, "too_deep"),
        (b'{"extra":' + b'{"a":' * 200 + b"1" + b"}" * 201, "too_deep"),
        (b'{"no":"\xff"}', "bad_charset"),
        (b'"text"', "unclaimed_field"),
        (with_(people=[]), "no_personal_fields"),
        (with_(people=[ORDER["people"][1]]), "no_personal_fields"),
        (with_(people=[{"kind": "X", "name": "a"}]), "unknown_role"),
        (with_(people=[*ORDER["people"], ORDER["people"][0]]), "party_repeated"),
        (with_(orders=[{"id": 1}, {"id": 2}]), "batch_refused"),
        (with_(invoice="JVBERi0="), "attachment_refused"),
    ],
)
def test_what_is_refused_has_a_stable_code(document: Any, code: str) -> None:
    assert refused(document).code == code


def test_a_single_order_in_a_batch_goes() -> None:
    assert opened(with_(orders=[{"id": 1}])).reference == "A-1"


def test_one_item_may_stand_where_a_list_may() -> None:
    assert opened(with_(items={"name": "茶", "count": 1})).fields[-1][0] == "$.items.name"


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({"content-type": "text/html"}, "wrong_content_type"),
        ({"content-type": "application/json; charset=gbk"}, "bad_charset"),
        ({"content-encoding": "gzip"}, "encoded_body"),
    ],
)
def test_a_body_in_another_coding_is_refused(headers: dict[str, str], code: str) -> None:
    with pytest.raises(CarrierRefusal) as refusal:
        open_order(acme().operations["create"], request(ORDER, **headers))
    assert refusal.value.code == code


def test_query_parameters_are_claimed_like_any_leaf() -> None:
    operation = acme().operations["create"]
    body = request(ORDER).body
    assert open_order(operation, WireRequest("POST", "/orders", "lang=zh", {}, body))
    with pytest.raises(CarrierRefusal) as refusal:
        open_order(operation, WireRequest("POST", "/orders", "lang=zh&phone=13800138000", {}, body))
    assert (refusal.value.code, "13800138000" in str(refusal.value)) == ("unclaimed_field", False)


def test_equal_orders_have_equal_documents_whatever_is_fresh_in_them() -> None:
    one = opened(with_(nonce="1", password="p", time=1)).document
    turned = dict(reversed(list(with_(nonce="2", password="q", time=2).items())))
    assert opened(turned).document == one
    assert b'"q"' not in one
    assert opened(with_(nonce="1", password="p", time=1, weight=4)).document != one


def test_fresh_values_keep_their_type() -> None:
    order = opened(with_(nonce=17))
    assert order.sheet.levels[-1].tree["nonce"] == 17


@given(
    st.dictionaries(
        st.text(max_size=6),
        st.one_of(st.text(max_size=5), st.integers(), st.none(), st.lists(st.text(max_size=3), max_size=3)),
        max_size=5,
    )
)
def test_any_other_document_is_opened_or_refused_with_a_code(document: dict[str, Any]) -> None:
    assert outcome(lambda: opened({**ORDER, **document})) != "carrier_refusal"


@given(st.binary(max_size=200))
def test_any_bytes_are_opened_or_refused_with_a_code(body: bytes) -> None:
    for text in (JSON_CARRIER, XML_CARRIER):
        operation = acme(text).operations["create"]
        assert (
            outcome(lambda operation=operation: open_order(operation, WireRequest("POST", "/orders", "", {}, body)))
            != "carrier_refusal"
        )


@pytest.mark.parametrize("policy", ["mask", "report"])
def test_softer_policies_let_an_unclaimed_leaf_through_and_say_so(policy: str) -> None:
    profile = compile_text(
        JSON_CARRIER.replace('country = "CN"', f'country = "CN"\nunclassified = "{policy}"'), "acme.toml"
    )
    order = opened(with_(surprise={"a": ["x", "13800138000"]}), profile=profile)
    assert order.findings == ("$.surprise.a[0]", "$.surprise.a[1]")


SOAP = b"""<s:Envelope xmlns:s="urn:s" xmlns="urn:b"><s:Header token="t"><User>u</User></s:Header><s:Body><Create ref="R1"><Contact person="Ann Lee"/>
<From><Name>Bob Ray</Name><Street>Mill Road</Street><No>7</No><City>Guelph</City></From>
<To><Name>Cy Vance</Name><Phone><Country>1</Country><Area>519</Area><Number>5550174</Number></Phone><Street>Pandora Crescent</Street><No>12b</No></To><Note/></Create></s:Body></s:Envelope>"""


def test_soap_is_claimed_by_local_names_attributes_too() -> None:
    order = open_order(
        acme(XML_CARRIER).operations["create"], WireRequest("POST", "/soap", "", {"content-type": "text/xml"}, SOAP)
    )
    fields = {path: value for path, _, _, value in order.fields}
    assert order.reference == "R1"
    assert fields["/Envelope/Body/Create/Contact/@person"] == "Ann Lee"
    assert fields["/Envelope/Body/Create/To/Phone/Area"] == "5195550174"
    assert order.parties[Role.RECIPIENT].phone == "+15195550174"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"<Note/>", b"<Note/><Extra>13800138000</Extra>"),
        (b'<Create ref="R1">', b'<Create ref="R1" phone="13800138000">'),
        (b"</From>", b"</From>13800138000"),
        (b"<City>", b"<City>x<Sub/>13800138000"),
        (b"<Parcel>", b""),
    ],
)
def test_xml_that_nobody_described_is_refused(old: bytes, new: bytes) -> None:
    if old not in SOAP:
        pytest.skip("no such piece")
    with pytest.raises(CarrierRefusal) as refusal:
        open_order(acme(XML_CARRIER).operations["create"], WireRequest("POST", "/soap", "", {}, SOAP.replace(old, new)))
    assert (refusal.value.code, "13800138000" in f"{refusal.value} {refusal.value.path}") == ("unclaimed_field", False)


def test_a_repr_shows_no_content() -> None:
    order = opened()
    shown = repr(order) + repr(order.sheet) + repr(order.sheet.leaves) + repr(order.request) + repr(order.parties)
    assert not any(value in shown for _, _, _, value in order.fields)
    assert json.dumps(ORDER["people"][0]["name"]) not in shown


def test_fields_that_name_an_order_only_together_are_one_reference() -> None:
    text = JSON_CARRIER.replace('reference = ["no"]', 'reference = ["no", "part"]', 1)
    assert opened(with_(part="P2"), profile=acme(text)).reference == "A-1 P2"
    assert opened(profile=acme(text)).reference == "A-1"


def test_a_document_inside_goes_through_where_a_scope_names_its_place_and_is_on_record() -> None:
    told = request(with_(invoice="JVBERi0="))
    operation = acme().operations["create"]
    order = open_order(operation, told, attachments=["$.invoice"])
    veiled = veil(order, relays=RELAYS)
    assert ("$.invoice", Kind.PLAIN, Role.THIRD_PARTY) in veiled.granted
    assert b"JVBERi0=" in veiled.body
    for other in (["$.invoices"], ["$.invoice.x"], []):
        with pytest.raises(CarrierRefusal) as refusal:
            open_order(operation, told, attachments=other)
        assert refusal.value.code == "attachment_refused"
