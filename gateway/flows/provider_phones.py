"""The real phones that a provider of pushed numbers is told: opened one at a time, each on record before it leaves.

The party's comes through the one door, for the purpose `bind`; the courier's is opened from its own account. Neither is kept here.
"""

from __future__ import annotations

from gateway.accounts import Account
from gateway.flows.relays import party_index
from gateway.secrets_box import open_secrets
from gateway.service import Service
from gateway.store import reads
from gateway.store.push_reads import Case
from gateway.store.unit import Unit
from masking.disclosure import Record, disclose_phone_for_call
from masking.policy import Audience, Occasion, Reader
from masking.stage import Stage

PURPOSE = "bind"


class ProviderPhones:
    """Opens phones for providers."""

    def __init__(self, service: Service) -> None:
        self._service = service

    async def party(self, case: Case, account: Account) -> str:
        """The party's phone in one form; empty where it is erased, not granted or not dialable. On record when this returns."""
        service, binding = self._service, case.binding
        record, stage = await service.database.read(
            lambda c: (reads.sealed(c, binding.shipment), reads.latest_stage(c, binding.shipment))
        )
        if record is None:
            return ""
        told = disclose_phone_for_call(
            Record(record.tenant, record.record, record.wrapped, record.groups),
            keyring=service.keys.keyring,
            policy=service.policy,
            audience=Audience(Reader.SWITCH, f"provider:{account.name}", carrier=binding.carrier),
            occasion=Occasion(Stage(stage[1]) if stage else Stage.CREATED, service.clock(), own=True, purpose=PURPOSE),
            party=binding.role,
        )
        await service.commit(Unit(entries=[told.entry]))
        return told.view

    async def courier(self, case: Case, account: Account) -> str:
        """The phone of the courier whom the binding is narrowed to; empty where it is no longer theirs. On record when this returns."""
        if case.courier_phone is None:
            return ""
        phone = open_secrets(self._service.keys.keyring, case.courier, case.courier_phone).get("phone", "")
        binding = case.binding
        if not phone or party_index(self._service.keys.keyring, binding.x, phone) != binding.peer:
            return ""
        detail = {"account": account.name, "courier": case.courier, "x": binding.x, "turn": binding.turn}
        entry = self._service.record(
            "courier.phone_pushed", tenant=binding.tenant, actor="service:push", subject=binding.shipment, detail=detail
        )
        await self._service.commit(Unit(entries=[entry]))
        return phone
