"""Verbs about relay numbers and calls."""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy import Connection, insert, select

from gateway.flows import Flows
from gateway.ops.registry import OpRefused, Params, now_ms, op
from gateway.service import Service
from gateway.store import relay_reads
from gateway.store.number_blocks import add_blocks
from gateway.store.tables import numbers, pools
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
    if scheme.by_pair:
        raise OpRefused(
            "pairs are bound by providers that push bindings; this pool leases extensions or whole numbers",
            path="scheme",
        )
    return scheme


@op("numbers.status")
async def numbers_status(service: Service, _flows: Flows, _params: Params) -> Any:
    """Pools with their slots."""
    rows = await service.database.read(relay_reads.pool_status)
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
