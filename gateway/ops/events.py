"""Verbs about what a shop is told: its events, above all the dead letters, and another try for them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, select

from gateway.flows import Flows
from gateway.ops.registry import OpRefused, Params, named, now_ms, op
from gateway.service import Service
from gateway.store import shop_reads
from gateway.store.tables import shops


def page_length(given: object) -> int:
    """The rows of one page. Raises `bad_argument`."""
    text = str(given or 50)
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= shop_reads.LONGEST_PAGE:
        raise OpRefused(f"a page has 1 to {shop_reads.LONGEST_PAGE} rows", path="limit")
    return int(text)


def event_state(given: object) -> str:
    """The state that is listed; dead letters unless it is said. Raises `bad_argument`."""
    state = str(given or "dead")
    if state not in shop_reads.STATES:
        raise OpRefused(f"a state is one of {', '.join(shop_reads.STATES)}", path="state")
    return state


def shop_named(connection: Connection, name: str) -> str:
    """The shop's id. Raises `bad_argument`."""
    id = connection.execute(select(shops.c.id).where(shops.c.name == name)).scalar()
    if id is None:
        raise OpRefused("no shop has this name", path="name")
    return str(id)


async def retry(service: Service, tenant: str, event: str, *, actor: str) -> int:
    """Try dead letters again from the start of their pauses, on record. Raises `event_not_found` where there is none."""

    def work(connection: Connection) -> int:
        again = shop_reads.try_again(connection, tenant, event, now_ms(service))
        if event and not again:
            raise OpRefused("no dead letter has this id", code="event_not_found")
        return again

    def entry(again: int) -> bytes:
        detail = {"events": again}
        return service.record("shop.events_retried", tenant=tenant, actor=actor, subject=event, detail=detail)

    return await service.change(work, entry)


@op("shop.events")
async def shop_events(service: Service, _flows: Flows, params: Params) -> Any:
    """A page of a shop's events, newest first."""
    name, state, limit = named(params, "shop"), event_state(params.get("state")), page_length(params.get("limit"))
    after = str(params.get("after") or "")
    return await service.database.read(
        lambda c: shop_reads.event_page(c, shop_named(c, name), state=state, after=after, limit=limit)
    )


@op("shop.retry")
async def shop_retry(service: Service, _flows: Flows, params: Params) -> Any:
    """Try a shop's dead letters again, one or all."""
    name, event = named(params, "shop"), str(params.get("event") or "")
    tenant = await service.database.read(lambda connection: shop_named(connection, name))
    return {"shop": tenant, "events": await retry(service, tenant, event, actor=params["actor"])}
