"""What providers report of calls and messages: kept once however often it comes, folded into records, told to the shop that pays.

Reports hold no real number (`virtual_numbers.events`). Minutes and cost per shipment, shop and carrier come from the same rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection

from gateway.flows.deliver import put
from gateway.service import Service
from gateway.store import push_reads, relay_reads
from gateway.store.tables import relay_events
from gateway.store.unit import Unit
from virtual_numbers.events import CallRecord, Event, Kind, Tariff, Usage, document, fold, usage

NOBODY = ("", "", "")
OVER = frozenset({Kind.ENDED, Kind.BLOCKED, Kind.MESSAGE, Kind.MESSAGE_BLOCKED})
TOLD = (
    "call", "direction", "outcome", "blocked", "started_at", "answered_at", "ended_at", "seconds", "minutes",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Known:
    """What the store knows of one report."""

    payer: tuple[str, str, str]
    over: CallRecord | None
    """Its call as far as it is known, where this report ends it, for the first time, and a shop pays for it."""


class RelayReports:
    """Take reports; sum them up."""

    def __init__(self, service: Service) -> None:
        self._service = service

    async def take(self, events: list[Event]) -> None:
        """Make reports durable. The provider is thanked only after this returns."""
        if not events:
            return

        known = await self._service.database.read(lambda connection: _known(connection, events))
        unit, now = Unit(), self._service.clock()
        for event, one in zip(events, known, strict=True):
            answered = None if event.answered_at is None else int(event.answered_at.timestamp() * 1000)
            unit.add(
                relay_events, event.provider, event.call, event.kind.value, one.payer[0], event.x, event.ext, event.binding,
                event.direction.value, event.outcome.value, answered, int(event.at.timestamp() * 1000),
            )  # fmt: skip
            if one.over is not None:
                self._tell(unit, one, one.over, now)
        await self._service.commit(unit)

    def _tell(self, unit: Unit, known: _Known, record: CallRecord, now: datetime) -> None:
        """The shop hears of a call or a message once it is over; not through which number, which would name a dial string."""
        tenant, shipment, carrier = known.payer
        shown = document(record)
        told = {name: shown[name] for name in TOLD if name in shown}
        put(unit, tenant=tenant, shipment=shipment, type=shown["type"], now=now, carrier=carrier, **told)

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


def _known(connection: Connection, events: list[Event]) -> list[_Known]:
    """Each report's payer; and the calls that end with them."""
    found, seen = [], set()
    for event in events:
        stored = relay_reads.events_of(connection, event.provider, event.call) if event.kind in OVER else []
        again = event.key in seen or any(one.kind is event.kind for one in stored)
        seen.add(event.key)
        record: CallRecord | None = None
        for one in [*stored, *(one for one in events if (one.provider, one.call) == (event.provider, event.call))]:
            record = fold(record, one)
        payer = _payer(connection, record or event, event.at) or NOBODY
        over = record if event.kind in OVER and not again and payer[0] else None
        found.append(_Known(payer, over))
    return found


def _payer(connection: Connection, told: Event | CallRecord, at: datetime) -> tuple[str, str, str] | None:
    # Of a pushed binding the report names our id or the provider's own, whichever way the provider spells its X.
    if told.binding and (pushed := push_reads.payer_of_push(connection, told.binding)):
        return pushed
    return relay_reads.payer(connection, told.binding, told.x, told.ext, int(at.timestamp() * 1000))


def _plain(total: Usage) -> dict[str, Any]:
    return {
        f.name: str(value) if isinstance(value := getattr(total, f.name), Decimal) else value for f in fields(total)
    }
