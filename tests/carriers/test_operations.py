"""Each carrier's operations on messages in its own wire format: `tests/carriers/operations/ID.toml`, one file a carrier, nothing asked of the others.

A case lists the personal values of a request and of its answers by hand, so that a profile which forgets a field fails here; people, numbers and
waybills are invented. Field names and answers are the carriers', from the sources that the profile's head names.
"""

from __future__ import annotations

import json
import re
import tomllib
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import pytest

from carriers.finish import preview
from carriers.leaves import leaves
from carriers.order import OpenOrder, open_order
from carriers.profile import CarrierProfile, Operation, load_profile
from carriers.push import PushReading, read_push
from carriers.received import Received
from carriers.rewrite import rewrite_answer
from carriers.signing import sign
from carriers.veil import Veiled, veil
from carriers.wire import WireReply, WireRequest
from masking.addresses import mask_address
from masking.guard import Guard
from masking.personal import Kind, RelayNumber, Role

FOLDER = Path(__file__).parent / "operations"
CARRIERS = sorted(path.stem for path in FOLDER.glob("*.toml"))
RELAYS = {
    Role.SENDER: ("17055500001", "1001"),
    Role.RECIPIENT: ("17055500002", "2002"),
    Role.THIRD_PARTY: ("17055500003", "3003"),
}
LAST_FOUR = dict.fromkeys(Role, "7716")
TYPES = {"json": "application/json", "form": "application/x-www-form-urlencoded", "xml": "text/xml"}
BOUNDARY = "veilway-sample"


@cache
def file_of(carrier: str) -> dict[str, Any]:
    return tomllib.loads((FOLDER / f"{carrier}.toml").read_text(encoding="utf-8"))


@cache
def profile_of(carrier: str) -> CarrierProfile:
    profile = load_profile(carrier)
    assert profile is not None
    return profile


def cases(table: str) -> list[Any]:
    return [
        pytest.param(carrier, case, id=f"{carrier}-{case.get('id', case.get('scheme'))}-{number}")
        for carrier in CARRIERS
        for number, case in enumerate(file_of(carrier).get(table, []))
    ]


def body_of(case: dict[str, Any]) -> bytes:
    """The message: `form` (fields, percent-coded), `parts` (multipart, JSON parts), or `body`, where `<<name>>` is the text `inside.name` as a JSON string."""
    if "form" in case:
        return urlencode({name: _inside(text, case) for name, text in case["form"].items()}, quote_via=quote).encode()
    if "parts" in case:
        parts = [
            f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\nContent-Type: application/json\r\n\r\n{text}\r\n'
            for name, text in case["parts"].items()
        ]
        return ("".join(parts) + f"--{BOUNDARY}--\r\n").encode()
    return _inside(case.get("body", ""), case).encode()


def _inside(text: str, case: dict[str, Any]) -> str:
    return re.sub(
        r"<<(\w+)>>", lambda found: json.dumps(_inside(case["inside"][found[1]], case), ensure_ascii=False), text
    )


def format_of(case: dict[str, Any]) -> str:
    if "form" in case:
        return "form"
    if "parts" in case:
        return "multipart"
    return "xml" if case.get("body", "").lstrip().startswith("<") else "json"


def content_type(case: dict[str, Any]) -> str:
    return f"multipart/form-data; boundary={BOUNDARY}" if "parts" in case else TYPES[format_of(case)]


def request_of(case: dict[str, Any]) -> WireRequest:
    body = body_of(case)
    headers = {"content-type": content_type(case)} if body else {}
    headers |= case.get("headers", {})
    return WireRequest(case.get("method", "POST"), case["path"], case.get("query", ""), headers, body)


def matched(carrier: str, case: dict[str, Any]) -> tuple[Operation, OpenOrder]:
    request = request_of(case)
    operation = profile_of(carrier).match(request)
    return operation, open_order(operation, request)


def veiled(carrier: str, case: dict[str, Any]) -> tuple[Operation, OpenOrder, Veiled]:
    operation, order = matched(carrier, case)
    bare = bool(profile_of(carrier).manner.phone_digits)
    relays = {role: RelayNumber(x) if bare else RelayNumber(x, extension) for role, (x, extension) in RELAYS.items()}
    emails = {role: f"alias-{role.value[0]}@relay.example" for role in Role}
    return operation, order, veil(order, relays=relays, emails=emails, last_four=LAST_FOUR)


def shown(body: bytes, fmt: str) -> str:
    """Every text of a document, by a reader that knows no profile."""
    return squeezed("\n".join(leaf.text for leaf in leaves(body, fmt))) if body.strip() else ""


def squeezed(text: str) -> str:
    return re.sub(r"\s+", "", text)


def left(values: list[str], text: str) -> list[str]:
    return [value for value in values if squeezed(value) in text]


@pytest.mark.parametrize(("carrier", "case"), cases("operation"))
def test_a_request_is_recognised_and_every_field_of_it_is_known(carrier: str, case: dict[str, Any]) -> None:
    operation, order = matched(carrier, case)
    assert (operation.id, order.findings) == (case["id"], ())
    assert order.reference == case.get("reference", "")


@pytest.mark.parametrize(("carrier", "case"), cases("operation"))
def test_no_personal_value_of_a_request_leaves_beyond_the_scope(carrier: str, case: dict[str, Any]) -> None:
    _, order, made = veiled(carrier, case)
    plain = [(kind.value, value) for _, kind, _, value in order.fields if kind is not Kind.FREE_TEXT]
    granted = {path for path, _, _ in made.granted}
    allowed = {value for path, _, _, value in order.fields if path in granted}
    values = [value for value in case.get("personal", []) if value not in allowed and mask_address(value).text != value]
    sent = preview(made)
    assert left(values, shown(sent.body, format_of(case)) + squeezed(sent.query)) == []
    assert Guard(plain, made.kept).check(made.clear_text) == []
    missed = set(map(squeezed, case.get("personal", []))) - {squeezed(value) for _, _, _, value in order.fields}
    assert {value for value in missed if not any(value in squeezed(text) for _, _, _, text in order.fields)} == set()


@pytest.mark.parametrize(("carrier", "case"), cases("operation"))
def test_credentials_and_constants_of_a_request_stay_as_documented(carrier: str, case: dict[str, Any]) -> None:
    _, _, made = veiled(carrier, case)
    text = shown(preview(made).body, format_of(case))
    assert [value for value in case.get("kept", []) if squeezed(value) not in text] == []


def answers() -> list[Any]:
    return [
        pytest.param(carrier, case, answer, id=f"{carrier}-{case['id']}-{number}-{nth}")
        for carrier in CARRIERS
        for number, case in enumerate(file_of(carrier).get("operation", []))
        for nth, answer in enumerate(case.get("answer", []))
    ]


@pytest.mark.parametrize(("carrier", "case", "answer"), answers())
def test_an_answer_tells_waybill_error_and_outcome(carrier: str, case: dict[str, Any], answer: dict[str, Any]) -> None:
    operation, _ = matched(carrier, case)
    read = _read(operation, answer)
    told = {
        "outcome": read.outcome,
        "waybill": read.waybill,
        "error": read.error_code,
        "reference": read.reference,
        "absent": read.absent,
        "label": [art.format for art in read.artwork],
        "handles": list(read.handles),
        "routing": read.routing_code,
    }
    assert {key: told[key] for key in told if key in answer} == {key: answer[key] for key in told if key in answer}
    assert {"outcome"} <= set(answer)
    assert read.findings == ()


def _read(operation: Operation, answer: dict[str, Any], order: Veiled | None = None) -> Any:
    body = body_of(answer)
    headers = {"content-type": content_type(answer)} if body else {}
    read = rewrite_answer(operation, order, WireReply(answer.get("status", 200), headers, body))
    assert read.readable
    return read


@pytest.mark.parametrize(("carrier", "case", "answer"), answers())
def test_what_was_born_at_the_carrier_is_masked_in_an_answer(
    carrier: str, case: dict[str, Any], answer: dict[str, Any]
) -> None:
    operation, _ = matched(carrier, case)
    before = shown(body_of(answer), format_of(answer))
    assert set(answer.get("personal", [])) == set(left(answer.get("personal", []), before))
    read = _read(operation, answer)
    text = shown(read.body, format_of(answer))
    assert left([value for value in answer.get("personal", []) if mask_address(value).text != value], text) == []


def read_case(carrier: str, case: dict[str, Any], **changed: str) -> PushReading:
    """The push as the carrier signs it, unless the case carries a signature of its own."""
    profile = profile_of(carrier)
    secrets = {**dict.fromkeys(profile.secrets, "s3cret"), **case.get("secrets", {})}
    headers = {"content-type": content_type(case), **case.get("headers", {})}
    request = WireRequest("POST", "/", "", headers, body_of(case))
    push = next(one for one in profile.pushes if one.id == case["id"])
    if push.verify is not None and not case.get("signed"):
        signature = sign(push.verify, Received(request, secrets, schemes=profile.schemes).source)
        place, _, name = push.verify.into.partition(":")
        if place == "header":
            request = WireRequest(
                "POST", "/", "", {**headers, name.lower(): changed.get("signature", signature)}, request.body
            )
        else:
            signed = dict(case["form"]) | {name: changed.get("signature", signature)}
            request = WireRequest("POST", "/", "", headers, body_of({**case, "form": signed}))
    return read_push(profile, request, secrets)


@pytest.mark.parametrize(("carrier", "case"), cases("push"))
def test_a_push_is_verified_read_into_events_and_masked(carrier: str, case: dict[str, Any]) -> None:
    reading = read_case(carrier, case)
    told = [[event.waybill, event.code, event.stage.value if event.stage else ""] for event in reading.events]
    assert (reading.push, told) == (case["id"], case["events"])
    assert reading.verified is case.get("verified", True)
    before, after = shown(body_of(case), format_of(case)), shown(reading.body, format_of(case))
    if not case.get("ciphered"):
        assert left(case.get("personal", []), before) == case.get("personal", [])
    assert left([value for value in case.get("personal", []) if mask_address(value).text != value], after) == []
    if all(event.at is None for event in reading.events):
        assert case.get("timeless", False)


@pytest.mark.parametrize("carrier", CARRIERS)
def test_every_operation_and_push_that_is_not_recalled_has_a_case(carrier: str) -> None:
    profile, file = profile_of(carrier), file_of(carrier)
    wanted = {operation.id for operation in profile.operations.values() if operation.verified}
    assert wanted - {case["id"] for case in file.get("operation", [])} - set(file.get("elsewhere", [])) == set()
    pushes = {push.id for push in profile.pushes if push.verified}
    assert pushes - {case["id"] for case in file.get("push", [])} - set(file.get("elsewhere", [])) == set()


@pytest.mark.parametrize(("carrier", "case"), cases("vector"))
def test_a_signature_that_somebody_published_is_reproduced(carrier: str, case: dict[str, Any]) -> None:
    profile = profile_of(carrier)
    request = WireRequest("POST", case.get("path", "/"), case.get("query", ""), case.get("headers", {}), body_of(case))
    source = Received(request, case["secrets"], schemes=profile.schemes, path=case.get("variables", {})).source
    assert sign(profile.schemes[case["scheme"]], source) == case["expected"]
