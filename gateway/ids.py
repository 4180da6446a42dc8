"""Names for things: ids that say nothing, keys that scanners can find. Knows randomness and the clock handed in."""

from __future__ import annotations

import hashlib
import os
import secrets
import zlib

SHOP_KEY = "vw_"
COURIER_TOKEN = "vc_"  # noqa: S105 - the prefix, not a token


def new_id(kind: str, now_ms: int) -> str:
    """`kind_` and 128 bits in hex: 48 of the millisecond, so that B-trees append, and 80 random, so that none is guessed."""
    return f"{kind}_{now_ms:012x}{_random.hex(10)}"


class _Random:
    """Random bytes of the system's generator, drawn a block at a time: the call into the kernel is the dear part of a draw."""

    BLOCK = 4096

    def __init__(self) -> None:
        self.forget()
        # A child that drew from its parent's block would make its parent's ids.
        os.register_at_fork(after_in_child=self.forget)

    def forget(self) -> None:
        self._block, self._given = "", 0

    def hex(self, count: int) -> str:
        """`count` bytes in hex, never given out before."""
        begin = self._given
        end = self._given = begin + 2 * count
        if end > len(self._block):
            self._block, begin = secrets.token_hex(self.BLOCK), 0
            end = self._given = 2 * count
        return self._block[begin:end]


_random = _Random()


def new_key(prefix: str) -> str:
    """A bearer secret: prefix, 160 random bits, and a checksum, so that a leak is told from a look-alike."""
    body = secrets.token_hex(20)
    return f"{prefix}{body}{zlib.crc32(body.encode()):08x}"


def key_digest(key: str) -> bytes:
    """What is stored of a bearer secret of 160 random bits; a plain SHA-256 cannot be searched."""
    return hashlib.sha256(key.encode()).digest()
