"""An order: the carrier's own create call, masked, made durable, sent, answered. Down once, back once.

1 open and claim · 2 lease relay numbers in memory · 3 veil, guard, seal · **commit one** (record, binding, order, audit), and the
signature meanwhile · 4 send those bytes · 5 rewrite the answer · **commit two** (waybill, kept answer, audit) · 6 reply.

A carrier hears of an order after commit one, a shop gets its answer after commit two. One order is one shipment: what a retry
meets is in `again.py`. Steps that never wait are taken in line with the other orders under way (`gateway/turns.py`), and what an order
does not need on the far side of a wait is let go before it: dozens of documents that lie idle push each other out of the cache.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from time import perf_counter
from typing import NoReturn

from carriers.answer import Answer
from carriers.errors import CarrierRefusal
from carriers.order import OpenOrder
from carriers.wire import WireReply
from gateway.flows.agreement import check_agreement
from gateway.flows.artwork import WITHHOLD, Terms, police
from gateway.flows.carrier_label import address
from gateway.flows.order_steps import (
    Booking,
    FrontAnswer,
    Incoming,
    OrderRefused,
    OrderSteps,
    StillPlain,
    is_doubtful,
    unsent,
)
from gateway.flows.own_label import own_label
from gateway.flows.print_label import PrintLabel
from gateway.flows.relays import Relays
from gateway.flows.settle import NEVER_BOOKED
from gateway.identity import Shop
from gateway.ids import new_id
from gateway.logs import log
from gateway.service import Service
from gateway.store.errors import StoreError
from gateway.store.unit import Unit
from gateway.turns import Line
from gateway.upstream import ENFORCE, CarrierFault, Route
from masking.guard import Hit


class ForwardOrder:
    """The create path."""

    def __init__(self, service: Service, relays: Relays, printing: PrintLabel) -> None:
        self._service = service
        self._relays = relays
        self._printing = printing
        self._steps = steps = OrderSteps(service, relays)
        self._arriving = Line[Incoming](steps.open, steps.recognise)
        self._leaving = Line[Booking](steps.veil, steps.look, steps.seal, steps.unit_one)
        self._returning = Line[Booking](steps.rewrite, steps.close_plain)

    async def incoming(self, order: Incoming) -> None:
        """Open and claim one order."""
        await self._arriving.take(order)

    async def book(self, order: Incoming) -> FrontAnswer:
        """Veil, store, send, store, answer. Raises `Conflict` where this attempt's reference is stored already."""
        if self._service.policy.terms:
            await check_agreement(self._service, order.shop, order.route, order.opened, order.now)
        token = None if order.profile.token is None else await self._token(order)
        shipment = new_id("shp", order.ms)
        parties = order.opened.parties if order.route.mode == ENFORCE else {}
        returning = order.operation.effect == "return"
        book = await self._relays.for_order(
            order.shop, order.profile.id, shipment, parties, order.now, returning=returning
        )
        booking = Booking(order, shipment, book, token)
        try:
            await self._leaving.take(booking)
        except StillPlain as found:
            self._relays.give_up(book, order.now)
            await refuse_hits(self._service, order.shop, order.opened, found.hits)
        except BaseException:
            self._relays.give_up(book, order.now)
            raise
        try:
            await self._service.commit(booking.unit, partial(self._steps.sign_and_let_go, booking))
        except Exception:
            # Not on a cancellation: the unit is queued and will be written, so its slot is taken.
            self._relays.give_up(book, order.now)
            raise
        return await self._send(booking)

    async def _token(self, order: Incoming) -> str | None:
        try:
            return await self._service.token(order.profile, order.route)
        except (CarrierFault, CarrierRefusal) as error:
            raise unsent(error) from None

    async def _send(self, booking: Booking) -> FrontAnswer:
        booking.reply = await self._exchange(booking)
        await self._returning.take(booking)
        front = booking.front or await self._judge(booking, booking.answer)
        try:
            await self._write(booking)
        except StoreError as error:
            # The carrier may have booked and the waybill is not on disk: the shop must not be told yet.
            message = f"the carrier's answer could not be stored; order {booking.shipment} is looked up when the store is back"
            raise OrderRefused(message, code=error.code, shipment=booking.shipment) from None
        return front

    async def _judge(self, booking: Booking, answer: Answer) -> FrontAnswer:
        """An answer that is not plain: nobody can read it, or there are labels in it."""
        if is_doubtful(answer):
            await self._settle(booking, "unknown", code=answer.error_code)
            raise OrderRefused(
                f"the carrier's answer cannot be read; order {booking.shipment} is unknown until it is looked up or resolved",
                code="carrier_garbage",
                shipment=booking.shipment,
            )
        withheld = await self._police(booking, answer) if booking.order.route.mode == ENFORCE else 0
        return self._steps.close(booking, withheld)

    async def _police(self, booking: Booking, answer: Answer) -> int:
        order, shipment = booking.order, booking.shipment
        terms = label_terms(self._service, order.route, order.operation.manner.last_mile, shipment)
        if answer.waybill:
            tenant, code = order.shop.id, answer.routing_code
            own = own_label(self._printing, tenant=tenant, shipment=shipment, waybill=answer.waybill, routing_code=code)
            terms = replace(terms, own=own)
        return await police(answer, booking.parties, terms)

    async def _exchange(self, booking: Booking) -> WireReply:
        service, order = self._service, booking.order
        if (why := booking.unsigned) is not None:
            refusal = unsent(why, booking.shipment) if isinstance(why, CarrierRefusal) else None
            await self._settle(booking, "not_sent", code=refusal.code if refusal else "internal")
            raise refusal or why
        started = perf_counter()
        try:
            reply = await service.upstream.send(order.route, booking.wire, order.operation.host)
        except CarrierFault as error:
            await self._settle(booking, "unknown" if error.sent else "not_sent", code=error.code)
            state = "is unknown until it is looked up or resolved" if error.sent else "was not sent"
            raise OrderRefused(
                f"{error}; order {booking.shipment} {state}", code=error.code, shipment=booking.shipment
            ) from None
        finally:
            service.metrics.hop(order.profile.id, perf_counter() - started)
        if reply.status == 401:
            service.tokens.forget(order.profile.id)
        return reply

    async def _settle(self, booking: Booking, status: str, *, code: str) -> None:
        self._steps.unit_two(booking, status, code)
        await self._write(booking)

    async def _write(self, booking: Booking) -> None:
        """Commit two."""
        service, carrier, status = self._service, booking.order.profile.id, booking.status
        await service.commit(booking.unit, booking.let_go)
        if status in NEVER_BOOKED:
            self._relays.give_up(booking.book, service.clock())
        service.metrics.order(carrier, status)
        log.debug("order.settled", shipment=booking.shipment, carrier=carrier, status=status)


def label_terms(service: Service, route: Route, last_mile: str, shipment: str) -> Terms:
    """What becomes of the carrier's labels for a shipment; an empty id is a call that speaks of none of ours."""
    url = service.settings.public_url
    return Terms(
        by_label=(route.options.get("last_mile") or last_mile) == "label",
        unread=str(route.options.get("label_artwork") or WITHHOLD),
        own_url=f"{url}/v1/shipments/{shipment}/label?format=pdf" if url and shipment else "",
        theirs=partial(address, service, shipment) if shipment else None,
    )


async def refuse_hits(service: Service, shop: Shop, opened: OpenOrder, hits: list[Hit]) -> NoReturn:
    """A hit is on record, and the order refused with `guard_hit`, naming the kinds and never the values."""
    for hit in hits:
        service.metrics.guard_hits.labels(hit.kind.value).inc()
    kinds = sorted({hit.kind.value for hit in hits})
    detail = {"carrier": opened.operation.manner.carrier, "operation": opened.operation.name, "kinds": kinds}
    entry = service.record("order.guard_hit", tenant=shop.id, actor=f"shop:{shop.id}", detail=detail)
    await service.commit(Unit(entries=[entry]))
    message = f"after masking, the document still holds a plain value ({', '.join(kinds)}); nothing was sent"
    raise OrderRefused(message, code="guard_hit")
