"""What the command line asks of a service, as a table of verbs: JSON values in, JSON values out. Knows configuration and flows.

While `serve` runs, the verbs reach it over the folder's socket; otherwise the command line opens the service itself and calls
the same functions. Whoever may open the folder (its keys) may ask; every verb that shows something personal is audited.
"""

from __future__ import annotations

import base64
import getpass
import json
import os
import re
import secrets
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, delete, insert, select

from gateway import audit_log
from gateway.flows import Flows
from gateway.ids import COURIER_TOKEN, SHOP_KEY, key_digest, new_id, new_key
from gateway.secrets_box import seal_secrets
from gateway.service import Service
from gateway.settings import ConfigError
from gateway.store import reads
from gateway.store.number_blocks import add_blocks
from gateway.store.tables import api_keys, couriers, numbers, pools, routes, shops, suspensions
from gateway.upstream import check_base_url
from masking.errors import VeilwayError
from masking.labels.ticket import clashing_carriers
from masking.phones import normalise_phone
from virtual_numbers.binding import MAX_X_DIGITS, Scheme

Params = dict[str, Any]
Op = Callable[[Service, Flows, Params], Awaitable[Any]]
OPS: dict[str, Op] = {}
ROLES = ("pickup", "linehaul", "delivery", "station")
_NAME = re.compile(r"[\w .@+-]{1,64}")


class OpRefused(VeilwayError):
    """The verb's arguments do not fit."""

    code = "bad_argument"


def op(name: str) -> Callable[[Op], Op]:
    """Put a function into the table."""

    def enter(function: Op) -> Op:
        OPS[name] = function
        return function

    return enter


def local_actor() -> str:
    """The local user, as the audit log names them."""
    try:
        return f"local:{getpass.getuser()}"
    except (KeyError, OSError):
        return f"local:uid{os.getuid()}"


def _name(params: Params, what: str) -> str:
    name = str(params.get("name", "")).strip()
    if not _NAME.fullmatch(name):
        raise OpRefused(f"a {what}'s name has 1 to 64 letters, digits, blanks, dots, hyphens or @", path="name")
    return name


def _ms(service: Service) -> int:
    return int(service.clock().timestamp() * 1000)


# -- shops --------------------------------------------------------------------------------------------------------------


@op("shop.add")
async def shop_add(service: Service, _flows: Flows, params: Params) -> Any:
    """A shop and its first key, which is shown once."""
    name, now = _name(params, "shop"), _ms(service)
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
    name, key, now = _name(params, "shop"), new_key(SHOP_KEY), _ms(service)

    def work(connection: Connection) -> str:
        row = connection.execute(select(shops.c.id).where(shops.c.name == name)).first()
        if row is None:
            raise OpRefused("no shop has this name", path="name")
        if params.get("revoke"):
            connection.execute(api_keys.update().where(api_keys.c.shop == row.id).values(revoked_at=now))
        connection.execute(insert(api_keys).values(digest=key_digest(key), shop=row.id, created_at=now))
        return str(row.id)

    id = await service.change(work)
    await service.change(
        lambda connection: None,
        service.record(
            "shop.key_added",
            tenant=id,
            actor=params["actor"],
            subject=id,
            detail={"revoked": bool(params.get("revoke"))},
        ),
    )
    return {"shop": id, "api_key": key}


@op("shop.credential")
async def shop_credential(_service: Service, flows: Flows, params: Params) -> Any:
    """A credential in the carrier's own shape, shown once."""
    carrier = str(params["carrier"])
    made = await flows.shop_credential.issue(_name(params, "shop"), carrier, params["actor"])
    return {"carrier": carrier} | made


# -- carriers and couriers ----------------------------------------------------------------------------------------------


@op("carrier.enable")
async def carrier_enable(service: Service, _flows: Flows, params: Params) -> Any:
    """Where a carrier is and how we sign towards it."""
    carrier = str(params["carrier"])
    profile = service.profile(carrier)
    base_url = check_base_url(str(params["base_url"]))
    given = {str(k): str(v) for k, v in dict(params.get("secrets", {})).items()}
    for missing in [name for name in profile.secrets if name not in given]:
        raise ConfigError(f"secret {missing} is missing; {carrier} needs: {', '.join(profile.secrets)}", path=missing)
    for unknown in [name for name in given if name not in profile.secrets]:
        raise ConfigError(
            f"{carrier} has no secret {unknown}; it needs: {', '.join(profile.secrets) or 'none'}", path=unknown
        )
    options = {k: v for k, v in dict(params.get("options", {})).items() if v is not None}
    if options.get("last_mile", "ticket") not in ("ticket", "label"):
        raise ConfigError("last_mile: must be ticket or label", path="last_mile")
    if clashing_carriers({*service.routes, carrier}):
        raise ConfigError("this carrier's ticket number is taken by another enabled carrier", path="carrier")
    hook = secrets.token_urlsafe(24)

    def work(connection: Connection) -> None:
        connection.execute(delete(routes).where(routes.c.carrier == carrier))
        connection.execute(
            insert(routes).values(
                carrier=carrier,
                base_url=base_url,
                secrets=seal_secrets(service.keys.keyring, carrier, given),
                hook_digest=key_digest(hook),
                options=json.dumps(options),
                updated_at=_ms(service),
            )
        )

    detail = {"carrier": carrier, "secrets": sorted(given), "last_mile": options.get("last_mile", profile.last_mile)}
    await service.change(
        work, service.record("carrier.enabled", tenant="", actor=params["actor"], subject=carrier, detail=detail)
    )
    service.tokens.forget(carrier)
    await service.load_routes()
    return {"carrier": carrier, "base_url": base_url, "hook": f"/hooks/{carrier}/{hook}"}


@op("courier.add")
async def courier_add(service: Service, _flows: Flows, params: Params) -> Any:
    """A courier's account and token, which is shown once."""
    carrier, name, role = str(params["carrier"]), _name(params, "courier"), str(params.get("role") or "delivery")
    service.profile(carrier)
    if role not in ROLES:
        raise OpRefused(f"a role is one of {', '.join(ROLES)}", path="role")
    now = _ms(service)
    id, token = new_id("cou", now), new_key(COURIER_TOKEN)
    phone = normalise_phone(str(params["phone"])) if params.get("phone") else ""
    if params.get("phone") and not phone:
        raise OpRefused("the courier's phone has no digits", path="phone")
    sealed = seal_secrets(service.keys.keyring, id, {"phone": phone}) if phone else None
    row = {
        "id": id,
        "carrier": carrier,
        "name": name,
        "role": role,
        "token_digest": key_digest(token),
        "phone": sealed,
        "station": str(params.get("station") or ""),
        "device_key": "",
        "created_at": now,
        "expires_at": now + int(timedelta(days=int(params["days"])).total_seconds() * 1000)
        if params.get("days")
        else None,
    }
    entry = service.record(
        "courier.added", tenant="", actor=params["actor"], subject=id, detail={"carrier": carrier, "role": role}
    )
    await service.change(lambda connection: connection.execute(insert(couriers), row), entry)
    return {"courier": id, "token": token}


@op("courier.revoke")
async def courier_revoke(service: Service, _flows: Flows, params: Params) -> Any:
    """The token dies at once."""
    id, now = str(params["courier"]), _ms(service)

    def work(connection: Connection) -> int:
        return connection.execute(couriers.update().where(couriers.c.id == id).values(revoked_at=now)).rowcount

    entry = service.record("courier.revoked", tenant="", actor=params["actor"], subject=id)
    if not await service.change(work, entry):
        raise OpRefused("no courier has this id", path="courier")
    return {"courier": id, "revoked": True}


@op("courier.list")
async def courier_list(service: Service, _flows: Flows, _params: Params) -> Any:
    """Every courier's account."""
    fields = ("id", "carrier", "name", "role", "station", "created_at", "expires_at", "revoked_at")
    return await service.database.read(
        lambda c: [{f: getattr(r, f) for f in fields} for r in c.execute(select(couriers).order_by(couriers.c.id))]
    )


@op("suspend")
async def suspend(service: Service, _flows: Flows, params: Params) -> Any:
    """Suspend or readmit a carrier, a station or a courier; in force on every process within a second."""
    kind, name, lift = str(params["kind"]), str(params["name"]), bool(params.get("lift"))
    if kind not in ("carrier", "station", "courier"):
        raise OpRefused("a carrier, a station or a courier can be suspended", path="kind")

    def work(connection: Connection) -> None:
        connection.execute(delete(suspensions).where(suspensions.c.kind == kind, suspensions.c.name == name))
        if not lift:
            connection.execute(insert(suspensions).values(kind=kind, name=name, at=_ms(service), reason=""))

    tag = "suspension.lifted" if lift else "suspension.set"
    await service.change(
        work, service.record(tag, tenant="", actor=params["actor"], subject=name, detail={"kind": kind})
    )
    await service.load_routes()
    return {kind: name, "suspended": not lift}


# -- numbers and calls --------------------------------------------------------------------------------------------------


@op("numbers.add")
async def numbers_add(service: Service, _flows: Flows, params: Params) -> Any:
    """Add relay numbers to a pool, which is made by its first number."""
    pool, found = str(params["pool"]), [_x(n) for n in params["numbers"]]
    if not found or len(set(found)) != len(found):
        raise OpRefused("give at least one number, and each one once", path="numbers")
    scheme = _scheme(params.get("scheme") or "axn-ext")
    digits = int(params.get("ext_digits") or 4) if scheme.by_extension else 0
    if scheme.by_extension and not 1 <= digits <= 6:
        raise OpRefused("an extension has 1 to 6 digits", path="ext_digits")
    now = _ms(service)

    def work(connection: Connection) -> int:
        row = connection.execute(select(pools).where(pools.c.name == pool)).first()
        if row is None:
            made = {"name": pool, "scheme": scheme.value, "ext_digits": digits, "carrier": params.get("carrier") or ""}
            made |= {
                "provider": params.get("provider") or "sandbox",
                "region": params.get("region") or "",
                "created_at": now,
            }
            connection.execute(insert(pools), made)
        elif params.get("scheme") and row.scheme != scheme.value:
            raise OpRefused(f"this pool's scheme is {row.scheme}; another scheme needs another pool", path="scheme")
        held = {x for (x,) in connection.execute(select(numbers.c.x).where(numbers.c.x.in_(found)))}
        fresh = [x for x in found if x not in held]
        for x in fresh:
            connection.execute(insert(numbers).values(x=x, pool=pool, filing="callable", health="good", added_at=now))
            add_blocks(connection, x, row.ext_digits if row else digits)
        return len(fresh)

    detail = {"pool": pool, "count": len(found), "scheme": scheme.value}
    added = await service.change(
        work, service.record("numbers.added", tenant="", actor=params["actor"], subject=pool, detail=detail)
    )
    await service.desk.load(service.clock())
    return {"pool": pool, "added": added, "known": len(found) - added}


def _x(number: Any) -> str:
    x = re.sub(r"[\s()+.-]", "", str(number))
    if not re.fullmatch(r"[0-9]{3,15}", x):
        raise OpRefused("a relay number has 3 to 15 digits", path="numbers")
    return x


def _scheme(word: Any) -> Scheme:
    try:
        scheme = Scheme(str(word))
    except ValueError:
        raise OpRefused("a scheme is axn-ext, axn700, axn or axb", path="scheme") from None
    if scheme.by_pair:
        raise OpRefused(
            "pairs are bound by providers that push bindings; this pool leases extensions or whole numbers",
            path="scheme",
        )
    return scheme


@op("numbers.status")
async def numbers_status(service: Service, _flows: Flows, _params: Params) -> Any:
    """Pools with their slots."""
    rows = await service.database.read(reads.pool_status)
    desk = service.desk.status()
    return [row | desk.get(row["pool"], {}) for row in rows]


@op("relay.route")
async def relay_route(service: Service, flows: Flows, params: Params) -> Any:
    """The decision on a call that nobody placed; a disclosure like any other."""
    answer = await flows.relay_call.route(
        str(params["caller"]), str(params["called"]), str(params.get("ext") or ""), actor=params["actor"], placed=False
    )
    return {
        "action": answer.action,
        "callee": answer.callee or None,
        "display": answer.display or None,
        "reason": answer.reason,
    }


# -- shipments, labels, audit -------------------------------------------------------------------------------------------


@op("shipment.show")
async def shipment_show(service: Service, _flows: Flows, params: Params) -> Any:
    """A shipment without anything personal."""
    return await service.database.read(lambda connection: describe(connection, str(params["shipment"]), None))


def describe(connection: Connection, id: str, tenant: str | None) -> dict[str, Any]:
    """What may be told of a shipment to its shop. Raises `shipment_not_found`."""
    row = reads.shipment(connection, id)
    if row is None or (tenant is not None and row.tenant != tenant):
        raise OpRefused("no such shipment", code="shipment_not_found")
    outcome = reads.outcome(connection, id)
    history = reads.stage_history(connection, id)
    return {
        "shipment": row.id,
        "carrier": row.carrier,
        "operation": row.operation,
        "status": outcome.status if outcome else "pending",
        "waybill": outcome.waybill if outcome else "",
        "routing_code": outcome.routing_code if outcome else "",
        "stage": history[-1][0] if history else "created",
        "history": [{"stage": stage, "at_ms": at} for stage, at, _ in history],
        "relay": {role: (f"{x}-{ext}" if ext else x) for role, (x, ext, _) in row.relays.items()},
        "erased": reads.sealed(connection, id) is None,
        "created_at_ms": row.created_at,
    }


@op("shipment.resolve")
async def shipment_resolve(_service: Service, flows: Flows, params: Params) -> Any:
    """Close an order in doubt by an operator's word."""
    waybill = str(params.get("waybill") or "")
    finding = await flows.settle.resolve(str(params["shipment"]), waybill=waybill, actor=params["actor"])
    return {"shipment": params["shipment"], "status": finding.status, "waybill": finding.waybill}


@op("label.render")
async def label_render(_service: Service, flows: Flows, params: Params) -> Any:
    """A label's bytes in base64."""
    made = await flows.print_label.run(
        str(params["shipment"]),
        tenant=None,
        actor=params["actor"],
        format=str(params.get("format") or "png"),
        size=str(params.get("size") or "100x150"),
        dpi=int(params.get("dpi") or 203),
    )
    return {"media_type": made.media_type, "data": base64.b64encode(made.data).decode()}


@op("audit.verify")
async def audit_verify(service: Service, _flows: Flows, _params: Params) -> Any:
    """Check the whole log."""
    return await audit_log.verify(service)


@op("audit.export")
async def audit_export(service: Service, _flows: Flows, params: Params) -> Any:
    """A page of entries after (chain, seq)."""
    return await audit_log.page(service, str(params.get("chain") or ""), int(params.get("after") or -1))


@op("audit.prove")
async def audit_prove(service: Service, _flows: Flows, params: Params) -> Any:
    """Every entry of a shipment with its inclusion proof."""
    return await audit_log.prove(service, str(params["shipment"]))
