"""An order: the carrier's own create call, masked, made durable, sent, answered. Down once, back once.

1 open and claim · 2 lease relay numbers in memory · 3 veil, guard, seal · **commit one** (record, binding, order, audit) ·
4 sign those bytes and send · 5 rewrite the answer · **commit two** (waybill, kept answer, audit) · 6 reply.

A carrier hears of an order after commit one, a shop gets its answer after commit two. One order is one shipment: what a retry
meets is in `again.py`.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from time import perf_counter
from typing import Any, NoReturn

import msgspec

from carriers.answer import Answer
from carriers.errors import CarrierRefusal
from carriers.order import OpenOrder, open_order
from carriers.profile import CarrierProfile, Operation
from carriers.rewrite import Veiled, finish, rewrite_answer, veil
from carriers.wire import WireReply, WireRequest
from gateway.flows.agreement import check_agreement
from gateway.flows.aliases import order_aliases
from gateway.flows.artwork import WITHHOLD, Terms, police
from gateway.flows.carrier_label import address
from gateway.flows.handles import remember
from gateway.flows.own_label import own_label
from gateway.flows.print_label import PrintLabel
from gateway.flows.relays import Book, Relays
from gateway.flows.settle import ECHOES, NEVER_BOOKED, REFERENCE
from gateway.identity import Shop
from gateway.ids import new_id
from gateway.logs import log
from gateway.service import Service
from gateway.store.errors import StoreError
from gateway.store.tables import outcomes, shipments, vault
from gateway.store.unit import Unit
from gateway.turns import Line
from gateway.upstream import ENFORCE, CarrierFault, Route
from masking.errors import VeilwayError
from masking.freetext import mask_text
from masking.guard import Guard, Hit
from masking.named import mask_named
from masking.personal import Kind, Role
from masking.record import Order, to_groups
from masking.vault import Sealed, blind_index, keyed_digest, seal


class OrderRefused(VeilwayError):
    """The order was not forwarded, or its end is not known; `shipment` names it where there is one."""

    def __init__(self, message: str, *, code: str, shipment: str = "", path: str | None = None) -> None:
        super().__init__(message, code=code, path=path)
        self.shipment = shipment


@dataclass(frozen=True, slots=True)
class FrontAnswer:
    """What the shop is told. `repr` shows no body."""

    status: int
    content_type: str
    body: bytes = field(repr=False)
    shipment: str
    replayed: bool = False
    idempotent: bool = True
    withheld: int = 0
    """How many labels of the carrier's were left out because they show somebody, or because nobody can read them."""


@dataclass(slots=True)
class Incoming:
    """One order on its way down: what is known before anything is written. `repr` shows no content."""

    shop: Shop
    profile: CarrierProfile
    route: Route
    operation: Operation
    request: WireRequest = field(repr=False)
    key: str
    """The `Idempotency-Key` header, for formats without a reference of their own."""
    attempt: int = 1
    opened: OpenOrder = field(init=False, repr=False)
    ref: bytes | None = field(init=False)
    """Keyed reference of (shop, carrier, order reference or Idempotency-Key); None where there is neither."""
    document: bytes = field(init=False)
    """Keyed digest of the business document: equal orders, equal digests."""
    now: datetime = field(init=False)
    ms: int = field(init=False)
    """The moment of arrival, and the same in milliseconds."""


@dataclass(slots=True)
class Booking:
    """An order on its way to the disk, to the carrier and back."""

    order: Incoming
    shipment: str
    book: Book
    veiled: Veiled = field(init=False, repr=False)
    sealed: Sealed = field(init=False)
    unit: Unit = field(init=False)
    token: str | None = None
    wire: WireRequest = field(init=False, repr=False)
    reply: WireReply = field(init=False, repr=False)
    answer: Answer = field(init=False, repr=False)
    kept: bytes | None = field(default=None, repr=False)
    """The answer for the shop, sealed."""


class _StillPlain(Exception):
    """What the last look found: the order is not written."""

    def __init__(self, hits: list[Hit]) -> None:
        super().__init__()
        self.hits = hits


class ForwardOrder:
    """The create path."""

    def __init__(self, service: Service, relays: Relays, printing: PrintLabel) -> None:
        self._service = service
        self._relays = relays
        self._printing = printing
        self._arriving = Line[Incoming](self._open, self._recognise)
        self._writing = Line[Booking](self._veil, self._look, self._seal, self._unit_one)
        self._leaving = Line[Booking](self._finish)
        self._returning = Line[Booking](self._rewrite)
        self._keeping = Line[Booking](self._seal_answer, self._unit_two)

    async def incoming(self, order: Incoming) -> None:
        """Open and claim one order."""
        await self._arriving.take(order)

    async def book(self, order: Incoming) -> FrontAnswer:
        """Veil, store, send, store, answer. Raises `Conflict` where this attempt's reference is stored already."""
        if self._service.policy.terms:
            await check_agreement(self._service, order.shop, order.route, order.opened, order.now)
        shipment = new_id("shp", order.ms)
        parties = order.opened.parties if order.route.mode == ENFORCE else {}
        returning = order.operation.effect == "return"
        book = await self._relays.for_order(
            order.shop, order.profile.id, shipment, parties, order.now, returning=returning
        )
        booking = Booking(order, shipment, book)
        try:
            await self._writing.take(booking)
        except BaseException as error:
            self._relays.give_up(book, order.now)
            if isinstance(error, _StillPlain):
                await refuse_hits(self._service, order.shop, order.opened, error.hits)
            raise
        try:
            await self._service.commit(booking.unit)
        except Exception:
            # Not on a cancellation: the unit is queued and will be written, so its slot is taken.
            self._relays.give_up(book, order.now)
            raise
        return await self._send(booking)

    # -- down: steps that never wait

    def _open(self, order: Incoming) -> None:
        order.opened = open_order(
            order.operation, order.request, keys=order.shop.keys, attachments=order.route.options.get("attachments", ())
        )

    def _recognise(self, order: Incoming) -> None:
        opened, shop, carrier, keyring = order.opened, order.shop.id, order.profile.id, self._service.keys.keyring
        order.ref = None
        if opened.reference:
            # Goods that go back may go under the reference they came by.
            what = "return" if order.operation.effect == "return" else "reference"
            order.ref = blind_index(keyring, shop, f"{what} {carrier}", opened.reference)
        elif order.key:
            order.ref = blind_index(keyring, shop, f"idempotency {carrier}", order.key)
        order.document = keyed_digest(keyring, shop, "document", opened.document)
        order.now = self._service.clock()
        order.ms = int(order.now.timestamp() * 1000)

    def _veil(self, booking: Booking) -> None:
        order = booking.order
        if order.route.mode != ENFORCE:
            booking.veiled = unveiled(self._service, order.profile.id, order.opened)
            return
        aliases = order_aliases(self._service, order.shop.id, order.profile.id, booking.shipment)
        last_mile = order.route.options.get("last_mile")
        booking.veiled = veil(order.opened, relays=booking.book.numbers, last_mile=last_mile, aliases=aliases)

    def _look(self, booking: Booking) -> None:
        if booking.order.route.mode == ENFORCE and (hits := last_look(booking.order.opened, booking.veiled)):
            raise _StillPlain(hits)

    def _seal(self, booking: Booking) -> None:
        opened, veiled = booking.order.opened, booking.veiled
        restore = {ECHOES: msgspec.json.encode(veiled.restore_map).decode()}
        if opened.reference:
            restore[REFERENCE] = opened.reference
        parties = {str(role): party for role, party in opened.parties.items()}
        groups = to_groups(Order(parties, opened.remark, veiled.goods), restore=restore)
        booking.sealed = seal(
            self._service.keys.keyring, tenant=booking.order.shop.id, record=booking.shipment, groups=groups
        )

    def _unit_one(self, booking: Booking) -> None:
        order, shipment, book, sealed = booking.order, booking.shipment, booking.book, booking.sealed
        tenant, carrier, operation, parts = order.shop.id, order.profile.id, order.operation.name, sealed.groups
        unit = booking.unit = Unit()
        unit.add(
            shipments, shipment, tenant, carrier, operation,
            order.ref, order.attempt, order.document, book.json, order.ms,
        )  # fmt: skip
        unit.add(
            vault, shipment, tenant, sealed.kid, sealed.wrapped,
            parts.get("name"), parts.get("phone"), parts.get("address"), parts.get("other"), parts.get("restore"),
        )  # fmt: skip
        unit.rows.extend(book.rows)
        veiled = booking.veiled
        detail: dict[str, Any] = {"carrier": carrier, "operation": operation, "relays": book.turns}
        if order.route.mode != ENFORCE:
            detail["mode"] = order.route.mode
        if veiled.granted:
            # What goes out whole under the carrier's label scope is a disclosure: on record before it is sent.
            detail["granted"] = sorted({f"{role} {kind} {path}" for path, kind, role in veiled.granted})
        unit.record(
            self._service.record(
                "order.sealed", tenant=tenant, actor=f"shop:{tenant}", subject=shipment, detail=detail, at=order.now
            )
        )

    def _finish(self, booking: Booking) -> None:
        secrets, now = booking.order.route.secrets, self._service.clock()
        booking.wire = finish(booking.veiled, secrets, now=now, nonce=booking.shipment[4:], token=booking.token)

    async def _send(self, booking: Booking) -> FrontAnswer:
        service, order = self._service, booking.order
        try:
            booking.token = await service.token(order.profile, order.route)
            await self._leaving.take(booking)
        except (CarrierFault, CarrierRefusal) as error:
            await self._settle(booking, "not_sent", code=error.code)
            code = error.code if isinstance(error, CarrierFault) else "carrier_unreachable"
            raise OrderRefused(
                f"{error}; order {booking.shipment} was not sent", code=code, shipment=booking.shipment
            ) from None
        booking.reply = await self._exchange(booking, booking.wire)
        await self._returning.take(booking)
        answer = booking.answer
        if not answer.readable or _says_nothing(answer):
            await self._settle(booking, "unknown", code=answer.error_code)
            raise OrderRefused(
                f"the carrier's answer cannot be read; order {booking.shipment} is unknown until it is looked up or resolved",
                code="carrier_garbage",
                shipment=booking.shipment,
            )
        withheld = await self._police(booking, answer) if answer.artwork and order.route.mode == ENFORCE else 0
        return await self._keep(booking, answer, withheld)

    async def _police(self, booking: Booking, answer: Answer) -> int:
        order, terms = (
            booking.order,
            label_terms(self._service, booking.order.route, booking.order.operation.manner.last_mile, booking.shipment),
        )
        if answer.waybill:
            tenant, code = order.shop.id, answer.routing_code
            own = own_label(
                self._printing, tenant=tenant, shipment=booking.shipment, waybill=answer.waybill, routing_code=code
            )
            terms = replace(terms, own=own)
        return await police(answer, order.opened.parties.values(), terms)

    async def _exchange(self, booking: Booking, wire: WireRequest) -> WireReply:
        service, order = self._service, booking.order
        started = perf_counter()
        try:
            reply = await service.upstream.send(order.route, wire, order.operation.host)
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

    # -- back

    def _rewrite(self, booking: Booking) -> None:
        booking.answer = rewrite_answer(booking.order.operation, booking.veiled, booking.reply)

    def _seal_answer(self, booking: Booking) -> None:
        answer = booking.answer
        kept = msgspec.msgpack.encode((answer.status, _content_type(answer), answer.body))
        booking.kept = booking.sealed.more({"answer": kept}, tenant=booking.order.shop.id, record=booking.shipment)["answer"]

    def _unit_two(self, booking: Booking) -> None:
        answer = booking.answer
        booking.unit = self._unit(booking, answer.outcome, answer.error_code, answer)

    async def _keep(self, booking: Booking, answer: Answer, withheld: int) -> FrontAnswer:
        try:
            await self._keeping.take(booking)
            await self._close(booking, answer.outcome)
        except StoreError as error:
            # The carrier may have booked and the waybill is not on disk: the shop must not be told yet.
            message = f"the carrier's answer could not be stored; order {booking.shipment} is looked up when the store is back"
            raise OrderRefused(message, code=error.code, shipment=booking.shipment) from None
        return FrontAnswer(answer.status, _content_type(answer), answer.body, booking.shipment, withheld=withheld)

    async def _settle(self, booking: Booking, status: str, *, code: str = "") -> None:
        booking.unit = self._unit(booking, status, code, None)
        await self._close(booking, status)

    def _unit(self, booking: Booking, status: str, code: str, answer: Answer | None) -> Unit:
        service, shipment = self._service, booking.shipment
        tenant, carrier = booking.order.shop.id, booking.order.profile.id
        waybill, routing = (answer.waybill, answer.routing_code) if answer else ("", "")
        now = service.clock()
        unit, ms = Unit(), int(now.timestamp() * 1000)
        unit.add(outcomes, shipment, 1, tenant, carrier, status, waybill or None, routing, booking.kept, ms)
        if answer is not None and answer.handles:
            remember(unit, answer, tenant=tenant, carrier=carrier, shipment=shipment, at=ms)
        detail = {"carrier": carrier} | ({"waybill": waybill} if waybill else {}) | ({"code": code} if code else {})
        unit.record(
            service.record(
                f"order.{status}", tenant=tenant, actor=f"carrier:{carrier}", subject=shipment, detail=detail, at=now
            )
        )
        if status in NEVER_BOOKED:
            self._relays.release(unit, booking.book, tenant, now)
        return unit

    async def _close(self, booking: Booking, status: str) -> None:
        service, carrier = self._service, booking.order.profile.id
        await service.commit(booking.unit)
        if status in NEVER_BOOKED:
            self._relays.give_up(booking.book, service.clock())
        service.metrics.order(carrier, status)
        log.debug("order.settled", shipment=booking.shipment, carrier=carrier, status=status)


def _content_type(answer: Answer) -> str:
    return answer.headers.get("content-type", "application/json")


def label_terms(service: Service, route: Route, last_mile: str, shipment: str) -> Terms:
    """What becomes of the carrier's labels for a shipment; an empty id is a call that speaks of none of ours."""
    url = service.settings.public_url
    return Terms(
        by_label=(route.options.get("last_mile") or last_mile) == "label",
        unread=str(route.options.get("label_artwork") or WITHHOLD),
        own_url=f"{url}/v1/shipments/{shipment}/label?format=pdf" if url and shipment else "",
        theirs=partial(address, service, shipment) if shipment else None,
    )


def unveiled(service: Service, carrier: str, opened: OpenOrder) -> Veiled:
    """A route that is not enforced yet: the document goes out as it came, and every personal field of it is on record as given."""
    personal = [(path, kind, role) for path, kind, role, _value in opened.fields]
    personal += [(path, Kind.PLAIN, Role.THIRD_PARTY) for path in opened.sheet.attachments]
    opened.veiled = True
    for _path, kind, _role in personal:
        service.metrics.unenforced.labels(carrier, kind.value).inc()
    whole = [value for _p, _k, _r, value in opened.fields]
    return Veiled(opened, personal, whole, [], mask_text(mask_named(opened.goods)).text)


def _says_nothing(answer: Answer) -> bool:
    """A success that holds neither a booking nor an error: an empty page or another service's; the shop must not take it for one."""
    return answer.outcome == "unknown" and answer.status < 400 and not answer.error_code


def last_look(opened: OpenOrder, veiled: Veiled, *, extra_kept: tuple[str, ...] = ()) -> list[Hit]:
    """The last gate before anything is written or sent: the plain values that the document still holds after masking."""
    plain = [(kind, value) for _path, kind, _role, value in opened.fields]
    return Guard(plain, [*veiled.kept, *extra_kept]).check(veiled.clear)


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
