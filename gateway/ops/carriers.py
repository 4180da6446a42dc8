"""Verbs about carriers and couriers: enable, enrol, revoke, suspend."""

from __future__ import annotations

import json
import secrets
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, delete, insert, select

from carriers.coverage import rows
from carriers.profile import CarrierProfile
from gateway.courier_door import courier_rules
from gateway.flows import Flows
from gateway.flows.artwork import POLICIES, WITHHOLD
from gateway.ids import COURIER_TOKEN, key_digest, new_id, new_key
from gateway.ops.registry import OpRefused, Params, named, now_ms, op
from gateway.secrets_box import seal_secrets
from gateway.service import Service
from gateway.settings import ConfigError
from gateway.store.tables import couriers, routes, suspensions
from gateway.upstream import check_base_url
from masking.labels.ticket import clashing_carriers
from masking.phones import normalise_phone
from masking.region import country_code

ROLES = ("pickup", "linehaul", "delivery", "station", "customer_service", "customs")


@op("carrier.enable")
async def carrier_enable(service: Service, _flows: Flows, params: Params) -> Any:
    """Where a carrier is and how we sign towards it."""
    carrier = str(params["carrier"])
    profile = service.profile(carrier)
    base_url = check_base_url(str(params["base_url"]))
    hosts = {str(name): str(url) for name, url in dict(params.get("hosts") or {}).items()}
    for unknown in [name for name in hosts if name not in profile.hosts]:
        raise ConfigError(
            f"{carrier} has no host {unknown}; it has: {', '.join(profile.hosts) or 'the main one alone'}", path=unknown
        )
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
    if options.get("mode", "enforce") not in ("off", "report", "enforce"):
        raise ConfigError("mode: must be off, report or enforce", path="mode")
    if options.get("label_artwork", WITHHOLD) not in POLICIES:
        raise ConfigError(f"label_artwork: must be {', '.join(POLICIES)}", path="label_artwork")
    country = country_code(str(options.get("country") or ""))
    if options.get("country") and not country:
        raise ConfigError("country: two letters, such as CN", path="country")
    if "attachments" in options:
        options["attachments"] = _attachments(profile, [str(path) for path in options["attachments"] if path])
    kept = dict(service.routes[carrier].options) if carrier in service.routes else {}
    # What was asked of couriers stays asked when only a URL or a secret changes: forgetting a flag must not open a door.
    options["hosts"] = _hosts(dict(kept.get("hosts", {})) | hosts)
    asked = {k: v for k, v in dict(options.get("couriers") or {}).items() if v is not None}
    options["couriers"] = courier_rules(dict(kept.get("couriers", {})) | asked)
    options["country"] = country if "country" in options else kept.get("country", "")
    options["relay"] = dict(kept.get("relay", {}))
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
                updated_at=now_ms(service),
            )
        )

    detail = {
        "carrier": carrier,
        "hosts": sorted(options["hosts"]),
        "mode": options.get("mode", "enforce"),
        "secrets": sorted(given),
        "last_mile": options.get("last_mile", profile.last_mile),
        "label_artwork": options.get("label_artwork", WITHHOLD),
        "narrow_on_scan": str(options["couriers"].get("narrow", "")),
        "attachments": options.get("attachments", []),
    }
    await service.change(
        work, service.record("carrier.enabled", tenant="", actor=params["actor"], subject=carrier, detail=detail)
    )
    service.tokens.forget(carrier)
    await service.load_routes()
    told: dict[str, Any] = {"carrier": carrier, "base_url": base_url, "hook": f"/hooks/{carrier}/{hook}"}
    unset = [name for name in profile.hosts if name not in options["hosts"]]
    return (
        told | ({"hosts": options["hosts"]} if options["hosts"] else {}) | ({"hosts_missing": unset} if unset else {})
    )


def _attachments(profile: CarrierProfile, paths: list[str]) -> list[str]:
    """The places whose documents go through whole. Each is one that the profile claims as `attachment`, or stands above one."""
    claimed = {row.path for row in rows(profile) if row.kind == "plain (attachment)"}
    for path in paths:
        if not any(place == path or place.startswith((f"{path}.", f"{path}/", f"{path}[]")) for place in claimed):
            known = ", ".join(sorted(claimed)) or "none"
            raise ConfigError(f"attachments: {profile.id} has no documents there; it has: {known}", path="attachments")
    return sorted(set(paths))


def _hosts(asked: dict[str, str]) -> dict[str, str]:
    """Each further host's URL, checked as the main one's; an empty URL takes a host back."""
    return {name: check_base_url(url) for name, url in asked.items() if url}


@op("courier.add")
async def courier_add(service: Service, _flows: Flows, params: Params) -> Any:
    """A courier's account and token, which is shown once."""
    carrier, name, role = str(params["carrier"]), named(params, "courier"), str(params.get("role") or "delivery")
    service.profile(carrier)
    if role not in ROLES:
        raise OpRefused(f"a role is one of {', '.join(ROLES)}", path="role")
    now = now_ms(service)
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


@op("courier.reset_device")
async def courier_reset_device(service: Service, _flows: Flows, params: Params) -> Any:
    """Forget the enrolled device: the next one that proves a key of its own takes its place."""
    id = str(params["courier"])

    entry = service.record("courier.device_reset", tenant="", actor=params["actor"], subject=id)
    await service.change(lambda connection: _alter(connection, id, device_key=""), entry)
    return {"courier": id, "device": False}


@op("courier.revoke")
async def courier_revoke(service: Service, _flows: Flows, params: Params) -> Any:
    """The token dies at once."""
    id, now = str(params["courier"]), now_ms(service)

    entry = service.record("courier.revoked", tenant="", actor=params["actor"], subject=id)
    await service.change(lambda connection: _alter(connection, id, revoked_at=now), entry)
    return {"courier": id, "revoked": True}


def _alter(connection: Connection, id: str, **values: Any) -> None:
    """Change an account; refused, and then not on record either, where there is none."""
    if not connection.execute(couriers.update().where(couriers.c.id == id).values(**values)).rowcount:
        raise OpRefused("no courier has this id", path="courier")


@op("courier.list")
async def courier_list(service: Service, _flows: Flows, _params: Params) -> Any:
    """Every courier's account."""
    fields = ("id", "carrier", "name", "role", "station", "created_at", "last_used_at", "expires_at", "revoked_at")
    return await service.database.read(
        lambda c: [
            {f: getattr(r, f) for f in fields} | {"device": bool(r.device_key)}
            for r in c.execute(select(couriers).order_by(couriers.c.id))
        ]
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
            connection.execute(insert(suspensions).values(kind=kind, name=name, at=now_ms(service), reason=""))

    tag = "suspension.lifted" if lift else "suspension.set"
    await service.change(
        work, service.record(tag, tenant="", actor=params["actor"], subject=name, detail={"kind": kind})
    )
    await service.load_routes()
    return {kind: name, "suspended": not lift}
