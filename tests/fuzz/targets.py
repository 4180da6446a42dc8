"""What is fuzzed: each reader of foreign bytes, with samples to start from. A reader may refuse with a typed error and with nothing else.

Where a codec must give back what it took, the target says so: `assert` fails like any crash.
"""

from __future__ import annotations

import base64
import io
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from zlib import crc32

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from PIL import Image

from carriers import envelope_cipher, envelope_form, envelope_json, envelope_multipart, envelope_xml, fieldpath, percent
from carriers.answer import rewrite_answer
from carriers.clockwork import read_event
from carriers.coverage import check_sample
from carriers.infer import infer
from carriers.order import open_order
from carriers.profile import BUILT_IN, CarrierProfile, load_profiles
from carriers.profile_compile import compile_text
from carriers.push import read_push
from carriers.shop import presented, read_token_request, verify_shop
from carriers.shop_issue import fresh
from carriers.token import parse_token
from carriers.unknown import inspect, unknown_operation
from carriers.veil import veil
from carriers.wire import WireReply, WireRequest
from gateway.flows.artwork import PIXELS
from masking.addresses import mask_address
from masking.carrier_token import KeySet, verify_token
from masking.contacts import mask_company, mask_email, mask_id
from masking.errors import VeilwayError
from masking.freetext import mask_text
from masking.guard import Guard
from masking.labels.lint import Plain, check
from masking.labels.remask import remask
from masking.labels.revocation import pack, unpack
from masking.labels.ticket import TicketSigner, issue, parse, verify_offline, verify_online
from masking.named import mask_named
from masking.names import mask_name
from masking.personal import Party, PostalAddress, RelayNumber, Role
from masking.phones import mask_phone, normalise_phone
from masking.policy_load import load_policy
from tests.carriers.acme import JSON_CARRIER

NOW = datetime(2026, 11, 25, 8, tzinfo=UTC)
PAYLOADS = Path(__file__).parents[1] / "payloads"
SECRET = base64.b64encode(b"0123456789abcdef").decode()
PERSON = Party(
    "林徽音",
    "13950427716",
    "a@example.com",
    "榕树",
    PostalAddress("CN", "福建省", "福州市", "鼓楼区", "东街口花园2座1501"),
    ("11010519491231002X",),
)
RELAYS = {role: RelayNumber("17055500001", "1001") for role in Role}
SIGNER = TicketSigner(1, Ed25519PrivateKey.from_private_bytes(b"\x01" * 32), b"\x02" * 32)


Refused = VeilwayError
"""What a reader may answer to anything."""


@dataclass(frozen=True)
class Target:
    """One reader and what to feed it at first."""

    read: Callable[[bytes], object]
    seeds: list[bytes]


def samples(*suffixes: str) -> list[bytes]:
    """Sample payloads by suffix, small ones: labels inside them are fuzzed apart."""
    found = [path for path in sorted(PAYLOADS.glob("*/*")) if path.suffix in suffixes and path.name != "pii.json"]
    return [path.read_bytes() for path in found if path.stat().st_size < 20_000]


@cache
def profiles() -> dict[str, CarrierProfile]:
    return load_profiles()


# --- envelopes ----------------------------------------------------------------------------------------------------------


def _json(data: bytes) -> None:
    tree = envelope_json.loads(data, "$")
    envelope_json.canonical(tree)
    again = envelope_json.dumps(tree)
    assert envelope_json.dumps(envelope_json.loads(again, "$")) == again


def _form(charset: str) -> Callable[[bytes], None]:
    def read(data: bytes) -> None:
        form = envelope_form.loads(data, charset, "form")
        again = envelope_form.dumps(form)
        told = [(field.name, field.text) for field in form.fields]
        assert [(field.name, field.text) for field in envelope_form.loads(again, charset, "form").fields] == told

    return read


def _xml(data: bytes) -> None:
    tree = envelope_xml.loads(data, "")
    told = envelope_xml.canonical(tree)
    assert envelope_xml.canonical(envelope_xml.loads(envelope_xml.dumps(tree), "")) == told


def _multipart(data: bytes) -> None:
    head = data.lstrip().partition(b"\n")[0].strip().decode("latin-1").removeprefix("--") or "b"
    parts = envelope_multipart.loads(data, f'multipart/form-data; boundary="{head}"', "")
    envelope_multipart.dumps(parts)


def _cipher(data: bytes) -> None:
    for name in envelope_cipher.CIPHERS:
        assert envelope_cipher.decrypt(name, envelope_cipher.encrypt(name, data, SECRET, ""), SECRET, "") == data
    for name in envelope_cipher.CIPHERS:
        envelope_cipher.decrypt(name, data, SECRET, "")


def _percent(data: bytes) -> None:
    assert percent.unquote(percent.quote(data).decode("ascii"), "") == data
    percent.unquote(data.decode("utf-8", "replace"), "")


# --- profiles -----------------------------------------------------------------------------------------------------------


def _fieldpath(data: bytes) -> None:
    for path in fieldpath.expand(data.decode("utf-8", "replace")[:300])[:50]:
        fieldpath.parse(path)


def _profile(data: bytes) -> None:
    compile_text(data.decode("utf-8", "replace"), "fuzzed.toml")


def _policy(data: bytes) -> None:
    load_policy(data.decode("utf-8", "replace"))


# --- what carriers and shops send ---------------------------------------------------------------------------------------


def _some(data: bytes, count: int = 3) -> list[CarrierProfile]:
    """The carriers whose turn it is with this input."""
    listed, at = list(profiles().values()), crc32(data)
    return [listed[(at + turn * 7) % len(listed)] for turn in range(count)]


def _order(data: bytes) -> None:
    """Every create operation of some carriers."""
    for profile in _some(data):
        for operation in profile.operations.values():
            if operation.effect != "create":
                continue
            try:
                order = open_order(operation, WireRequest(operation.method, operation.path, "", {}, data))
            except Refused:
                continue
            plain = [(kind.value, value) for _, kind, _, value in order.fields]
            veiled = veil(order, relays=RELAYS)
            Guard(plain, veiled.kept).check(veiled.clear)


def _answer(data: bytes) -> None:
    echoes = [("recipient", "name", "", "林**", "林徽音"), ("recipient", "phone", "", "17055500001", "13950427716")]
    for profile in _some(data):
        for operation in profile.operations.values():
            for status in (200, 500):
                _ = rewrite_answer(operation, echoes, WireReply(status, {}, data)).body


def _push(data: bytes) -> None:
    for profile in _some(data, 6):
        secrets = dict.fromkeys(profile.secrets, SECRET)
        for headers in ({}, {"content-type": "application/x-www-form-urlencoded"}):
            try:
                read_push(profile, WireRequest("POST", "/hooks/x", "", headers, data), secrets)
            except Refused:
                continue


def _shop(data: bytes) -> None:
    """A request line, headers and a body, as anybody may send them to the front door."""
    line, _, rest = data.partition(b"\n")
    head, _, body = rest.partition(b"\n\n")
    path, _, query = line.decode("latin-1").partition("?")
    pairs = [one.partition(":") for one in head.decode("latin-1").splitlines()]
    request = WireRequest("POST", path, query, {name.strip().lower(): value.strip() for name, _, value in pairs}, body)
    for profile in profiles().values():
        if profile.shop_credential is None:
            continue
        credential = {
            name: fresh(look, lambda count: b"\x05" * count) for name, look in profile.shop_credential.issue.items()
        }
        try:
            read_token_request(profile, request)
            presented(profile, request)
            verify_shop(profile, profile.match(request), request, credential, now=NOW)
        except Refused:
            continue


def _token(data: bytes) -> None:
    for profile in profiles().values():
        if profile.token is not None:
            try:
                parse_token(profile, WireReply(200, {}, data))
            except Refused:
                continue


def _unknown(data: bytes) -> None:
    """A call that nobody described, of a carrier whose rule is to look into it."""
    for kind in ("application/json", "application/x-www-form-urlencoded", "text/xml"):
        try:
            request = WireRequest("POST", "/nobody/knows", "", {"content-type": kind}, data)
            inspect(open_order(unknown_operation(_inspecting(), request), request))
        except Refused:
            continue


@cache
def _inspecting() -> CarrierProfile:
    return compile_text('passthrough = "inspect"\n' + JSON_CARRIER, "acme.toml")


def _sample(data: bytes) -> None:
    for fmt in ("json", "xml", "form", "multipart"):
        try:
            infer(data, fmt)
        except Refused:
            continue
    check_sample(profiles()["ups"].operations["create"], data, "json")


def _time(data: bytes) -> None:
    text, _, clock = data.decode("utf-8", "replace").partition("|")
    read_event(text, clock, UTC)


# --- labels and tickets -------------------------------------------------------------------------------------------------


def _label(data: bytes) -> None:
    check(data, Plain([PERSON]), pixels=PIXELS)
    remask(data, [PERSON])


def _ticket(data: bytes) -> None:
    text = data.decode("utf-8", "replace")
    for read in (
        lambda: parse(text),
        lambda: verify_online(text, {1: SIGNER.tag_key}, NOW, "sf-express"),
        lambda: verify_offline(text, {1: SIGNER.public_key}, NOW, "sf-express"),
    ):
        try:
            read()
        except Refused:
            continue


def _revocation(data: bytes) -> None:
    unpack(data, {1: SIGNER.public_key}, NOW)


def _carrier_token(data: bytes) -> None:
    verify_token(
        data.decode("utf-8", "replace"), keys=KeySet.from_jwks({"keys": []}), issuer="i", audience="a", now=NOW
    )


# --- texts --------------------------------------------------------------------------------------------------------------


def _texts(data: bytes) -> None:
    text = data.decode("utf-8", "replace")[:4000]
    for mask in (mask_text, mask_name, mask_phone, mask_address, mask_email, mask_company, mask_id):
        mask(text)
    once = mask_named(text)
    assert mask_named(once) == once
    normalise_phone(text)


def _guard(data: bytes) -> None:
    head, _, rest = data.partition(b"\n")
    text = head.decode("utf-8", "replace")
    plain = [(kind, text) for kind in ("name", "phone", "address_line", "email", "id", "company")]
    Guard(plain, [text[:3]]).check_bytes(rest)


# --- the table ----------------------------------------------------------------------------------------------------------


def _picture(format: str) -> bytes:
    out = io.BytesIO()
    Image.linear_gradient("L").resize((40, 40)).save(out, format)
    return out.getvalue()


@cache
def targets() -> dict[str, Target]:
    """All of them, by name."""
    json_, xml, forms, multipart = samples(".json"), samples(".xml"), samples(".form"), samples(".multipart")
    toml = [path.read_bytes() for path in sorted(BUILT_IN.glob("*.toml"))]
    paths = [path.encode() for text in toml[:8] for path in _paths(tomllib.loads(text.decode()))]
    zpl = [
        b"^XA^CI28^FO50,50^A0N,30^FH^FDTel 139_35 0427716^FS^FO9,9^BQN,2,4^FDMM,A1^FS^FO0,0^GFA,8,8,1,FF00FF00^FS^XZ"
    ]
    page = [
        b'<!DOCTYPE html><html><body><p>A&#26519;<b>1</b></p><img src="data:image/png;base64,'
        + base64.b64encode(_picture("PNG"))
        + b'"></body></html>'
    ]
    tickets = [
        issue(SIGNER, audience="sf-express", expires=NOW + timedelta(days=9), random_bytes=lambda n: bytes(n))
        .text("V.EXAMPLE")
        .encode()
    ]
    requests = [
        b"/std/service?a=1\nAuthorization: Basic QTpL\n\nmsgData=%7B%7D&partnerID=x",
        b"/v2/shipments\nauthorization: Bearer x\n\n{}",
    ]
    names = [
        "收件人：林徽音 13950427716",
        "attn John Smith, Flat 4, 12 High Street",
        "a@example.com 110105194912310021",
        "林徽音|2026-11-25",
    ]
    texts = [name.encode() for name in names]
    return {
        "json": Target(_json, json_),
        "form": Target(_form("utf-8"), forms),
        "form-gbk": Target(_form("gbk"), [*forms, "a=林&b=%C1%D6".encode("gbk")]),
        "xml": Target(_xml, xml),
        "multipart": Target(_multipart, [*multipart, b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--b--\r\n']),
        "cipher": Target(_cipher, [b"{}", base64.b64encode(b"0" * 32), b"|$4|" + base64.b64encode(b"0" * 32)]),
        "percent": Target(_percent, [b"a%20b+c%E6%9E%97"]),
        "fieldpath": Target(_fieldpath, paths),
        "profile": Target(_profile, [text for text in toml if len(text) < 9000]),
        "policy": Target(_policy, [b'name="x"\nbase="built-in"\n[[rule]]\nid="a"\nreaders=["label"]\nsee=["goods"]\nlevel="full"\nstages="open"\n']),
        "order": Target(_order, [*json_, *xml, *forms]),
        "answer": Target(_answer, [*json_, *xml, *multipart]),
        "push": Target(_push, [*json_, *forms, *xml]),
        "shop": Target(_shop, requests),
        "oauth": Target(_token, [b'{"access_token":"t","expires_in":"3600"}']),
        "unknown": Target(_unknown, [*json_, *forms, *xml]),
        "sample": Target(_sample, [*json_, *xml, *forms, *multipart]),
        "time": Target(_time, [b"2026-11-25T08:00:00Z", b"20261125|130501", b"1795000000000", b"2026/11/25 08:00"]),
        "label-zpl": Target(_label, zpl),
        "label-tspl": Target(_label, [b'SIZE 76 mm,130 mm\r\nCLS\r\nTEXT 1,1,"0",0,1,1,"13950427716"\r\nBITMAP 0,0,1,2,0,\xff\x00\r\nPRINT 1\r\n']),
        "label-html": Target(_label, page),
        "label-pdf": Target(_label, [_picture("PDF")]),
        "label-picture": Target(_label, [_picture(name) for name in ("PNG", "GIF", "JPEG", "TIFF", "BMP")]),
        "ticket": Target(_ticket, tickets),
        "revocation": Target(_revocation, [pack(SIGNER, [bytes(16)], issued=NOW, good_until=NOW + timedelta(days=1))]),
        "carrier-token": Target(_carrier_token, [b"eyJhbGciOiJFZERTQSJ9.eyJpc3MiOiJpIn0.AAAA"]),
        "texts": Target(_texts, texts),
        "guard": Target(_guard, ["林徽音\n{\"a\":\"林%E5%BE%BD音\"}".encode(), b"13950427716\n1395&#48;427716"]),
    }  # fmt: skip


def _paths(value: object) -> list[str]:
    if isinstance(value, str):
        return [value] if value.startswith(("$", "/", "form:")) or "." in value else []
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else []
    return [path for item in items for path in _paths(item)]
