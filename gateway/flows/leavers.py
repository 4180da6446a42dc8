"""Accounts of couriers that nobody used for `courier_idle_days` are closed: whoever left cannot come back with an old token.

The door (`courier_door.py`) refuses them from that very moment; this task makes it final and puts it on record.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import timedelta

from sqlalchemy import Connection, func, select, update

from gateway.logs import log
from gateway.service import Service
from gateway.store.errors import StoreError
from gateway.store.tables import couriers

EVERY = 3600.0
AT_ONCE = 200


class Leavers:
    """The task that closes leavers' accounts."""

    def __init__(self, service: Service) -> None:
        self._service = service

    async def once(self) -> int:
        """Close what is unused for too long; gives how many."""
        days = self._service.settings.courier_idle_days
        if not days:
            return 0
        now = self._service.clock()
        before, ms = int((now - timedelta(days=days)).timestamp() * 1000), int(now.timestamp() * 1000)
        unused = (
            couriers.c.revoked_at.is_(None),
            func.coalesce(couriers.c.last_used_at, couriers.c.created_at) <= before,
        )

        def find(connection: Connection) -> list[str]:
            return [id for (id,) in connection.execute(select(couriers.c.id).where(*unused).limit(AT_ONCE))]

        found = await self._service.database.read(find)
        if not found:
            return 0

        def close(connection: Connection) -> None:
            connection.execute(update(couriers).where(couriers.c.id.in_(found), *unused).values(revoked_at=ms))

        entries = [
            self._service.record("courier.closed_unused", tenant="", actor="service:leavers", subject=id, at=now)
            for id in found
        ]
        await self._service.change(close, *entries)
        return len(found)

    async def run(self) -> None:
        """Look every hour until cancelled."""
        while True:
            with suppress(StoreError):
                closed = await self.once()
                if closed:
                    log.info("couriers.closed", count=closed)
                if closed == AT_ONCE:
                    continue
            await asyncio.sleep(EVERY)
