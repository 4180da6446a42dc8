"""The same order again: one order is one shipment, however often and however fast it is sent.

A document that equals the first (credentials, timestamp, request id and signature left out) gets the first answer byte for byte
and books nothing. While the first is in flight it waits, then is told 409 with Retry-After. Another document under the same
reference is 409 for as long as the first may be at the carrier; after a definite no it is a new attempt. What is in doubt is
looked up, never sent again blindly.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from dataclasses import replace
from datetime import timedelta

import msgspec
from sqlalchemy import Connection

from carriers.profile import CarrierProfile, Operation
from carriers.wire import WireRequest
from gateway.flows.forward import ForwardOrder
from gateway.flows.order_steps import FrontAnswer, Incoming, OrderRefused
from gateway.flows.settle import NEVER_BOOKED, Settle
from gateway.identity import Shop
from gateway.service import Service
from gateway.store import reads
from gateway.store.errors import Conflict
from gateway.store.unit import Unit
from gateway.upstream import Route
from masking.disclosure import Record, disclose_answer
from masking.policy import Audience, Occasion, Reader
from masking.stage import Stage

RECENT = 200_000  # references remembered, so that most retries are read first and not tried as new orders


class OncePerOrder:
    """The front of the create path: lets the first through and answers every other."""

    def __init__(self, service: Service, forward: ForwardOrder, settle: Settle) -> None:
        self._service = service
        self._forward = forward
        self._settle = settle
        self._flying: dict[bytes, asyncio.Event | None] = {}
        """Orders under way, by reference; the event of those that somebody waits for."""
        self._recent: OrderedDict[bytes, None] = OrderedDict()

    async def run(
        self, shop: Shop, profile: CarrierProfile, route: Route, operation: Operation, request: WireRequest, key: str
    ) -> FrontAnswer:
        """Forward an order, once."""
        order = Incoming(shop, profile, route, operation, request, key)
        await self._forward.incoming(order)
        ref = order.ref
        if ref is None:
            return replace(await self._forward.book(order), idempotent=False)
        if ref in self._flying:
            await self._wait_for_first(ref)
        self._flying[ref] = None
        try:
            if ref not in self._recent:
                try:
                    return await self._forward.book(order)
                except Conflict:
                    # Stored by an earlier process: read it. Its veiling is spent, so the document is opened anew.
                    await self._forward.incoming(order)
            try:
                return await self._again(order, ref)
            except Conflict:
                message = "another process is booking this order at this moment"
                raise OrderRefused(message, code="order_in_flight") from None
        finally:
            self._remember(ref)
            if landed := self._flying.pop(ref):
                landed.set()

    async def _wait_for_first(self, ref: bytes) -> None:
        deadline = asyncio.get_running_loop().time() + self._service.settings.inflight_wait.total_seconds()
        while ref in self._flying:
            landed = self._flying[ref] = self._flying[ref] or asyncio.Event()
            try:
                async with asyncio.timeout_at(deadline):
                    await landed.wait()
            except TimeoutError:
                message = "the first request with this reference is still under way"
                raise OrderRefused(message, code="order_in_flight") from None

    def _remember(self, ref: bytes) -> None:
        self._recent[ref] = None
        if len(self._recent) > RECENT:
            self._recent.popitem(last=False)

    # -- what is stored already

    async def _again(self, order: Incoming, ref: bytes) -> FrontAnswer:
        found = await self._service.database.read(lambda connection: _stored(connection, order, ref))
        if found is None:
            return await self._forward.book(order)
        first, outcome, record = found
        if record is None:
            raise OrderRefused("this order was erased", code="shipment_erased", shipment=first.id)
        if outcome is None or outcome.status == "unknown":
            outcome = await self._asked(order, first, outcome)
        self._still_open(order, first, outcome)
        if outcome.status in NEVER_BOOKED:
            order.attempt = first.attempt + 1
            return await self._forward.book(order)
        if first.document != order.document:
            message = "an order with this reference and another document is stored"
            raise OrderRefused(message, code="reference_conflict", shipment=first.id)
        return await self._replay(first, outcome, record)

    def _still_open(self, order: Incoming, first: reads.ShipmentRow, outcome: reads.Outcome) -> None:
        """What the carrier was found not to have is open to a retry for a time: later, the shop may long have gone elsewhere."""
        window: timedelta = self._service.settings.retry_window
        age = order.now.timestamp() * 1000 - first.created_at
        if outcome.status == "absent" and age > window.total_seconds() * 1000:
            raise OrderRefused(
                "the carrier never booked this order, and its retry window is over",
                code="order_unknown",
                shipment=first.id,
            )

    async def _asked(self, order: Incoming, first: reads.ShipmentRow, outcome: reads.Outcome | None) -> reads.Outcome:
        """The order is pending or unknown: another process may be at work; else the carrier is asked."""
        service = self._service
        age = order.now.timestamp() * 1000 - first.created_at
        if outcome is None and age < service.settings.carrier_timeout.total_seconds() * 2000:
            raise OrderRefused(
                "the first request with this reference is still under way", code="order_in_flight", shipment=first.id
            )
        finding = await self._settle.ask(first, outcome)
        if finding.status == "unknown":
            message = f"whether the carrier booked order {first.id} is not known; `veilway shipment resolve` closes it"
            raise OrderRefused(message, code="order_unknown", shipment=first.id)
        stored = await service.database.read(lambda connection: reads.outcome(connection, first.id))
        if stored is None:
            raise OrderRefused("the order's state could not be read", code="order_unknown", shipment=first.id)
        return stored

    async def _replay(self, first: reads.ShipmentRow, outcome: reads.Outcome, record: reads.VaultRow) -> FrontAnswer:
        if outcome.answer is None:
            message = f"the carrier booked this order as {outcome.waybill}; its first answer was lost with a crash or a timeout"
            raise OrderRefused(message, code="already_booked", shipment=first.id)
        told = disclose_answer(
            Record(first.tenant, first.id, record.wrapped, {"answer": outcome.answer}),
            keyring=self._service.keys.keyring,
            policy=self._service.policy,
            audience=Audience(Reader.SHOP, f"shop:{first.tenant}"),
            occasion=Occasion(Stage.CREATED, self._service.clock(), own=True, purpose="retry"),
        )
        await self._service.commit(Unit(entries=[told.entry]))
        status, content_type, body = msgspec.msgpack.decode(told.view, type=tuple[int, str, bytes])
        return FrontAnswer(status, content_type, body, first.id, replayed=True)


def _stored(
    connection: Connection, order: Incoming, ref: bytes
) -> tuple[reads.ShipmentRow, reads.Outcome | None, reads.VaultRow | None] | None:
    first = reads.shipment_by_ref(connection, order.shop.id, order.profile.id, ref)
    if first is None:
        return None
    return first, reads.outcome(connection, first.id), reads.sealed(connection, first.id)
