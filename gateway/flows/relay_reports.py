"""What providers report of calls and messages: kept once however often it comes, folded into records, told to the shop that pays.

Reports hold no real number (`virtual_numbers.events`). Minutes and cost per shipment, shop and carrier come from the same rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection

from gateway.service import Service
from gateway.store import relay_reads
from gateway.store.tables import relay_events
from gateway.store.unit import Unit
from virtual_numbers.events import CallRecord, Event, Tariff, Usage, fold, usage

NOBODY = ("", "", "")


class RelayReports:
    """Take reports; sum them up."""

    def __init__(self, service: Service) -> None:
        self._service = service

    async def take(self, events: list[Event]) -> None:
        """Make reports durable. The provider is thanked only after this returns."""
        if not events:
            return

        def whose(connection: Connection) -> list[str]:
            return [(_payer(connection, event, event.at) or NOBODY)[0] for event in events]

        tenants = await self._service.database.read(whose)
        unit = Unit()
        for event, tenant in zip(events, tenants, strict=True):
            answered = None if event.answered_at is None else int(event.answered_at.timestamp() * 1000)
            unit.add(
                relay_events, event.provider, event.call, event.kind.value, tenant, event.x, event.ext, event.binding,
                event.direction.value, event.outcome.value, answered, int(event.at.timestamp() * 1000),
            )  # fmt: skip
        await self._service.commit(unit)

    async def summary(
        self, since: datetime, tariffs: Mapping[str, Tariff], *, shop: str | None = None
    ) -> list[dict[str, Any]]:
        """Calls, minutes, messages and cost by shop, shipment and carrier since a moment; of one shop where `shop` names it.

        `tariffs` by provider.
        """
        ms = int(since.timestamp() * 1000)

        def read(connection: Connection) -> list[dict[str, Any]]:
            records: dict[tuple[str, str], CallRecord] = {}
            for event in relay_reads.events(connection, ms, shop):
                key = event.provider, event.call
                records[key] = fold(records.get(key), event)

            def payer(record: CallRecord) -> tuple[str, str, str]:
                at = record.started_at or record.answered_at or record.ended_at or since
                return _payer(connection, record, at) or NOBODY

            sums = usage(records.values(), tariffs, payer)
            return [
                {"shop": tenant, "shipment": shipment, "carrier": carrier, **_plain(total)}
                for (tenant, shipment, carrier), total in sorted(sums.items())
                if shop in (None, tenant)
            ]

        return await self._service.database.read(read)


def _payer(connection: Connection, told: Event | CallRecord, at: datetime) -> tuple[str, str, str] | None:
    return relay_reads.payer(connection, told.binding, told.x, told.ext, int(at.timestamp() * 1000))


def _plain(total: Usage) -> dict[str, Any]:
    return {
        f.name: str(value) if isinstance(value := getattr(total, f.name), Decimal) else value for f in fields(total)
    }
