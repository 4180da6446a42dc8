"""The steps of an order that never wait: from the shop's bytes to the first unit, from the carrier's answer to the second.

Each adds to the order what the next one needs; none awaits, commits or sends. `forward.py` takes orders through them in line and acts.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec

from carriers.answer import Answer
from carriers.errors import CarrierRefusal
from carriers.order import OpenOrder, open_order
from carriers.profile import CarrierProfile, Operation
from carriers.rewrite import Veiled, finish, rewrite_answer, veil
from carriers.veil import Echo
from carriers.wire import WireReply, WireRequest
from gateway.flows.aliases import order_aliases
from gateway.flows.handles import remember
from gateway.flows.relays import Book, Relays
from gateway.flows.settle import ECHOES, NEVER_BOOKED, REFERENCE
from gateway.identity import Shop
from gateway.service import Service
from gateway.store.tables import outcomes, shipments, vault
from gateway.store.unit import Unit
from gateway.upstream import ENFORCE, CarrierFault, Route
from masking.errors import VeilwayError
from masking.freetext import mask_text
from masking.guard import Guard, Hit
from masking.named import mask_named
from masking.personal import Kind, Party, Role
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


@dataclass(slots=True, repr=False)
class Incoming:
    """One order on its way down: what is known before anything is written. `repr` shows no content, and asks for nothing that is not there yet."""

    shop: Shop
    profile: CarrierProfile
    route: Route
    operation: Operation
    request: WireRequest
    key: str
    """The `Idempotency-Key` header, for formats without a reference of their own."""
    attempt: int = 1
    opened: OpenOrder = field(init=False)
    ref: bytes | None = field(init=False)
    """Keyed reference of (shop, carrier, order reference or Idempotency-Key); None where there is neither."""
    document: bytes = field(init=False)
    """Keyed digest of the business document: equal orders, equal digests."""
    now: datetime = field(init=False)
    ms: int = field(init=False)
    """The moment of arrival, and the same in milliseconds."""

    def __repr__(self) -> str:
        return f"<Incoming {self.profile.id} {self.operation.id} of {self.shop.id}>"


@dataclass(slots=True, repr=False)
class Booking:
    """An order on its way to the disk, to the carrier and back. `repr` as that of `Incoming`."""

    order: Incoming
    shipment: str
    book: Book
    token: str | None
    veiled: Veiled = field(init=False)
    """Until the first unit is made; of it, `echoes` stay."""
    wire: WireRequest = field(init=False)
    unsigned: Exception | None = None
    """Why there is no `wire`: the order was written, and is not sent."""
    echoes: list[Echo] = field(init=False)
    parties: tuple[Party, ...] = field(init=False)
    sealed: Sealed = field(init=False)
    unit: Unit = field(init=False)
    reply: WireReply = field(init=False)
    answer: Answer = field(init=False)
    front: FrontAnswer | None = None
    status: str = ""
    kept: bytes | None = None
    """The answer for the shop, sealed."""

    def let_go(self) -> None:
        """Of what nobody asks for behind the second unit."""
        for name in _SPENT:
            if hasattr(self, name):
                delattr(self, name)

    def __repr__(self) -> str:
        return f"<Booking {self.shipment} {self.status or 'under way'}>"


_SPENT = ("wire", "echoes", "parties", "sealed", "kept", "unit")


class StillPlain(Exception):
    """What the last look found: the order is not written."""

    def __init__(self, hits: list[Hit]) -> None:
        super().__init__()
        self.hits = hits


class OrderSteps:
    """The steps, with what every order needs at hand."""

    def __init__(self, service: Service, relays: Relays) -> None:
        self._service = service
        self._relays = relays

    # -- down

    def open(self, order: Incoming) -> None:
        """Undo the envelope and claim every leaf."""
        order.opened = open_order(
            order.operation, order.request, keys=order.shop.keys, attachments=order.route.options.get("attachments", ())
        )

    def recognise(self, order: Incoming) -> None:
        """Know the order again: its keyed reference, its document's digest, the moment it came."""
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

    def veil(self, booking: Booking) -> None:
        """Mask the document in place."""
        order = booking.order
        if order.route.mode != ENFORCE:
            booking.veiled = unveiled(self._service, order.profile.id, order.opened)
            return
        aliases = order_aliases(self._service, order.shop.id, order.profile.id, booking.shipment)
        last_mile = order.route.options.get("last_mile")
        booking.veiled = veil(order.opened, relays=booking.book.numbers, last_mile=last_mile, aliases=aliases)

    def look(self, booking: Booking) -> None:
        """The last look before anything is written. Raises `StillPlain`."""
        if booking.order.route.mode == ENFORCE and (hits := last_look(booking.order.opened, booking.veiled)):
            raise StillPlain(hits)

    def seal(self, booking: Booking) -> None:
        """Seal the plain values under a key of the order's own."""
        opened, veiled = booking.order.opened, booking.veiled
        booking.echoes = veiled.restore_map
        restore = {ECHOES: msgspec.json.encode(booking.echoes).decode()}
        if opened.reference:
            restore[REFERENCE] = opened.reference
        parties = {str(role): party for role, party in opened.parties.items()}
        booking.parties = tuple(opened.parties.values())
        groups = to_groups(Order(parties, opened.remark, veiled.goods), restore=restore)
        booking.sealed = seal(
            self._service.keys.keyring, tenant=booking.order.shop.id, record=booking.shipment, groups=groups
        )

    def unit_one(self, booking: Booking) -> None:
        """What is written before the carrier hears of the order."""
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

    def sign_and_let_go(self, booking: Booking) -> None:
        """While the disk works: put the carrier's credentials in and sign the exact bytes; let go of what the far side does not need.

        Raises nothing: an order that cannot be signed says so in `unsigned`.
        """
        secrets, now, nonce = booking.order.route.secrets, self._service.clock(), booking.shipment[4:]
        try:
            booking.wire = finish(booking.veiled, secrets, now=now, nonce=nonce, token=booking.token)
        except Exception as error:  # noqa: BLE001 - this order's alone, and told once its unit is on disk
            booking.unsigned = error
        del booking.veiled, booking.order.opened

    # -- back

    def rewrite(self, booking: Booking) -> None:
        """Give the shop its own values back, and mask what is the carrier's."""
        booking.answer = rewrite_answer(booking.order.operation, booking.echoes, booking.reply)
        del booking.reply

    def close_plain(self, booking: Booking) -> None:
        """Close an answer that nobody needs to judge."""
        if not booking.answer.artwork and not is_doubtful(booking.answer):
            self.close(booking)

    def close(self, booking: Booking, withheld: int = 0) -> FrontAnswer:
        """Seal the answer for retries, and make the second unit. The document is let go."""
        answer, tenant, shipment = booking.answer, booking.order.shop.id, booking.shipment
        content_type, body = answer.headers.get("content-type", "application/json"), answer.body
        booking.front = FrontAnswer(answer.status, content_type, body, shipment, withheld=withheld)
        kept = {"answer": msgspec.msgpack.encode((answer.status, content_type, body))}
        booking.kept = booking.sealed.more(kept, tenant=tenant, record=shipment)["answer"]
        self.unit_two(booking, answer.outcome, answer.error_code, answer)
        del booking.answer
        return booking.front

    def unit_two(self, booking: Booking, status: str, code: str, answer: Answer | None = None) -> None:
        """What is written of an order that the carrier has answered, or that is not known to have reached it."""
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
        booking.unit, booking.status = unit, status


def unsent(error: CarrierFault | CarrierRefusal, shipment: str = "") -> OrderRefused:
    """The carrier's credentials could not be had or put in; the order is nowhere, or `shipment` and not sent."""
    code = error.code if isinstance(error, CarrierFault) else "carrier_unreachable"
    return OrderRefused(f"{error}; nothing was sent", code=code, shipment=shipment)


def unveiled(service: Service, carrier: str, opened: OpenOrder) -> Veiled:
    """A route that is not enforced yet: the document goes out as it came, and every personal field of it is on record as given."""
    personal = [(path, kind, role) for path, kind, role, _value in opened.fields]
    personal += [(path, Kind.PLAIN, Role.THIRD_PARTY) for path in opened.sheet.attachments]
    opened.veiled = True
    for _path, kind, _role in personal:
        service.metrics.unenforced.labels(carrier, kind.value).inc()
    whole = [value for _p, _k, _r, value in opened.fields]
    return Veiled(opened, personal, whole, [], mask_text(mask_named(opened.goods)).text)


def is_doubtful(answer: Answer) -> bool:
    """An answer that nobody can read, or a success that holds neither a booking nor an error: an empty page, another service's.

    The shop must not take it for one.
    """
    return not answer.readable or (answer.outcome == "unknown" and answer.status < 400 and not answer.error_code)


def last_look(opened: OpenOrder, veiled: Veiled, *, extra_kept: tuple[str, ...] = ()) -> list[Hit]:
    """The last gate before anything is written or sent: the plain values that the document still holds after masking."""
    return Guard(opened.plain, [*veiled.kept, *extra_kept]).check(veiled.clear)
