"""The verb by which a carrier closes its relay numbers to calls: outside some hours, or after some calls through one number."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import Connection, select, update

from gateway.flows import Flows
from gateway.flows.relay_facts import hours
from gateway.ops.registry import OpRefused, Params, now_ms, op
from gateway.service import CarrierNotEnabled, Service
from gateway.store.tables import routes

MOST_CALLS = 10_000  # nobody counts further, and a slip of the keyboard is told


@op("relay.rules")
async def relay_rules(service: Service, _flows: Flows, params: Params) -> Any:
    """When a carrier's calls reach a party, and how often; open until it is set, and what is not named stays as it is."""
    carrier = str(params["carrier"])
    service.profile(carrier)
    given = {name: params[name] for name in ("hours", "calls") if params.get(name) is not None}
    if "hours" in given:
        try:
            hours(str(given["hours"]))
        except (ValueError, KeyError, OSError):
            raise OpRefused("hours are HH:MM-HH:MM and, where not China's, a zone", path="hours") from None
    if not 0 <= int(given.get("calls") or 0) <= MOST_CALLS:
        raise OpRefused(f"calls are 1 to {MOST_CALLS}, or 0 for as many as come", path="calls")

    def work(connection: Connection) -> dict[str, Any]:
        options = connection.execute(select(routes.c.options).where(routes.c.carrier == carrier)).scalar()
        if options is None:
            raise CarrierNotEnabled(f"{carrier} is not enabled here; `veilway carrier enable {carrier}` does it")
        held: dict[str, Any] = json.loads(options)
        rules = {name: value for name, value in (held.get("relay", {}) | given).items() if value}
        text = json.dumps(held | {"relay": rules})
        connection.execute(
            update(routes).where(routes.c.carrier == carrier).values(options=text, updated_at=now_ms(service))
        )
        return rules

    entry = service.record("relay.rules_set", tenant="", actor=params["actor"], subject=carrier, detail=given)
    rules = await service.change(work, entry)
    await service.load_routes()
    return {"carrier": carrier, "hours": rules.get("hours", ""), "calls": rules.get("calls", 0)}
