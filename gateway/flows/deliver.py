"""Pushes to shops, from a durable outbox: what became of a shipment, signed as Standard Webhooks, until the shop takes it.

An event stands in the same transaction as what it tells of. It is sent at least once (the id is the receiver's idempotency
key), with growing pauses over three days; what is refused to the end is a dead letter, kept and counted, never dropped. No
event holds a personal value: ids, waybill, stage, status.
"""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import aiohttp
from sqlalchemy import Connection, select, update
from standardwebhooks.webhooks import Webhook

from gateway.ids import new_id
from gateway.logs import log
from gateway.secrets_box import open_secrets
from gateway.service import Service
from gateway.store.errors import StoreError
from gateway.store.tables import outbox, shops
from gateway.store.unit import Unit

PAUSES = (5, 30, 120, 600, 1800, 3600, 7200, 14400, 28800, 57600, 86400)  # seconds before each further try: three days
AT_ONCE = 50
ANSWER_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class _Due:
    id: str
    tenant: str
    event: str
    attempts: int
    url: str
    secret: bytes | None


def put(unit: Unit, *, tenant: str, shipment: str, type: str, now: datetime, **data: Any) -> None:
    """Add an event for the shop to the unit of whatever it tells of."""
    ms = int(now.timestamp() * 1000)
    event = {"type": type, "timestamp": now.astimezone(UTC).isoformat(), "data": {"shipment": shipment, **data}}
    unit.add(outbox, new_id("evt", ms), tenant, shipment, json.dumps(event, ensure_ascii=False), 0, ms, "waiting")


class Deliver:
    """The outbox's task."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._turn = asyncio.Lock()

    async def once(self) -> int:
        """Try everything that is due; gives how many were tried. Two at a time would send an event twice."""
        async with self._turn:
            return await self._once()

    async def _once(self) -> int:
        due = await self._service.database.read(self._due)
        unwanted = [event.id for event in due if not event.url or event.secret is None]
        if unwanted:
            await self._service.database.write(lambda connection: _drop(connection, unwanted))
        async with aiohttp.ClientSession(
            cookie_jar=aiohttp.DummyCookieJar(), trust_env=False, timeout=aiohttp.ClientTimeout(total=ANSWER_SECONDS)
        ) as http:
            for event in due:
                if event.url and event.secret is not None:
                    await self._settle(event, await self._send(http, event, event.secret))
        return len(due)

    def _due(self, connection: Connection) -> list[_Due]:
        now = int(self._service.clock().timestamp() * 1000)
        rows = connection.execute(
            select(outbox, shops.c.webhook_url, shops.c.webhook_secret)
            .join(shops, shops.c.id == outbox.c.tenant)
            .where(outbox.c.state == "waiting", outbox.c.next_at <= now)
            .order_by(outbox.c.id)
            .limit(AT_ONCE)
        )
        return [_Due(r.id, r.tenant, r.event, r.attempts, r.webhook_url, r.webhook_secret) for r in rows]

    async def _send(self, http: aiohttp.ClientSession, event: _Due, sealed: bytes) -> bool:
        """Whether the shop took it."""
        secret = open_secrets(self._service.keys.keyring, event.tenant, bytes(sealed))["webhook"]
        now = self._service.clock()
        headers = {
            "webhook-id": event.id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": Webhook(secret).sign(event.id, now, event.event),
            "Content-Type": "application/json",
        }
        try:
            async with http.post(event.url, data=event.event.encode(), headers=headers, allow_redirects=False) as reply:
                return 200 <= reply.status < 300
        except (aiohttp.ClientError, TimeoutError, OSError):
            return False

    async def _settle(self, event: _Due, taken: bool) -> None:
        values: dict[str, Any] = {"state": "delivered"}
        if not taken:
            last = event.attempts + 1 >= len(PAUSES)
            pause = PAUSES[min(event.attempts, len(PAUSES) - 1)]
            next_at = int((self._service.clock().timestamp() + pause) * 1000)
            values = {"state": "dead" if last else "waiting", "next_at": next_at}
            if last:
                log.warning("webhook.dead", shop=event.tenant)
        values["attempts"] = event.attempts + 1
        await self._service.database.write(
            lambda connection: connection.execute(update(outbox).where(outbox.c.id == event.id).values(**values))
        )

    async def run(self) -> None:
        """Deliver until cancelled."""
        while True:
            tried = 0
            with suppress(StoreError):
                tried = await self.once()
            if tried < AT_ONCE:
                await asyncio.sleep(1)


def _drop(connection: Connection, ids: list[str]) -> None:
    """Shops that want no events: settled together, for a transaction each would cost more than the scans they tell of."""
    values = {"state": "unwanted", "attempts": outbox.c.attempts + 1}
    connection.execute(update(outbox).where(outbox.c.id.in_(ids)).values(**values))
