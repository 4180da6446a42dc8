"""Signed checkpoints of the audit log, in the C2SP forms `tlog-checkpoint` and `signed-note`, Ed25519.

A checkpoint pins how many entries there are and what they hash to; whoever keeps one can prove any later rewriting. Knows text and
keys; knows no table, no clock and no place where checkpoints are anchored. The body's lines: origin, size, root in base64, and
one extension line, `link` and the chain's link in base64. After a blank line come signature lines; lines of others (witnesses) are
allowed and ignored.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from dataclasses import dataclass
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from masking.audit import HASH, AuditError, Chain

_ED25519 = b"\x01"  # the signature type number of signed-note
_MAX_NOTE = 16_384


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a log was at one moment."""

    origin: str
    size: int
    root: bytes
    link: bytes

    @classmethod
    def of(cls, chain: Chain) -> Checkpoint:
        """The checkpoint of a chain as it stands."""
        return cls(chain.origin, chain.size, chain.root(), chain.link)

    @property
    def body(self) -> str:
        """The text that is signed, with its final line feed."""
        return f"{self.origin}\n{self.size}\n{_text(self.root)}\nlink {_text(self.link)}\n"

    def signed(self, key: Ed25519PrivateKey) -> str:
        """The whole note: body, blank line, one signature line under the origin's name."""
        signature = key.sign(self.body.encode())
        return f"{self.body}\n— {self.origin} {_text(key_hash(self.origin, key.public_key()) + signature)}\n"


def verify_note(note: str, *, origin: str, key: Ed25519PublicKey) -> Checkpoint:
    """The checkpoint of a note whose signature by `origin` holds. Raises `audit_note_invalid` otherwise, always with that one code."""
    body, divider, signatures = note.partition("\n\n")
    if not divider or len(note) > _MAX_NOTE:
        raise _invalid("a note is a body, a blank line and signature lines")
    body += "\n"
    marked = key_hash(origin, key)
    for line in signatures.splitlines():
        signature = _signature(line, origin)
        if signature.startswith(marked) and _holds(key, signature[len(marked) :], body):
            return _parse(body, origin)
    raise _invalid("no signature of this origin and key holds")


def key_hash(name: str, key: Ed25519PublicKey) -> bytes:
    """The four bytes by which a signature line tells its key."""
    return sha256(name.encode() + b"\n" + _ED25519 + key.public_bytes_raw()).digest()[:4]


def verifier_line(name: str, key: Ed25519PublicKey) -> str:
    """The public key as `signed-note` writes it: name, key hash in hex, type and key in base64."""
    return f"{name}+{key_hash(name, key).hex()}+{_text(_ED25519 + key.public_bytes_raw())}"


def _parse(body: str, origin: str) -> Checkpoint:
    lines = body.split("\n")
    if len(lines) != 5 or lines[0] != origin or lines[4] or not lines[3].startswith("link "):
        raise _invalid("the body has not the four lines of this log")
    size = lines[1]
    if not (size.isascii() and size.isdigit()) or (size != "0" and size.startswith("0")):
        raise _invalid("the size is not a plain number")
    checkpoint = Checkpoint(origin, int(size), _hash(lines[2]), _hash(lines[3][5:]))
    if checkpoint.body != body:
        raise _invalid("the body is not written canonically")
    return checkpoint


def _signature(line: str, name: str) -> bytes:
    mark, _, rest = line.partition(" ")
    signer, _, text = rest.partition(" ")
    if mark != "—" or signer != name:
        return b""
    try:
        return b64decode(text, validate=True)
    except ValueError:
        return b""


def _holds(key: Ed25519PublicKey, signature: bytes, body: str) -> bool:
    try:
        key.verify(signature, body.encode())
    except InvalidSignature:
        return False
    return True


def _hash(text: str) -> bytes:
    try:
        found = b64decode(text, validate=True)
    except ValueError:
        raise _invalid("a hash is not base64") from None
    if len(found) != HASH:
        raise _invalid("a hash is 32 bytes")
    return found


def _text(value: bytes) -> str:
    return b64encode(value).decode()


def _invalid(message: str) -> AuditError:
    return AuditError(message, code="audit_note_invalid")
