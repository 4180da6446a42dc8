"""The public keys that carriers sign their couriers' tokens with: given as a document, or fetched from an address and cached.

Knows addresses and key sets; judges no token. What cannot be fetched is not there: after an hour without an answer a cached set
is forgotten, and its tokens are refused.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import aiohttp

from gateway.logs import log
from masking.carrier_token import JwksInvalid, KeySet

FRESH, STALE = 600.0, 3600.0
ANEW = 60.0  # an unknown key id asks again this soon at most: a carrier rotates keys, a forger makes up ids
LONGEST = 256 * 1024
NO_KEYS = KeySet({})


@dataclass(slots=True)
class _Held:
    keys: KeySet
    fetched: float
    tried: float


class CarrierKeys:
    """The key sets of one process."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._given: dict[str, KeySet] = {}
        self._held: dict[str, _Held] = {}
        self._turn = asyncio.Lock()

    async def of(self, jwks: Any, *, anew: bool = False) -> KeySet:
        """The keys of a document or an address. `anew` where a token names a key that is not among them."""
        if not isinstance(jwks, str):
            return self._document(jwks)
        held, now = self._held.get(jwks), self._clock()
        if held is None or now - held.tried >= (ANEW if anew else FRESH):
            async with self._turn:
                held = self._held.get(jwks)
                if held is None or self._clock() - held.tried >= (ANEW if anew else FRESH):
                    held = await self._fetched(jwks, held)
        return held.keys if self._clock() - held.fetched < STALE else NO_KEYS

    def _document(self, jwks: Any) -> KeySet:
        text = json.dumps(jwks, sort_keys=True)
        if text not in self._given:
            self._given[text] = KeySet.from_jwks(jwks)
        return self._given[text]

    async def _fetched(self, address: str, held: _Held | None) -> _Held:
        now = self._clock()
        try:
            held = _Held(KeySet.from_jwks(await _document_at(address)), now, now)
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError, JwksInvalid) as error:
            log.warning("jwks.failed", error=type(error).__name__)
            held = _Held(held.keys, held.fetched, now) if held else _Held(NO_KEYS, now, now)
        self._held[address] = held
        return held


async def _document_at(address: str) -> dict[str, Any]:
    timeout = aiohttp.ClientTimeout(total=5)
    async with (
        aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar(), trust_env=False, timeout=timeout) as http,
        http.get(address, allow_redirects=False) as reply,
    ):
        body = await reply.content.read(LONGEST + 1)
        if reply.status != 200 or len(body) > LONGEST:
            raise ValueError
        document = json.loads(body)
    if not isinstance(document, dict):
        raise ValueError
    return document
