"""Who speaks: credential -> Shop or Courier, cached. Knows digests of credentials; decides nothing about scopes.

A miss costs one read; a revocation reaches every process within a second, because with a shared store the cache is dropped
twice a second, and with the embedded one all changes pass through this very process (`forget`).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from gateway.ids import COURIER_TOKEN, SHOP_KEY, key_digest
from gateway.secrets_box import open_secrets
from gateway.store import reads
from gateway.store.database import Database
from masking.errors import VeilwayError
from masking.keyring import Keyring

CACHE_LIMIT = 50_000
T = TypeVar("T")


class Unauthenticated(VeilwayError):
    """No credential, or none that is known; the two are not told apart."""

    code = "unauthenticated"


@dataclass(frozen=True, slots=True)
class Shop:
    """A shop, the tenant of everything it ships."""

    id: str
    hotline: str = ""


@dataclass(frozen=True, slots=True)
class Courier:
    """A courier's account: whose parcels (carrier), which leg (role), where (station)."""

    id: str
    carrier: str
    role: str
    station: str = ""
    phone: str = field(default="", repr=False)
    device_key: str = ""
    expires_at: int | None = None


class Identity:
    """Credential look-ups of one process."""

    def __init__(
        self, database: Database, keyring: Keyring, *, shared: bool, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._database = database
        self._keyring = keyring
        self._ttl = 0.5 if shared else float("inf")
        self._clock = clock
        self._born = clock()
        self._shops: dict[str, Shop] = {}
        self._couriers: dict[str, Courier] = {}

    def forget(self) -> None:
        """Drop what is cached: a key was added, revoked or suspended."""
        self._shops.clear()
        self._couriers.clear()
        self._born = self._clock()

    def _age(self) -> None:
        if self._clock() - self._born > self._ttl or len(self._shops) + len(self._couriers) > CACHE_LIMIT:
            self.forget()

    async def shop(self, key: str) -> Shop:
        """The shop of a Veilway key (`vw_…`). Raises `Unauthenticated`."""
        self._age()
        found = self._shops.get(key)
        if found is None:
            if not key.startswith(SHOP_KEY):
                raise Unauthenticated("a Veilway key is needed")
            row = await self._database.read(lambda connection: reads.shop_by_key(connection, key_digest(key)))
            if row is None:
                raise Unauthenticated("a Veilway key is needed")
            found = self._shops[key] = Shop(*row)
        return found

    async def courier(self, token: str, now_ms: int) -> Courier:
        """The courier of a token (`vc_…`). Raises `Unauthenticated`."""
        self._age()
        found = self._couriers.get(token)
        if found is None:
            if not token.startswith(COURIER_TOKEN):
                raise Unauthenticated("a courier's token is needed", code="courier_unauthenticated")
            row = await self._database.read(lambda connection: reads.courier_by_token(connection, key_digest(token)))
            if row is None:
                raise Unauthenticated("a courier's token is needed", code="courier_unauthenticated")
            id, carrier, role, station, sealed, *rest = row
            phone = open_secrets(self._keyring, id, sealed)["phone"] if sealed else ""
            found = self._couriers[token] = Courier(id, carrier, role, station, phone, *rest)
        if found.expires_at is not None and now_ms >= found.expires_at:
            raise Unauthenticated("a courier's token is needed", code="courier_unauthenticated")
        return found


def bearer(authorization: str) -> str:
    """The token of an `Authorization: Bearer` header, or an empty string."""
    scheme, _, token = authorization.partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""
