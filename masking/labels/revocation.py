"""The list of revoked tickets that an offline reader carries: signed, dated, five bytes a ticket.

A ticket's id starts with eight random bytes; five of them find it. Among 10,000 revoked tickets an honest one is taken
for revoked once in a hundred million scans, and then only sent online. Expired tickets need no entry. Knows no store.

    ver 1 | kid 1 | issued 4 | good until 4 | count 4 | count x 5, ascending | Ed25519 64      times in seconds since 2024-01-01Z
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from masking.errors import VeilwayError
from masking.labels.ticket import EPOCH, Ticket, TicketSigner

VERSION = 1
DOMAIN = b"veilway/revoked/v1\x00"
HEAD, ENTRY, SIGNATURE = 14, 5, 64


class RevocationListRefused(VeilwayError):
    """A list that is forged, cut or stale. The reader then works online only."""

    code = "revocation_list_refused"


@dataclass(frozen=True, slots=True)
class RevocationList:
    """A verified list. Ask it with `in`."""

    issued: datetime
    good_until: datetime
    entries: tuple[bytes, ...]

    def __contains__(self, ticket: Ticket) -> bool:
        entry = ticket.id[:ENTRY]
        at = bisect_left(self.entries, entry)
        return at < len(self.entries) and self.entries[at] == entry


def pack(signer: TicketSigner, ids: Iterable[bytes], *, issued: datetime, good_until: datetime) -> bytes:
    """The signed list of these ticket ids."""
    entries = sorted({bytes(ticket_id[:ENTRY]) for ticket_id in ids})
    head = bytes((VERSION, signer.kid)) + _seconds(issued) + _seconds(good_until) + len(entries).to_bytes(4, "big")
    body = head + b"".join(entries)
    return body + signer.private_key.sign(DOMAIN + body)


def unpack(raw: bytes, public_keys: Mapping[int, Ed25519PublicKey], now: datetime) -> RevocationList:
    """Verify signature, shape and freshness, or raise `RevocationListRefused`."""
    body, signature = raw[:-SIGNATURE], raw[-SIGNATURE:]
    count = int.from_bytes(body[10:HEAD], "big")
    if len(body) != HEAD + ENTRY * count or len(body) < HEAD or body[0] != VERSION:
        raise RevocationListRefused("The list of revoked tickets is damaged.")
    public_key = public_keys.get(body[1])
    if public_key is None:
        raise RevocationListRefused("The list of revoked tickets is signed with an unknown key.")
    try:
        public_key.verify(signature, DOMAIN + body)
    except InvalidSignature:
        raise RevocationListRefused("The list of revoked tickets is not ours.") from None
    issued, good_until = _moment(body[2:6]), _moment(body[6:10])
    if now >= good_until:
        raise RevocationListRefused("The list of revoked tickets is stale; fetch a new one.")
    return RevocationList(issued, good_until, tuple(body[at : at + ENTRY] for at in range(HEAD, len(body), ENTRY)))


def _seconds(moment: datetime) -> bytes:
    return int((moment - EPOCH).total_seconds()).to_bytes(4, "big")


def _moment(raw: bytes) -> datetime:
    return EPOCH + timedelta(seconds=int.from_bytes(raw, "big"))
