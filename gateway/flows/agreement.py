"""Whether the agreement with a carrier lets a call go out to it at all: consent, period, border. Off until the policy has terms.

What the carrier reads of a document is the profile's affair; this file knows only when it may read nothing. A refusal is on record.
"""

from __future__ import annotations

from datetime import datetime

from carriers.order import OpenOrder
from gateway.identity import Shop
from gateway.service import Service
from gateway.store.unit import Unit
from gateway.upstream import Route
from masking.errors import VeilwayError
from masking.personal import Party, Role
from masking.policy import Audience, Occasion, Reader, agreement_fails
from masking.region import country_of
from masking.stage import Stage

CLAUSES = {
    "consent_missing": "an independent processor needs the recipients' separate consent",
    "agreement_not_begun": "the agreement has not begun",
    "agreement_over": "the agreement is over",
    "border_without_basis": "the data would cross a border without a basis",
}


class AgreementRefused(VeilwayError):
    """The terms agreed with the carrier do not let it have this call (`agreement_refused`)."""

    code = "agreement_refused"


async def check_agreement(service: Service, shop: Shop, route: Route, opened: OpenOrder, now: datetime) -> None:
    """Refuse what the carrier's terms do not cover. Raises `agreement_refused`, with the clause in its path."""
    terms = service.policy.terms.get(route.carrier)
    if terms is None:
        return
    # A call that speaks of nobody sends nobody's data anywhere.
    person = opened.parties.get(Role.RECIPIENT) or opened.parties.get(Role.SENDER)
    country = country_of((person or Party()).address, opened.operation.manner.country)
    audience = Audience(Reader.CARRIER_API, f"carrier:{route.carrier}", route.carrier, country=route.country)
    why = agreement_fails(terms, audience, Occasion(Stage.CREATED, now, own=True, country=country))
    if not why or (person is None and why == "border_without_basis"):
        return
    detail = {"carrier": route.carrier, "operation": opened.operation.name, "clause": why}
    entry = service.record("call.barred", tenant=shop.id, actor=f"shop:{shop.id}", detail=detail, at=now)
    await service.commit(Unit(entries=[entry]))
    raise AgreementRefused(f"the terms with {route.carrier}: {CLAUSES[why]}; nothing was sent", path=why)
