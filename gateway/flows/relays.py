"""The relay numbers of an order: the recipient's fresh one, the sender's long-lived one. Leases in memory, writes with the order.

The recipient gets one slot (X, extension) for this shipment. The sender has one long-lived binding per (shop, phone, carrier),
made once and reused, or the shop's registered hotline. Phones are bound under two keyed indexes: `party`, keyed by X too, so
that two numbers' rows do not tell that they serve one person, and `owner`, keyed by tenant, for erasure and for this file.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime
from math import ceil
from typing import Any

import msgspec

from gateway.flows.push_outbox import push_row, put_push
from gateway.identity import Shop
from gateway.ids import new_id
from gateway.service import Service
from gateway.store import relay_reads
from gateway.store.tables import binding_states, bindings, pushes, vault
from gateway.store.unit import Unit
from masking.errors import VeilwayError
from masking.keyring import Keyring
from masking.personal import Party, PostalAddress, RelayNumber, Role
from masking.phones import normalise_phone
from masking.record import Order, to_groups
from masking.vault import blind_index, seal
from virtual_numbers.binding import Scheme, Slot, State
from virtual_numbers.errors import PoolExhausted

Numbers = Mapping[Role, RelayNumber]
HOTLINE_TURN = -1
# An enum's member costs a microsecond through its class; these are met with every order.
_SENDER, _RECIPIENT, _BOUND, _CALLABLE = Role.SENDER, Role.RECIPIENT, State.BOUND.value, State.CALLABLE.value
_encode = msgspec.json.Encoder().encode
SENDERS = 100_000  # long-lived bindings remembered


class Undialable(VeilwayError):
    """A phone field without a digit: nothing could ever be dialled, and nothing may stand in."""

    code = "undialable_phone"


def party_index(keyring: Keyring, x: str, phone: str) -> bytes:
    """The keyed index of a normalised phone on one X: what a caller is recognised by."""
    return blind_index(keyring, "#relay", x, phone)


def owner_index(keyring: Keyring, tenant: str, phone: str) -> bytes:
    """The keyed index of a normalised phone within a tenant."""
    return blind_index(keyring, tenant, "phone", phone)


class Book(msgspec.Struct, eq=False):
    """The relay numbers of one order: what goes out, what is written with it, what was leased for it."""

    numbers: dict[Role, RelayNumber] = {}
    slots: dict[str, tuple[str, str, int]] = {}
    """By role: X, extension and turn."""
    rows: list[tuple[Any, Any]] = []
    leased: list[Slot] = []
    pushed: bool = False
    """Whether a provider is to be told of what was leased."""

    @property
    def json(self) -> str:
        """Role -> [x, ext, turn], as the shipment's row keeps it."""
        return _encode(self.slots).decode()

    @property
    def turns(self) -> dict[str, str]:
        """Role -> X and turn, for the audit log; the extension stays out of it."""
        return {role: f"{x} turn {turn}" if turn >= 0 else "hotline" for role, (x, _ext, turn) in self.slots.items()}

    def put(self, role: Role, slot: tuple[str, str, int]) -> None:
        """A relay number stands for this party."""
        self.numbers[role] = RelayNumber(slot[0], slot[1])
        self.slots[role._value_] = slot


def dialled_first(party: Party | None) -> str:
    """The normalised phone that a call to this party is placed to; empty where the party has none. Raises `Undialable`."""
    if party is None or not party.phone:
        return ""
    for line in party.phone.split("\n"):
        phone = normalise_phone(line, party.address.country or "CN")
        if phone:
            return phone
    raise Undialable("a phone has no digits to dial", path="phone")


class Relays:
    """Leases for orders, and the senders' long-lived bindings, remembered."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._senders: dict[tuple[str, str, bytes], tuple[str, str, int]] = {}
        self._making: dict[tuple[str, str, bytes], asyncio.Lock] = {}

    async def for_order(
        self,
        shop: Shop,
        carrier: str,
        shipment: str,
        parties: Mapping[Role, Party],
        now: datetime,
        *,
        returning: bool = False,
    ) -> Book:
        """The relay numbers of an order. Raises `pool_exhausted` or `undialable_phone`; then nothing is leased.

        Goods that go back (`returning`) are sent by the customer and received by the shop: the roles flip, the fresh number is the
        customer's all the same, for one that stays would cross shipments.
        """
        book = Book()
        ours, theirs = (_RECIPIENT, _SENDER) if returning else (_SENDER, _RECIPIENT)
        customer = dialled_first(parties.get(theirs))
        shop_side = parties.get(ours)
        if shop_side is not None and shop_side.phone:
            if shop.hotline:
                book.put(ours, (shop.hotline, "", HOTLINE_TURN))
            else:
                met = self._senders.get(self._as_written(shop, carrier, shop_side))
                book.put(ours, met or await self._sender(shop, carrier, shop_side, now))
        if customer:
            address = parties[theirs].address
            try:
                self._bind_customer(book, shop, carrier, shipment, theirs, customer, address, now)
            except PoolExhausted as exhausted:
                now = await self._cooled(exhausted, now)
                self._bind_customer(book, shop, carrier, shipment, theirs, customer, address, now)
        return book

    def _bind_customer(
        self,
        book: Book,
        shop: Shop,
        carrier: str,
        shipment: str,
        role: Role,
        phone: str,
        address: PostalAddress,
        now: datetime,
    ) -> None:
        service = self._service
        keyring = service.keys.keyring
        owner = owner_index(keyring, shop.id, phone)
        slot, scheme, pool = service.desk.lease(carrier, now, owner, address)
        book.leased.append(slot)
        book.pushed = bool(service.accounts.of_pool(pool))
        book.put(role, slot)
        ms, until = int(now.timestamp() * 1000), int((now + service.settings.hold).timestamp() * 1000)
        party = party_index(keyring, slot[0], phone)
        row = binding_row(slot, scheme, shop.id, shipment, carrier, role, party, owner, ms, until, book.pushed)
        book.rows.append((bindings, row))
        if book.pushed:
            book.rows.append((pushes, push_row(slot, shop.id, "bind", ms)))

    async def _cooled(self, exhausted: PoolExhausted, now: datetime) -> datetime:
        """Wait for the next slot where the policy is to queue and it comes soon; else the order is refused, and told when to come again."""
        if exhausted.retry_at is None:
            raise exhausted
        wait = (exhausted.retry_at - now).total_seconds()
        if wait > self._service.settings.exhaustion_wait.total_seconds():
            exhausted.retry_after = ceil(wait)
            raise exhausted
        await asyncio.sleep(max(wait, 0))
        return self._service.clock()

    async def sender_number(
        self, shop: Shop, carrier: str, parties: Mapping[Role, Party], now: datetime
    ) -> tuple[str, str, int]:
        """What stands in for phones of a call that is no order yet: the shop's own reachable number, its extension and turn."""
        sender = parties.get(Role.SENDER)
        if shop.hotline:
            return shop.hotline, "", HOTLINE_TURN
        if sender is None or not sender.phone:
            raise Undialable(
                "this call shows a phone, and there is no sender's phone or hotline to stand in", path="phone"
            )
        return await self._sender(shop, carrier, sender, now)

    def _as_written(self, shop: Shop, carrier: str, party: Party) -> tuple[str, str, bytes]:
        # Remembered by a keyed index of the phone as written: the same shop sends it with every order, and reading a landline
        # with an extension costs as much as sealing the whole order.
        return shop.id, carrier, blind_index(self._service.keys.keyring, shop.id, "phone as written", party.phone)

    async def _sender(self, shop: Shop, carrier: str, party: Party, now: datetime) -> tuple[str, str, int]:
        key = self._as_written(shop, carrier, party)
        found = self._senders.get(key)
        if found is not None:
            return found
        phone = dialled_first(party)
        owner = owner_index(self._service.keys.keyring, shop.id, phone)
        async with self._making.setdefault((shop.id, carrier, owner), asyncio.Lock()):
            found = await self._stored_sender(shop.id, carrier, owner) or await self._make_sender(
                shop, carrier, phone, party, owner, now
            )
            if len(self._senders) >= SENDERS:
                self._senders.clear()
            self._senders[key] = found
        self._making.pop((shop.id, carrier, owner), None)
        return found

    async def _stored_sender(self, tenant: str, carrier: str, owner: bytes) -> tuple[str, str, int] | None:
        binding = await self._service.database.read(lambda c: relay_reads.sender_binding(c, tenant, carrier, owner))
        if binding is None or not binding.live(self._service.clock()):
            return None
        return binding.x, binding.ext, binding.turn

    async def _make_sender(
        self, shop: Shop, carrier: str, phone: str, sender: Party, owner: bytes, now: datetime
    ) -> tuple[str, str, int]:
        """A binding of its own, durable before the first order that shows it."""
        service = self._service
        slot, scheme, pool = service.desk.lease(carrier, now, owner, sender.address, lasting=True)
        pushed = bool(service.accounts.of_pool(pool))
        ms = int(now.timestamp() * 1000)
        record = new_id("snd", ms)
        groups = {"phone": to_groups(Order({Role.SENDER.value: Party(phone=phone)}))["phone"]}
        sealed = seal(service.keys.keyring, tenant=shop.id, record=record, groups=groups)
        party = party_index(service.keys.keyring, slot.x, phone)
        unit = Unit()
        unit.add(vault, record, shop.id, sealed.kid, sealed.wrapped, None, sealed.groups["phone"], None, None, None)
        row = binding_row(slot, scheme, shop.id, record, carrier, Role.SENDER, party, owner, ms, None, pushed)
        unit.rows.append((bindings, row))
        if pushed:
            put_push(unit, slot, shop.id, "bind", ms)
        detail = {"carrier": carrier, "role": "sender", "x": slot.x}
        unit.record(
            service.record(
                "binding.bound", tenant=shop.id, actor=f"shop:{shop.id}", subject=record, detail=detail, at=now
            )
        )
        try:
            await service.commit(unit)
        except Exception:
            service.desk.give_back(slot, now)  # not on a cancellation: the unit is queued and will be written
            raise
        return slot.x, slot.ext, slot.turn

    def release(self, unit: Unit, book: Book, tenant: str, now: datetime) -> None:
        """The carrier certainly booked nothing: the order's own binding ends with it."""
        ms = int(now.timestamp() * 1000)
        for slot in book.leased:
            unit.add(binding_states, *slot, ms, tenant, State.RELEASED.value, ms, ms, None, None, "never_booked")
            if book.pushed:
                put_push(unit, slot, tenant, "unbind", ms)

    def give_up(self, book: Book, now: datetime) -> None:
        """The order was not written, or ended unbooked: its leases rest like any other."""
        for slot in book.leased:
            self._service.desk.give_back(slot, now, unknown_reader=book.pushed)
        book.leased.clear()


def binding_row(
    slot: Slot, scheme: Scheme, tenant: str, record: str, carrier: str, role: Role, party: bytes, owner: bytes,
    ms: int, until: int | None, pushed: bool = False,
) -> tuple[Any, ...]:  # fmt: skip
    """A row of `bindings`. One that a provider is to be told of carries no call before the provider has confirmed it."""
    return (
        *slot, tenant, record, carrier, role._value_, scheme._value_, party, owner,
        ms, until, _BOUND if pushed else _CALLABLE,
    )  # fmt: skip
