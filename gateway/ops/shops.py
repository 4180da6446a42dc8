"""Verbs about shops: add them, give them keys and credentials."""

from __future__ import annotations

import base64
import secrets
from typing import Any

from sqlalchemy import Connection, insert, select

from gateway.flows import Flows
from gateway.ids import SHOP_KEY, key_digest, new_id, new_key
from gateway.ops.registry import OpRefused, Params, named, now_ms, op
from gateway.secrets_box import seal_secrets
from gateway.service import Service
from gateway.store.tables import api_keys, shops
from gateway.upstream import check_base_url
from virtual_numbers.binding import MAX_X_DIGITS


@op("shop.add")
async def shop_add(service: Service, _flows: Flows, params: Params) -> Any:
    """A shop and its first key, which is shown once."""
    name, now = named(params, "shop"), now_ms(service)
    hotline = "".join(c for c in str(params.get("hotline", "")) if c.isdigit())
    if len(hotline) > MAX_X_DIGITS:
        raise OpRefused("a hotline has at most 15 digits", path="hotline")
    id, key = new_id("shop", now), new_key(SHOP_KEY)

    def work(connection: Connection) -> None:
        if connection.execute(select(shops.c.id).where(shops.c.name == name)).first():
            raise OpRefused(
                "a shop of this name is there already; `veilway shop key NAME` gives it another key", path="name"
            )
        connection.execute(insert(shops).values(id=id, name=name, hotline=hotline, created_at=now))
        connection.execute(insert(api_keys).values(digest=key_digest(key), shop=id, created_at=now))

    await service.change(work, service.record("shop.added", tenant=id, actor=params["actor"], subject=id))
    return {"shop": id, "api_key": key}


@op("shop.list")
async def shop_list(service: Service, _flows: Flows, _params: Params) -> Any:
    """Every shop, without keys."""
    return await service.database.read(
        lambda c: [
            {"shop": r.id, "name": r.name, "hotline": r.hotline} for r in c.execute(select(shops).order_by(shops.c.id))
        ]
    )


@op("shop.key")
async def shop_key(service: Service, _flows: Flows, params: Params) -> Any:
    """Another key for a shop; with `revoke`, all its earlier ones die."""
    name, key, now = named(params, "shop"), new_key(SHOP_KEY), now_ms(service)

    def work(connection: Connection) -> str:
        row = connection.execute(select(shops.c.id).where(shops.c.name == name)).first()
        if row is None:
            raise OpRefused("no shop has this name", path="name")
        if params.get("revoke"):
            connection.execute(api_keys.update().where(api_keys.c.shop == row.id).values(revoked_at=now))
        connection.execute(insert(api_keys).values(digest=key_digest(key), shop=row.id, created_at=now))
        return str(row.id)

    def entry(id: str) -> bytes:
        detail = {"revoked": bool(params.get("revoke"))}
        return service.record("shop.key_added", tenant=id, actor=params["actor"], subject=id, detail=detail)

    return {"shop": await service.change(work, entry), "api_key": key}


@op("shop.credential")
async def shop_credential(_service: Service, flows: Flows, params: Params) -> Any:
    """A credential in the carrier's own shape, shown once."""
    carrier = str(params["carrier"])
    made = await flows.shop_credential.issue(named(params, "shop"), carrier, params["actor"])
    return {"carrier": carrier} | made


@op("shop.webhook")
async def shop_webhook(service: Service, _flows: Flows, params: Params) -> Any:
    """Where a shop wants events, and the secret that signs them, shown once. An empty URL ends them."""
    name, url = named(params, "shop"), str(params.get("url") or "")
    if url:
        check_base_url(url)
    secret = "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()

    def work(connection: Connection) -> str:
        id = connection.execute(select(shops.c.id).where(shops.c.name == name)).scalar()
        if id is None:
            raise OpRefused("no shop has this name", path="name")
        sealed = seal_secrets(service.keys.keyring, str(id), {"webhook": secret}) if url else None
        connection.execute(shops.update().where(shops.c.id == id).values(webhook_url=url, webhook_secret=sealed))
        return str(id)

    def entry(id: str) -> bytes:
        detail = {"on": bool(url)}
        return service.record("shop.webhook_set", tenant=id, actor=params["actor"], subject=id, detail=detail)

    return {"shop": await service.change(work, entry), "secret": secret if url else None}
