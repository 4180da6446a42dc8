"""The ticket in a label's QR: 83 signed bytes that name a parcel to those who may ask, and say nothing to anyone else.

Holds no personal data, not even encrypted: what is not printed cannot be photographed today and broken later. Knows bytes,
text and time handed in; keys and their rotation are in `ticket_keys.py`, revoked tickets in `revocation.py`.

    ver 1 | kid 1 | expiry 3 | audience 2 | id 12 = 8 random + 4 tag | Ed25519 64

The format is final, because printed labels outlive the code: `docs/ticket.md` has it in full with a reference reader.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from masking.labels.errors import TicketRefused

VERSION = 1
HEAD_BYTES, ID_BYTES, RANDOM_BYTES, TAG_BYTES = 19, 12, 8, 4
TICKET_BYTES = HEAD_BYTES + 64
TEXT_LENGTH = 133
"""Base32 characters of 83 bytes; the last one has a spare bit, which must be zero."""
DOMAIN = b"veilway/ticket/v1\x00"
"""Stands before the signed bytes, so that no other signature of the same key can pass for a ticket."""
EPOCH = datetime(2024, 1, 1, tzinfo=UTC)
_EPOCH_SECONDS = int(EPOCH.timestamp())
MAX_HOURS = (1 << 24) - 1  # three bytes: the year 3938

_SCHEME, _PATH = "HTTPS://", "/Q/"
_BASE32 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
# Base 32 as RFC 4648 and as `int` write it. Whatever else stands there becomes a mark that `int` refuses: it would take blanks,
# signs, underscores and small letters.
_DIGITS = bytes(b"0123456789abcdefghijklmnopqrstuv"[_BASE32.index(at)] if at in _BASE32 else 33 for at in range(256))
_HOST = re.compile(r"[A-Z0-9][A-Z0-9.-]{0,252}(?::[0-9]{1,5})?")


@lru_cache(1024)
def carrier_code(carrier: str) -> int:
    """A carrier's number in a ticket: the first two bytes of SHA-256 of its id, big-endian.

    Two ids may share a number (`clashing_carriers` finds them), so whoever has the shipment compares the id as well.
    """
    return int.from_bytes(hashlib.sha256(carrier.encode()).digest()[:2], "big")


def clashing_carriers(carriers: Collection[str]) -> set[str]:
    """Those ids whose number is not theirs alone; a gateway refuses to enable two of them at once."""
    codes = [carrier_code(carrier) for carrier in set(carriers)]
    return {carrier for carrier in carriers if codes.count(carrier_code(carrier)) > 1}


def hours(moment: datetime, *, up: bool = False) -> int:
    """Whole hours since 2024-01-01Z, down or `up`. The moment must know its zone."""
    elapsed = moment - EPOCH
    return -(-elapsed // timedelta(hours=1)) if up else elapsed // timedelta(hours=1)


@dataclass(frozen=True, slots=True, repr=False)
class Ticket:
    """A parsed or issued ticket. Parsed does not mean verified: only `verify_online` and `verify_offline` give one to trust."""

    raw: bytes

    def __repr__(self) -> str:
        return f"<Ticket kid={self.kid} audience={self.audience} until={self.expires:%Y-%m-%dT%HZ}>"

    @property
    def kid(self) -> int:
        return self.raw[1]

    @property
    def expires(self) -> datetime:
        return EPOCH + timedelta(hours=int.from_bytes(self.raw[2:5], "big"))

    @property
    def until(self) -> int:
        """`expires` in seconds since 1970: to compare with, a fifth of what the dates cost."""
        return _EPOCH_SECONDS + 3600 * int.from_bytes(self.raw[2:5], "big")

    @property
    def audience(self) -> int:
        """The carrier's number (`carrier_code`)."""
        return int.from_bytes(self.raw[5:7], "big")

    @property
    def id(self) -> bytes:
        """Twelve bytes: what the store keys the shipment by."""
        return self.raw[7:HEAD_BYTES]

    @property
    def fingerprint(self) -> bytes:
        """Sixteen bytes of SHA-256 over the whole ticket. The store keeps it beside the id, and an online scan compares it."""
        return hashlib.sha256(self.raw).digest()[:16]

    @property
    def signed(self) -> bytes:
        return DOMAIN + self.raw[:HEAD_BYTES]

    @property
    def signature(self) -> bytes:
        return self.raw[HEAD_BYTES:]

    def text(self, host: str) -> str:
        """What the QR says. `host` is a DNS name with optional port; it is upper-cased for the QR's dense alphabet."""
        if not _HOST.fullmatch(host.upper()):
            raise ValueError("a ticket's host is a DNS name with an optional port")
        return f"HTTPS://{host.upper()}/Q/{base64.b32encode(self.raw).decode().rstrip('=')}"


@dataclass(frozen=True, slots=True, repr=False)
class TicketSigner:
    """One key id's two secrets: the Ed25519 key that offline readers check, and the tag key that online scans check first."""

    kid: int
    private_key: Ed25519PrivateKey
    tag_key: bytes

    def __post_init__(self) -> None:
        if not 1 <= self.kid <= 255 or len(self.tag_key) != 32:
            raise ValueError("a ticket signer has a key id of 1 to 255 and a tag key of 32 bytes")

    def __repr__(self) -> str:
        return f"<TicketSigner kid={self.kid}>"

    @classmethod
    def generate(cls, kid: int) -> TicketSigner:
        return cls(kid, Ed25519PrivateKey.generate(), secrets.token_bytes(32))

    @property
    def public_key(self) -> Ed25519PublicKey:
        return self.private_key.public_key()


def issue(
    signer: TicketSigner,
    *,
    audience: str,
    expires: datetime,
    random_bytes: Callable[[int], bytes] = secrets.token_bytes,
) -> Ticket:
    """A fresh ticket for one parcel and one carrier id, good until `expires` rounded up to the hour."""
    until = hours(expires, up=True)
    if not 0 < until <= MAX_HOURS:
        raise ValueError("a ticket expires between 2024 and 3938")
    stem = bytes((VERSION, signer.kid)) + until.to_bytes(3, "big") + carrier_code(audience).to_bytes(2, "big")
    stem += random_bytes(RANDOM_BYTES)
    head = stem + _tag(signer.tag_key, stem)
    return Ticket(head + signer.private_key.sign(DOMAIN + head))


def is_same(ticket: Ticket, fingerprint: bytes) -> bool:
    """Whether a ticket is, to the last bit, the one whose fingerprint was stored when it was issued. Constant time."""
    return hmac.compare_digest(ticket.fingerprint, fingerprint)


def _tag(tag_key: bytes, stem: bytes) -> bytes:
    return hmac.digest(tag_key, stem, "sha256")[:TAG_BYTES]


def parse(text: str, *, hosts: Collection[str] = ()) -> Ticket:
    """Read the exact text of a ticket, unverified. Where `hosts` are given, the text's host must be one of them.

    There is one text for one ticket, and any changed character is refused: the alphabet is exact and the spare bit is zero.
    """
    start, _, digits = text.rpartition(_PATH)
    host = start[len(_SCHEME) :]
    if not start.startswith(_SCHEME) or len(digits) != TEXT_LENGTH or not digits.isascii():
        raise TicketRefused
    if not (host in _upper(tuple(hosts)) if hosts else _HOST.fullmatch(host)):
        raise TicketRefused
    try:
        # `base64.b32decode` is Python code; this takes a tenth of its time
        number = int(digits.encode().translate(_DIGITS), 32)
    except ValueError:
        raise TicketRefused from None
    raw = (number >> 1).to_bytes(TICKET_BYTES, "big")
    if number & 1 or raw[0] != VERSION:
        raise TicketRefused
    return Ticket(raw)


@lru_cache(64)
def _upper(hosts: tuple[str, ...]) -> frozenset[str]:
    return frozenset(upper for host in hosts if _HOST.fullmatch(upper := host.upper()))


def verify_online(
    text: str,
    tag_keys: Mapping[int, bytes],
    now: datetime,
    audience: str | int | None,
    *,
    hosts: Collection[str] = (),
) -> Ticket:
    """Check text, expiry, audience and the keyed tag, in microseconds and without Ed25519.

    For a reader that then looks the id up: the tag turns forgeries away before any look-up. It does not cover the signature
    bytes, so the reader compares `Ticket.fingerprint` with the stored one (`is_same`); only then is every character checked.
    """
    ticket = _current(text, now, audience, hosts)
    tag_key = tag_keys.get(ticket.kid)
    if tag_key is None:
        raise TicketRefused
    stem_end = HEAD_BYTES - TAG_BYTES
    if not hmac.compare_digest(_tag(tag_key, ticket.raw[:stem_end]), ticket.raw[stem_end:HEAD_BYTES]):
        raise TicketRefused
    return ticket


def verify_offline(
    text: str,
    public_keys: Mapping[int, Ed25519PublicKey],
    now: datetime,
    audience: str | int | None,
    *,
    hosts: Collection[str] = (),
) -> Ticket:
    """Check text, expiry, audience and the signature with public keys alone. `revocation.py` tells the revoked ones."""
    ticket = _current(text, now, audience, hosts)
    public_key = public_keys.get(ticket.kid)
    if public_key is None:
        raise TicketRefused
    try:
        public_key.verify(ticket.signature, ticket.signed)
    except InvalidSignature:
        raise TicketRefused from None
    return ticket


def _current(text: str, now: datetime, audience: str | int | None, hosts: Collection[str]) -> Ticket:
    """A well-formed ticket that is neither expired nor someone else's. An audience of None takes any carrier's."""
    ticket = parse(text, hosts=hosts)
    wanted = carrier_code(audience) if isinstance(audience, str) else audience
    if now.timestamp() >= ticket.until or (wanted is not None and wanted != ticket.audience):
        raise TicketRefused
    return ticket
