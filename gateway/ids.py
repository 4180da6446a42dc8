"""Names for things: ids that say nothing, keys that scanners can find. Knows randomness and the clock handed in."""

from __future__ import annotations

import hashlib
import secrets
import zlib

SHOP_KEY = "vw_"
COURIER_TOKEN = "vc_"  # noqa: S105 - the prefix, not a token


def new_id(kind: str, now_ms: int) -> str:
    """`kind_` and 128 bits in hex: 48 of the millisecond, so that B-trees append, and 80 random, so that none is guessed."""
    return f"{kind}_{now_ms:012x}{secrets.token_hex(10)}"


def new_key(prefix: str) -> str:
    """A bearer secret: prefix, 160 random bits, and a checksum, so that a leak is told from a look-alike."""
    body = secrets.token_hex(20)
    return f"{prefix}{body}{zlib.crc32(body.encode()):08x}"


def key_digest(key: str) -> bytes:
    """What is stored of a bearer secret of 160 random bits; a plain SHA-256 cannot be searched."""
    return hashlib.sha256(key.encode()).digest()
