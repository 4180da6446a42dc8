"""Bearer tokens of carriers (OAuth2): fetched once for all who wait, kept until shortly before they expire. In memory only."""

from __future__ import annotations

import asyncio
import secrets as random
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta

from carriers.profile import CarrierProfile
from carriers.token import parse_token, token_request
from carriers.wire import WireReply, WireRequest

MARGIN = timedelta(seconds=60)  # a token must outlive the request that carries it
Fetch = Callable[[WireRequest], Awaitable[WireReply]]


class Tokens:
    """One live token a carrier. Keyed by carrier id alone: a route has one set of secrets."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._live: dict[str, tuple[str, datetime]] = {}
        self._locks: dict[str, asyncio.Lock] = {}

    def __repr__(self) -> str:
        return f"<Tokens {' '.join(sorted(self._live)) or 'none'}>"

    def forget(self, carrier: str) -> None:
        """The carrier refused the token, or the secrets changed."""
        self._live.pop(carrier, None)

    async def get(self, profile: CarrierProfile, secrets: Mapping[str, str], fetch: Fetch) -> str:
        """A token good for at least a minute. Single flight: a hundred waiting orders fetch once."""
        found = self._live.get(profile.id)
        if found is not None and self._clock() < found[1]:
            return found[0]
        async with self._locks.setdefault(profile.id, asyncio.Lock()):
            found = self._live.get(profile.id)
            if found is not None and self._clock() < found[1]:
                return found[0]
            reply = await fetch(token_request(profile, secrets, now=self._clock(), nonce=random.token_hex(16)))
            token, seconds = parse_token(profile, reply)
            self._live[profile.id] = (token, self._clock() + max(timedelta(seconds=seconds) - MARGIN, timedelta(0)))
            return token
