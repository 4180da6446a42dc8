"""Every sample payload that has a profile: nothing personal leaves, what must stay stays, echoes come back, signatures are reproduced.

Generated from the folder: a new payload folder or profile is tested without a line here. The folders' own notation and lists decide what is
personal; profiles are never asked.
"""

from __future__ import annotations

import base64
import json
import re
import zlib
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from carriers.errors import CarrierRefusal
from carriers.finish import preview
from carriers.leaves import format_of, leaves
from carriers.order import open_order
from carriers.profile import CarrierProfile, Operation, load_profile
from carriers.push import read_push
from carriers.received import Received, verify
from carriers.rewrite import rewrite_answer
from carriers.veil import Veiled, veil
from carriers.wire import WireReply, WireRequest
from masking.addresses import mask_address
from masking.guard import Guard
from masking.personal import Kind, RelayNumber, Role

HERE = Path(__file__).parents[1]
FOLDERS = next(
    (folder for folder in (HERE / "payloads", HERE.parent.parent / "shared" / "payloads") if folder.is_dir()), None
)
NAMES = {"jd_logistics": "jd"}
RELAYS = {
    Role.SENDER: RelayNumber("17055500001", "1001"),
    Role.RECIPIENT: RelayNumber("17055500002", "2002"),
    Role.THIRD_PARTY: RelayNumber("17055500003", "3003"),
}
pytestmark = pytest.mark.skipif(FOLDERS is None, reason="no sample payloads beside the repository")


@cache
def listing(folder: str) -> dict[str, Any]:
    """A folder's own account of itself."""
    assert FOLDERS is not None
    return json.loads((FOLDERS / folder / "pii.json").read_text(encoding="utf-8"))


@cache
def profile_of(folder: str) -> CarrierProfile | None:
    """The profile that a folder belongs to, if somebody wrote one."""
    return load_profile(NAMES.get(folder, folder.replace("_", "-")))


def cases(direction: str) -> list[Any]:
    """Folder and file of every payload of one direction that has a profile."""
    found = []
    for folder in sorted(path.name for path in FOLDERS.iterdir() if (path / "pii.json").is_file()) if FOLDERS else ():
        if profile_of(folder) is not None:
            for file, facts in listing(folder)["files"].items():
                if facts["direction"] == direction:
                    found.append(pytest.param(folder, file, id=f"{folder}-{file}"))
    return found


def content_type(folder: str, file: str) -> str:
    """Without the remark that a listing may add, as in `text/xml (SOAP 1.1)`."""
    return str(listing(folder)["files"][file]["content_type"]).partition(" (")[0]


def read(folder: str, file: str) -> bytes:
    assert FOLDERS is not None
    return (FOLDERS / folder / file).read_bytes()


def texts(body: bytes, file: str) -> dict[str, str]:
    """Path -> text of every leaf, by a reader that knows no profile."""
    return {leaf.path: leaf.text for leaf in leaves(body, format_of(file))}


def request_for(operation: Operation, folder: str, file: str) -> WireRequest:
    path = re.sub(r"\{\w+\}", "v1", operation.path)
    return WireRequest(operation.method, path, "", {"content-type": content_type(folder, file)}, read(folder, file))


def opened(folder: str, file: str) -> tuple[Operation, WireRequest]:
    """The operation that takes a request, the create ones (or the return ones) tried in turn."""
    profile = profile_of(folder)
    assert profile is not None
    effect = "return" if file.startswith("return") else "create"
    reasons = []
    for operation in profile.operations.values():
        if operation.effect == effect:
            request = request_for(operation, folder, file)
            try:
                open_order(operation, request)
            except CarrierRefusal as refusal:
                reasons.append((operation.id, refusal.code, refusal.path))
            else:
                return operation, request
    if effect == "return" and not reasons:
        pytest.skip(f"the profile of {profile.id} has no return operation")
    raise AssertionError(reasons)


def veiled(folder: str, file: str) -> tuple[Operation, Veiled]:
    operation, request = opened(folder, file)
    return operation, veil(open_order(operation, request), relays=relays_for(operation))


def relays_for(operation: Operation) -> dict[Role, RelayNumber]:
    return {role: RelayNumber(one.x) for role, one in RELAYS.items()} if operation.manner.phone_digits else RELAYS


def entries(folder: str, file: str, **wanted: str) -> list[dict[str, Any]]:
    return [
        entry
        for entry in listing(folder)["pii"]
        if entry["file"] == file and all(entry[key] == value for key, value in wanted.items())
    ]


def squeezed(text: str) -> str:
    return re.sub(r"\s+", "", text)


def leaked(folder: str, file: str, body: bytes, allowed: set[str]) -> list[tuple[str, str]]:
    """Path and kind of each listed value that the body still shows: in its own leaf, and anywhere where it can be searched for."""
    out = texts(body, file)
    everything = squeezed("\n".join(out.values()))
    found = []
    for entry in entries(folder, file):
        value, path = entry["value"], entry["path"]
        if value in allowed or entry["match"] in ("pdf_text", "base64"):
            continue
        if (entry["match"] == "whole" and out.get(path) == value and not starred(value)) or (
            not entry.get("weak") and squeezed(value) in everything and not inside(value, allowed)
        ):
            found.append((path, entry["kind"]))
    return found


def starred(value: str) -> bool:
    """Masked by the carrier before it came here."""
    return "*" in value


def inside(value: str, allowed: set[str]) -> bool:
    return any(squeezed(value) in squeezed(other) for other in allowed)


def unmasked_lines(folder: str, file: str) -> set[str]:
    """Address lines in which the masker finds no door, and leaves whole."""
    return {
        entry["value"]
        for entry in entries(folder, file, kind="address_line")
        if mask_address(entry["value"]).text == entry["value"]
    }


@pytest.mark.parametrize(("folder", "file"), cases("shop_to_carrier"))
def test_a_request_leaves_without_its_personal_values(folder: str, file: str) -> None:
    _, order = veiled(folder, file)
    body = preview(order).body
    granted = {path for path, _, _ in order.granted}
    allowed = {entry["value"] for entry in entries(folder, file) if entry["path"] in granted} | unmasked_lines(
        folder, file
    )
    assert leaked(folder, file, body, allowed) == []


@pytest.mark.parametrize(("folder", "file"), cases("shop_to_carrier"))
def test_the_label_scope_grants_addresses_and_ids_and_nothing_else(folder: str, file: str) -> None:
    _, order = veiled(folder, file)
    kinds = {kind for _, kind, _ in order.granted}
    profile = profile_of(folder)
    assert profile is not None
    whole = {Kind.ADDRESS_LINE, Kind.ID} if profile.last_mile == "label" else set()
    assert kinds <= whole | (set(Kind) - profile.mask_allowed)


@pytest.mark.parametrize(("folder", "file"), cases("shop_to_carrier"))
def test_the_guard_lets_the_veiled_request_pass(folder: str, file: str) -> None:
    operation, request = opened(folder, file)
    order = open_order(operation, request)
    plain = [(kind.value, value) for _, kind, _, value in order.fields if kind is not Kind.FREE_TEXT]
    made = veil(order, relays=relays_for(operation))
    assert Guard(plain, made.kept).check(made.clear_text) == []


@pytest.mark.parametrize(("folder", "file"), cases("shop_to_carrier"))
def test_leaves_that_are_nobodys_keep_their_value(folder: str, file: str) -> None:
    operation, order = veiled(folder, file)
    after = texts(preview(order).body, file)
    before = texts(read(folder, file), file)
    ours = {path for path, _, _, _ in order.order.fields} | {path for path, _ in order.order.sheet.fresh}
    dropped = set(before) - set(after)
    changed = {path for path in before if path in after and before[path] != after[path]} - ours
    assert changed - {setter.target.text for setter in operation.setters} == set()
    listed = {entry["path"] for entry in listing(folder)["quasi_identifiers"] if entry["file"] == file}
    assert dropped & listed == set()


@pytest.mark.parametrize(("folder", "file"), cases("shop_to_carrier"))
def test_an_unknown_field_is_refused_or_scrubbed(folder: str, file: str) -> None:
    if not file.endswith(".json"):
        pytest.skip("JSON only")
    operation, request = opened(folder, file)
    document = json.loads(request.body)
    (document[0] if isinstance(document, list) else document)["consigneeNote"] = "call 13800138000"
    changed = WireRequest(request.method, request.path, "", request.headers, json.dumps(document).encode())
    if operation.unclassified == "block":
        with pytest.raises(CarrierRefusal) as refusal:
            open_order(operation, changed)
        assert (refusal.value.code, "13800138000" in str(refusal.value)) == ("unclaimed_field", False)
    else:
        assert b"13800138000" not in preview(veil(open_order(operation, changed), relays=relays_for(operation))).body


def create_file(folder: str) -> str:
    return next(file for file in listing(folder)["files"] if file.startswith("create_request"))


def answering(folder: str, file: str) -> Operation:
    """The operation that an answer belongs to: tracking answers to the trace, others to the create."""
    profile = profile_of(folder)
    assert profile is not None
    if file.startswith("tracking"):
        found = [operation for operation in profile.operations.values() if operation.effect == "trace"]
        return found[0] if found else pytest.skip(f"the profile of {profile.id} has no trace operation")
    return opened(folder, create_file(folder))[0]


def reply(folder: str, file: str, body: bytes) -> WireReply:
    return WireReply(200, {"content-type": content_type(folder, file)}, body)


@pytest.mark.parametrize(("folder", "file"), cases("carrier_to_shop"))
def test_what_was_born_at_the_carrier_is_masked_in_its_answer(folder: str, file: str) -> None:
    operation = answering(folder, file)
    answer = rewrite_answer(operation, None, reply(folder, file, read(folder, file)))
    assert answer.readable
    assert leaked(folder, file, answer.body, unmasked_lines(folder, file)) == []


@pytest.mark.parametrize(("folder", "file"), cases("carrier_to_shop"))
def test_waybills_and_route_codes_come_through_an_answer(folder: str, file: str) -> None:
    answer = rewrite_answer(answering(folder, file), None, reply(folder, file, read(folder, file)))
    after = texts(answer.body, file)
    kept = [entry for entry in listing(folder)["must_preserve"] if entry["file"] == file]
    assert [entry["path"] for entry in kept if after.get(entry["path"]) != entry["value"]] == []


@pytest.mark.parametrize(("folder", "file"), cases("carrier_to_shop"))
def test_a_create_answer_is_booked_with_its_waybill(folder: str, file: str) -> None:
    if not file.startswith("create"):
        pytest.skip("not an answer to a create")
    profile = profile_of(folder)
    assert profile is not None
    # Some formats book in a second call (buy, print): the answer is that call's.
    operations = [operation for operation in profile.operations.values() if operation.effect in ("create", "label")]
    answers = [rewrite_answer(operation, None, reply(folder, file, read(folder, file))) for operation in operations]
    waybills = {
        entry["value"]
        for entry in listing(folder)["must_preserve"]
        if entry["file"] == file and entry["what"] == "tracking_number"
    }
    assert any(answer.outcome == "booked" and (not waybills or answer.waybill in waybills) for answer in answers)


@pytest.mark.parametrize(("folder", "file"), cases("carrier_to_shop"))
def test_what_the_carrier_echoes_comes_back_as_the_shop_sent_it(folder: str, file: str) -> None:
    if not file.startswith("create"):
        pytest.skip("not an answer to a create")
    operation, order = veiled(folder, create_file(folder))
    sent = {(role.value, plain): out for role, _, _, out, plain in order.restore_map if out and out != plain}
    original = read(folder, file)
    echoed = original
    restored = []
    for entry in entries(folder, file, match="whole"):
        out = sent.get((entry["role"], entry["value"]))
        if out is not None and not entry.get("weak"):
            restored.append(entry["path"])
            echoed = echoed.replace(_escaped(entry["value"], file), _escaped(out, file))
    if not restored:
        pytest.skip("this answer repeats nothing that was masked")
    answer = rewrite_answer(operation, order, reply(folder, file, echoed))
    before, after = texts(original, file), texts(answer.body, file)
    assert [path for path in restored if before[path] != after[path]] == []


def _escaped(value: str, file: str) -> bytes:
    return value.replace("&", "&amp;").encode() if file.endswith(".xml") else value.encode()


@pytest.mark.parametrize(("folder", "file"), cases("carrier_push"))
def test_a_push_is_verified_read_and_masked(folder: str, file: str) -> None:
    profile = profile_of(folder)
    assert profile is not None
    body = read(folder, file)
    headers = {"content-type": content_type(folder, file)}
    secrets = dict.fromkeys(profile.secrets, "")
    for vector in listing(folder)["signing"]:
        if vector["file"] == file:
            secrets = dict.fromkeys(profile.secrets, vector["secret"])
            headers[vector["where"].rpartition(" ")[2].lower()] = vector["expected"]
    reading = read_push(profile, WireRequest("POST", "/", "", headers, body), secrets)
    after = texts(reading.body, file)
    kept = [entry for entry in listing(folder)["must_preserve"] if entry["file"] == file]
    assert leaked(folder, file, reading.body, unmasked_lines(folder, file)) == []
    assert [entry["path"] for entry in kept if after.get(entry["path"]) != entry["value"]] == []
    waybills = {entry["value"] for entry in kept if entry["what"] == "tracking_number"}
    assert not waybills or {event.waybill for event in reading.events} <= waybills


@pytest.mark.parametrize(("folder", "file"), cases("carrier_push"))
def test_a_push_with_a_changed_byte_is_refused_where_the_carrier_signs(folder: str, file: str) -> None:
    profile = profile_of(folder)
    assert profile is not None
    vector = next((vector for vector in listing(folder)["signing"] if vector["file"] == file), None)
    if vector is None:
        pytest.skip("no vector")
    headers = {
        "content-type": content_type(folder, file),
        vector["where"].rpartition(" ")[2].lower(): vector["expected"],
    }
    body = read(folder, file)
    at = len(body) // 2
    changed = body[:at] + (b"1" if body[at : at + 1] != b"1" else b"2") + body[at + 1 :]
    with pytest.raises(CarrierRefusal):
        read_push(
            profile, WireRequest("POST", "/", "", headers, changed), dict.fromkeys(profile.secrets, vector["secret"])
        )


@pytest.mark.parametrize(("folder", "file"), cases("shop_to_carrier"))
def test_the_signers_reproduce_the_vectors(folder: str, file: str) -> None:
    vectors = [vector for vector in listing(folder)["signing"] if vector["file"] == file]
    if not vectors:
        pytest.skip("no vector")
    operation, request = opened(folder, file)
    for vector in vectors:
        params = vector.get("params", {})
        signed = WireRequest(
            request.method,
            params.get("method", request.path),
            "&".join(f"{key}={value}" for key, value in {**params, "sign": vector["expected"]}.items()),
            {**request.headers, "x-datadigest": vector["expected"]},
            request.body,
        )
        assert operation.sign is not None
        assert verify(operation.sign, Received(signed, _secrets(operation, vector)))


def _secrets(operation: Operation, vector: dict[str, Any]) -> dict[str, str]:
    """The vector's secret under whichever name the profile gives it; other credentials as the vector's parameters have them."""
    found = {}
    for name in operation.sign.text.names if operation.sign else ():
        if name.startswith("secret:"):
            found[name[7:]] = vector.get("params", {}).get(name[7:], vector["secret"])
    named = re.search(r"key=([A-Z0-9]+)", vector["algorithm"])
    return {**found, **({"key": named[1]} if named else {})}


def pdf_text(raw: bytes) -> str:
    """What the text streams of a PDF say."""
    out = []
    for stream in re.findall(rb"stream\r?\n(.*?)\r?\nendstream", raw, re.S):
        try:
            out.append(zlib.decompress(stream).decode("latin-1"))
        except zlib.error:
            out.append(stream.decode("latin-1"))
    return "".join(out)


@pytest.mark.parametrize(("folder", "file"), cases("carrier_to_shop"))
def test_label_artwork_in_an_answer_is_handed_to_the_gateway(folder: str, file: str) -> None:
    answer = rewrite_answer(answering(folder, file), None, reply(folder, file, read(folder, file)))
    pictured = [label for label in listing(folder)["labels"] if label["file"] == file and label["pii_in_text"]]
    found = {artwork.path: artwork for artwork in answer.artwork}
    for label in pictured:
        assert label["path"] in found
        assert found[label["path"]].format == label["format"]
        found[label["path"]].withhold()
    after = texts(answer.body, file)
    assert all(not after.get(label["path"]) for label in pictured)


def test_a_png_and_a_pdf_are_told_apart_by_their_first_bytes() -> None:
    from carriers.answer import sniff

    assert [sniff(base64.b64decode(text)) for text in ("JVBERi0xLjQ=", "iVBORw0KGgo=", "XlhBXkZE")] == [
        "PDF",
        "PNG",
        "ZPL",
    ]
