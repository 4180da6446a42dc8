"""The real phones that a provider of pushed numbers is told: opened one at a time, each with the entry that has to
be on record before it leaves.

The party's comes through the one door, for the purpose `bind`; the courier's is opened from its own account. Neither is kept here.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from gateway.accounts import Account
from gateway.flows.relays import party_index
from gateway.secrets_box import open_secrets
from gateway.service import Service
from gateway.store import reads
from gateway.store.push_reads import Case
from masking.disclosure import Record, disclose_phone_for_call
from masking.policy import Audience, Occasion, Reader
from masking.stage import Stage

PURPOSE = "bind"


@dataclass(frozen=True, slots=True)
class Told:
    """A phone, and the entry that must be durable before it is sent. Without a number there is nothing to send."""

    number: str = field(default="", repr=False)
    entry: bytes = field(default=b"", repr=False)


UNTOLD = Told()


class ProviderPhones:
    """Opens phones for providers."""

    def __init__(self, service: Service) -> None:
        self._service = service

    async def party(self, case: Case, account: Account) -> Told:
        """The party's phone in one form; none where it is erased, not granted or not dialable."""
        service, binding = self._service, case.binding
        record, stage = await service.database.read(
            lambda c: (reads.sealed(c, binding.shipment), reads.latest_stage(c, binding.shipment))
        )
        if record is None:
            return UNTOLD
        told = disclose_phone_for_call(
            Record(record.tenant, record.record, record.wrapped, record.groups),
            keyring=service.keys.keyring,
            policy=service.policy,
            audience=Audience(Reader.SWITCH, f"provider:{account.name}", carrier=binding.carrier),
            occasion=Occasion(Stage(stage[1]) if stage else Stage.CREATED, service.clock(), own=True, purpose=PURPOSE),
            party=binding.role,
        )
        return Told(told.view, told.entry)

    async def courier(self, case: Case, account: Account) -> Told:
        """The phone of the courier whom the binding is narrowed to; none where it is no longer theirs."""
        keyring, binding = self._service.keys.keyring, case.binding
        if case.courier_phone is None:
            return UNTOLD
        phone = open_secrets(keyring, case.courier, case.courier_phone).get("phone", "")
        if not phone or party_index(keyring, binding.x, phone) != binding.peer:
            return UNTOLD
        detail = {"account": account.name, "courier": case.courier, "x": binding.x, "turn": binding.turn}
        entry = self._service.record(
            "courier.phone_pushed", tenant=binding.tenant, actor="service:push", subject=binding.shipment, detail=detail
        )
        return Told(phone, entry)
