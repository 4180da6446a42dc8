"""Verbs about relay numbers and calls."""

from __future__ import annotations

import json
import re
import secrets
from typing import Any

from sqlalchemy import Connection, and_, delete, insert, select, update

from gateway.flows import Flows
from gateway.flows.push_outbox import settle_again
from gateway.flows.relay_facts import hours
from gateway.ops.registry import OpRefused, Params, now_ms, op
from gateway.secrets_box import seal_secrets
from gateway.service import Service
from gateway.settings import ConfigError, parse_duration
from gateway.store import relay_reads
from gateway.store.number_blocks import add_blocks
from gateway.store.tables import allowed_callers, binding_legs, numbers, pools, relay_providers, wishes
from masking.phones import normalise_phone
from masking.vault import blind_index
from virtual_numbers.binding import Scheme


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
    now = now_ms(service)

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
    if scheme is Scheme.AXYB:
        raise OpRefused("pairs behind two numbers each are not leased here; axb has one", path="scheme")
    return scheme


FILINGS, HEALTHS = ("callable", "pending"), ("good", "bad")


@op("numbers.set")
async def numbers_set(service: Service, _flows: Flows, params: Params) -> Any:
    """How numbers are filed and how they do. `pending`: bound or not, no call comes through. `bad`: what is bound lives on, nothing new is."""
    found, values = [_x(n) for n in params["numbers"]], {}
    for word, known in (("filing", FILINGS), ("health", HEALTHS)):
        if params.get(word):
            if params[word] not in known:
                raise OpRefused(f"{word} is {' or '.join(known)}", path=word)
            values[word] = str(params[word])
    if not values:
        raise OpRefused("say a filing, a health or both", path="filing")

    now = now_ms(service)

    def work(connection: Connection) -> int:
        changed = connection.execute(update(numbers).where(numbers.c.x.in_(found)).values(**values)).rowcount
        if changed != len(set(found)):
            raise OpRefused("not every one of these is a number of ours; nothing was changed", path="numbers")
        if values.get("filing") == relay_reads.FILED:
            # What a provider confirmed while the filing was missing has been waiting for this.
            settle_again(connection, binding_legs.c.x.in_(found), now)
        return changed

    detail = values | {"count": len(set(found)), "numbers": sorted(set(found))[:50]}
    entry = service.record("numbers.set", tenant="", actor=params["actor"], subject="", detail=detail)
    changed = await service.change(work, entry)
    await service.desk.load(service.clock())
    return {"numbers": changed} | values


@op("numbers.status")
async def numbers_status(service: Service, _flows: Flows, _params: Params) -> Any:
    """Pools with their slots."""
    rows = await service.database.read(relay_reads.pool_status)
    desk = service.desk.status()
    pushed = service.accounts.by_pool
    return [row | {"pushed_to": list(pushed.get(row["pool"], ()))} | desk.get(row["pool"], {}) for row in rows]


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


PROVIDERS = {
    "twilio": ("auth_token",),
    "huawei": ("app_key", "app_secret"),
    "alibaba": ("x_mode_key",),
}
"""Telephone providers and the secrets that each needs."""


@op("relay.provider")
async def relay_provider(service: Service, _flows: Flows, params: Params) -> Any:
    """Enable a telephone provider. The paths to give it are shown once: part of them is a secret."""
    name = str(params["name"])
    needed = PROVIDERS.get(name)
    if needed is None:
        raise OpRefused(f"a provider is one of {', '.join(PROVIDERS)}", path="name")
    given = {str(k): str(v) for k, v in dict(params.get("secrets", {})).items()}
    if set(given) != set(needed):
        raise ConfigError(f"{name} needs exactly these secrets: {', '.join(needed)}", path="secret")
    door = secrets.token_urlsafe(24)
    sealed = seal_secrets(service.keys.keyring, f"relay {name}", given | {"door": door})

    def work(connection: Connection) -> None:
        connection.execute(delete(relay_providers).where(relay_providers.c.name == name))
        connection.execute(insert(relay_providers).values(name=name, secrets=sealed, updated_at=now_ms(service)))

    entry = service.record(
        "relay.provider_enabled", tenant="", actor=params["actor"], subject=name, detail={"secrets": sorted(given)}
    )
    await service.change(work, entry)
    await service.load_routes()
    base = service.settings.public_url
    paths = {
        "twilio": ["/relay/twilio/voice", "/relay/twilio/sms", "/relay/twilio/status"],
        "huawei": [f"/relay/huawei/voice/{door}", f"/relay/huawei/events/{door}"],
        "alibaba": [f"/relay/alibaba/voice/{door}", f"/relay/alibaba/reports/{door}"],
    }[name]
    return {"provider": name, "urls": [f"{base}{path}" for path in paths]}


@op("relay.allow")
async def relay_allow(service: Service, _flows: Flows, params: Params) -> Any:
    """Let only listed phones call through a carrier's relay numbers; the first one listed closes the rest out."""
    carrier = str(params["carrier"])
    service.profile(carrier)
    phones = [normalise_phone(str(phone)) for phone in params["phones"]]
    if not all(phones):
        raise OpRefused("a phone has no digits", path="phones")
    rows = [blind_index(service.keys.keyring, "#callers", carrier, phone) for phone in phones]

    def work(connection: Connection) -> None:
        for phone in rows:
            held = and_(allowed_callers.c.carrier == carrier, allowed_callers.c.phone == phone)
            connection.execute(delete(allowed_callers).where(held))
            if not params.get("remove"):
                connection.execute(
                    insert(allowed_callers).values(carrier=carrier, phone=phone, added_at=now_ms(service))
                )

    detail = {"carrier": carrier, "count": len(rows), "removed": bool(params.get("remove"))}
    await service.change(
        work, service.record("relay.callers_changed", tenant="", actor=params["actor"], subject=carrier, detail=detail)
    )
    return detail


@op("relay.wish")
async def relay_wish(service: Service, _flows: Flows, params: Params) -> Any:
    """A person's quiet hours and blocks, for all their shipments with one shop."""
    shop, phone = str(params["shop"]), normalise_phone(str(params["phone"]))
    if not phone:
        raise OpRefused("the phone has no digits", path="phone")
    quiet = str(params.get("quiet") or "")
    try:
        hours(quiet)
    except (ValueError, KeyError):
        raise OpRefused("quiet hours are HH:MM-HH:MM and, where not China's, a zone", path="quiet") from None
    keyring = service.keys.keyring
    callers = [
        blind_index(keyring, shop, "blocked", normalise_phone(str(c))).hex() for c in params.get("block_callers") or []
    ]
    blocks = {
        "everything": bool(params.get("block_all")),
        "carriers": list(params.get("block_carriers") or []),
        "shipments": list(params.get("block_shipments") or []),
        "callers": callers,
    }
    owner = blind_index(keyring, shop, "phone", phone)

    def work(connection: Connection) -> None:
        mine = and_(wishes.c.tenant == shop, wishes.c.owner == owner)
        connection.execute(delete(wishes).where(mine))
        row = {
            "tenant": shop,
            "owner": owner,
            "quiet": quiet,
            "blocks": json.dumps(blocks),
            "updated_at": now_ms(service),
        }
        connection.execute(insert(wishes).values(**row))

    entry = service.record(
        "relay.wish_set", tenant=shop, actor=params["actor"], subject="", detail={"quiet": bool(quiet)}
    )
    await service.change(work, entry)
    return {
        "shop": shop,
        "quiet": quiet,
        "blocks": {name: len(v) if isinstance(v, list) else v for name, v in blocks.items()},
    }


@op("relay.report")
async def relay_report(service: Service, flows: Flows, params: Params) -> Any:
    """Calls, minutes, messages and cost by shop, shipment and carrier, of one shop where it is named."""
    since = service.clock() - parse_duration(str(params.get("last") or "30d"))
    return await flows.relay_reports.summary(since, {}, shop=params.get("shop") or None)
