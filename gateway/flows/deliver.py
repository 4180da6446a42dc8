"""Pushes to shops, from a durable outbox: what became of a shipment, signed as Standard Webhooks, until the shop takes it.

An event stands in the same transaction as what it tells of. It is sent at least once (the id is the receiver's idempotency
key), with growing pauses over more than two days; what is refused to the end is a dead letter, kept, listed and counted, never dropped.
Each shop has a queue of its own, so that one that does not answer holds up nobody else. No event holds a personal value: ids,
waybill, stage, status.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

import aiohttp
import msgspec
from sqlalchemy import Connection, or_, select, update
from standardwebhooks.webhooks import Webhook

from gateway.ids import new_id
from gateway.logs import log
from gateway.secrets_box import open_secrets
from gateway.service import Service
from gateway.store.errors import StoreError
from gateway.store.tables import outbox, shops
from gateway.store.unit import Unit
from masking.moments import iso

PAUSES = (5, 30, 120, 600, 1800, 3600, 7200, 14400, 28800, 57600, 86400)  # seconds before each further try
AT_ONCE = 50  # events taken in one go
SHOPS = 64  # that are called at a time
ANSWER_SECONDS = 10.0
LEASE_MS = 15 * 60_000
"""How long a taken event is nobody else's; one of a process that died is sent again after it. Longer than a batch can take."""
_encode = msgspec.json.Encoder().encode
NEVER = 2**62
"""When a settled event is due: out of the range that is searched, or each look would walk all that was ever sent."""


@dataclass(frozen=True, slots=True)
class _Due:
    id: str
    tenant: str
    event: str
    attempts: int


@dataclass(frozen=True, slots=True)
class _Shop:
    """Where a shop's events go. `repr` shows no secret, for it stands sealed."""

    tenant: str
    url: str
    secret: bytes


def put(unit: Unit, *, tenant: str, shipment: str, type: str, now: datetime, **data: Any) -> None:
    """Add an event for the shop to the unit of whatever it tells of."""
    ms = int(now.timestamp() * 1000)
    event = {"type": type, "timestamp": iso(now.astimezone(UTC)), "data": {"shipment": shipment, **data}}
    unit.add(outbox, new_id("evt", ms), tenant, shipment, _encode(event).decode(), 0, ms, "waiting")


class Deliver:
    """The outbox's task."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._queues: dict[str, asyncio.Task[None]] = {}
        """The shops that are being called, none by two queues at once."""

    async def once(self) -> int:
        """Try everything that is due, and wait for the end of it; gives how many were tried."""
        async with _client() as http:
            tried = await self._take(http)
            await asyncio.gather(*self._queues.values())
        return tried

    async def run(self) -> None:
        """Deliver until cancelled."""
        async with _client() as http:
            try:
                while True:
                    taken = 0
                    with suppress(StoreError):
                        taken = await self._take(http)
                    await asyncio.sleep(0 if taken == AT_ONCE else 1)
            finally:
                for queue in self._queues.values():
                    queue.cancel()

    async def _take(self, http: aiohttp.ClientSession) -> int:
        """Take what is due and let each shop's queue run beside the others'."""
        now, free = int(self._service.clock().timestamp() * 1000), SHOPS - len(self._queues)
        busy = tuple(self._queues)
        if free <= 0 or not await self._service.database.read(lambda connection: _any_due(connection, now, busy)):
            return 0
        due, wanted = await self._service.database.write(lambda connection: _taken(connection, now, busy))
        for shop in wanted:
            events = [event for event in due if event.tenant == shop.tenant]
            task = asyncio.ensure_future(self._queue(http, shop, events))
            self._queues[shop.tenant] = task
            task.add_done_callback(partial(self._forget, shop.tenant))
        return len(due)

    def _forget(self, tenant: str, task: asyncio.Task[None]) -> None:
        self._queues.pop(tenant, None)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            log.error("webhook.failed", shop=tenant, error=type(error).__name__)

    async def _queue(self, http: aiohttp.ClientSession, shop: _Shop, events: list[_Due]) -> None:
        """One shop's events, one after another. After the first that is not taken the rest waits as long as that one."""
        with suppress(StoreError):  # what cannot be written now is sent again when its lease is over
            for at, event in enumerate(events):
                taken = await self._send(http, event, shop)
                next_at = await self._settle(event, taken)
                if not taken:
                    rest = [later.id for later in events[at + 1 :]]
                    await self._service.database.write(lambda connection: _wait(connection, rest, next_at))  # noqa: B023 - awaited here
                    return

    async def _send(self, http: aiohttp.ClientSession, event: _Due, shop: _Shop) -> bool:
        """Whether the shop took it."""
        secret = open_secrets(self._service.keys.keyring, event.tenant, shop.secret)["webhook"]
        now = self._service.clock()
        headers = {
            "webhook-id": event.id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": Webhook(secret).sign(event.id, now, event.event),
            "Content-Type": "application/json",
        }
        try:
            async with http.post(shop.url, data=event.event.encode(), headers=headers, allow_redirects=False) as reply:
                return 200 <= reply.status < 300
        except (aiohttp.ClientError, TimeoutError, OSError):
            return False

    async def _settle(self, event: _Due, taken: bool) -> int:
        """Write what became of a try; gives when the next one is, in ms."""
        state, next_at = "delivered", NEVER
        if not taken:
            last = event.attempts + 1 >= len(PAUSES)
            pause = PAUSES[min(event.attempts, len(PAUSES) - 1)]
            next_at = int((self._service.clock().timestamp() + pause) * 1000)
            state = "dead" if last else "waiting"
            if last:
                log.warning("webhook.dead", shop=event.tenant)
                self._service.metrics.dead_letters.inc()
        values = {"state": state, "attempts": event.attempts + 1, "next_at": NEVER if state == "dead" else next_at}
        await self._service.database.write(
            lambda connection: connection.execute(update(outbox).where(outbox.c.id == event.id).values(**values))
        )
        return next_at


def _client() -> aiohttp.ClientSession:
    return aiohttp.ClientSession(
        cookie_jar=aiohttp.DummyCookieJar(), trust_env=False, timeout=aiohttp.ClientTimeout(total=ANSWER_SECONDS)
    )


def _due(now: int, busy: Iterable[str]) -> tuple[Any, ...]:
    return outbox.c.state == "waiting", outbox.c.next_at <= now, outbox.c.tenant.not_in(list(busy))


def _any_due(connection: Connection, now: int, busy: tuple[str, ...]) -> bool:
    return connection.execute(select(outbox.c.id).where(*_due(now, busy)).limit(1)).first() is not None


def _taken(connection: Connection, now: int, busy: tuple[str, ...]) -> tuple[list[_Due], list[_Shop]]:
    """Take events for this process alone. Events of shops that want none are settled all together: they are most of a day's."""
    unwanted = select(shops.c.id).where(or_(shops.c.webhook_url == "", shops.c.webhook_secret.is_(None)))
    connection.execute(
        update(outbox)
        .where(*_due(now, busy), outbox.c.tenant.in_(unwanted))
        .values(state="unwanted", attempts=outbox.c.attempts + 1, next_at=NEVER)
    )
    oldest = select(outbox.c.id).where(*_due(now, busy)).order_by(outbox.c.next_at, outbox.c.id).limit(AT_ONCE)
    # The conditions stand twice: a process that waited for another's rows looks at them again, and takes what is left.
    rows = connection.execute(
        update(outbox)
        .where(*_due(now, busy), outbox.c.id.in_(oldest))
        .values(next_at=now + LEASE_MS)
        .returning(outbox.c.id, outbox.c.tenant, outbox.c.event, outbox.c.attempts)
    )
    due = sorted((_Due(*row) for row in rows), key=lambda event: event.id)
    tenants = {event.tenant for event in due}
    found = connection.execute(
        select(shops.c.id, shops.c.webhook_url, shops.c.webhook_secret).where(shops.c.id.in_(tenants))
    )
    return due, [_Shop(id, url, bytes(secret)) for id, url, secret in found]


def _wait(connection: Connection, events: list[str], until: int) -> None:
    """Events that were taken and not tried: due again when the one before them is."""
    if events:
        connection.execute(update(outbox).where(outbox.c.id.in_(events)).values(next_at=until))
