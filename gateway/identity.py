"""Who speaks: credential -> Shop or Courier, cached. Knows digests of credentials; decides nothing about scopes.

A miss costs one read; a revocation reaches every process within a second, because with a shared store the cache is dropped
twice a second, and with the embedded one all changes pass through this very process (`forget`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
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
    keys: Mapping[str, str] = field(default_factory=dict, repr=False, compare=False)
    """By cipher name: what opens this request, where the shop ciphers it with a key that we issued."""


@dataclass(frozen=True, slots=True)
class Station:
    """Where a carrier's station is. What nobody entered is unknown."""

    regions: frozenset[str] = frozenset()
    """The regions that it serves (`masking/region.py`)."""
    country: str = ""


NOWHERE = Station()


@dataclass(frozen=True, slots=True)
class Courier:
    """A courier's account: whose parcels (carrier), which leg (role), where (station)."""

    id: str
    carrier: str
    role: str
    station: str = ""
    phone: str = field(default="", repr=False)
    device_key: str = ""
    """The public key that signs each request (`masking/device_proof.py`); empty until a device is enrolled."""
    expires_at: int | None = None
    enrolled_at: int = 0
    last_used_at: int | None = None
    """Known to the day: it is written once a day of use."""
    vouched: bool = False
    """Known by their carrier's signed word alone; there is no account of ours."""
    serves: Station = NOWHERE
    """What is known of their station."""


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
        self._stations: dict[tuple[str, str], Station] = {}
        self._suspended: frozenset[tuple[str, str]] | None = None

    def forget(self) -> None:
        """Drop what is cached: a key was added, revoked or suspended."""
        self._shops.clear()
        self._couriers.clear()
        self._stations.clear()
        self._suspended = None
        self._born = self._clock()

    def _held(self) -> int:
        return len(self._shops) + len(self._couriers) + len(self._stations)

    def _age(self) -> None:
        if self._clock() - self._born > self._ttl or self._held() > CACHE_LIMIT:
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

    async def courier(self, token: str) -> Courier:
        """The courier of a token (`vc_…`), whatever its date. Raises `Unauthenticated`."""
        self._age()
        found = self._couriers.get(token)
        if found is None:
            if not token.startswith(COURIER_TOKEN):
                raise no_courier()
            row = await self._database.read(lambda connection: reads.courier_by_token(connection, key_digest(token)))
            if row is None:
                raise no_courier()
            id, carrier, role, station, sealed, *rest = row
            phone = open_secrets(self._keyring, id, sealed)["phone"] if sealed else ""
            held = Courier(id, carrier, role, station, phone, *rest)
            found = self._couriers[token] = replace(held, serves=await self.station(carrier, station))
        return found

    async def station(self, carrier: str, code: str) -> Station:
        """What is known of a carrier's station."""
        self._age()
        if not code:
            return NOWHERE
        found = self._stations.get((carrier, code))
        if found is None:
            row = await self._database.read(lambda connection: reads.station(connection, carrier, code))
            found = self._stations[carrier, code] = Station(frozenset(row[0]), row[1]) if row else NOWHERE
        return found

    async def suspended(self, courier: Courier) -> bool:
        """Whether they, their station or their carrier are suspended. For couriers without an account; `courier` sees to others."""
        self._age()
        if self._suspended is None:
            self._suspended = await self._database.read(reads.suspended)
        asked = ("courier", courier.id), ("station", courier.station), ("carrier", courier.carrier)
        return any(name in self._suspended for name in asked)

    def used(self, token: str, courier: Courier, at: int) -> None:
        """Remember that the day's use is written."""
        self._couriers[token] = replace(courier, last_used_at=at)


def no_courier() -> Unauthenticated:
    """The one refusal of whoever is no courier, is one no more, or asks from elsewhere."""
    return Unauthenticated("a courier's token is needed", code="courier_unauthenticated")


def bearer(authorization: str) -> str:
    """The token of an `Authorization: Bearer` header, or an empty string."""
    scheme, _, token = authorization.partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""
