"""Verbs about accounts with number providers: add, list, suspend, remove; which pools they carry; reconcile."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from gateway.accounts import sealed_for
from gateway.flows import Flows
from gateway.flows.push_outbox import settle_again
from gateway.ops.events import page_length
from gateway.ops.registry import OpRefused, Params, named, now_ms, op
from gateway.secrets_box import seal_secrets
from gateway.service import Service
from gateway.settings import ConfigError
from gateway.store import push_reads
from gateway.store.tables import binding_legs, pool_accounts, pools, provider_accounts
from gateway.upstream import check_base_url
from virtual_numbers.binding import Scheme
from virtual_numbers.legs import LegState
from virtual_numbers.providers.pushed import ENDPOINTS, EXT_DIGITS, SECRETS

RATE = 50  # requests a second; a tenth of what the strictest documented limit allows


@op("numbers.provider.add")
async def provider_add(service: Service, flows: Flows, params: Params) -> Any:
    """An account that bindings can be pushed to, or its new endpoint, rate and secrets."""
    name, kind = named(params, "provider account"), str(params["kind"])
    needed = SECRETS.get(kind)
    if needed is None:
        raise OpRefused(f"bindings are pushed to {' and '.join(SECRETS)}", path="kind")
    given = {str(k): str(v) for k, v in dict(params.get("secrets", {})).items()}
    if set(given) != set(needed) or not all(given.values()):
        raise ConfigError(f"{kind} needs exactly these secrets: {', '.join(needed)}", path="secret")
    endpoint = check_base_url(str(params.get("endpoint") or ENDPOINTS[kind]))
    if kind == "alibaba" and endpoint.count("/") > 2:
        raise ConfigError("endpoint: alibaba's has no path", path="endpoint")
    rate = int(params.get("rate") or RATE)
    if not 1 <= rate <= 5000:
        raise OpRefused("a rate is 1 to 5000 requests a second", path="rate")
    known = service.accounts.by_name.get(name)
    if known is not None and known.kind != kind:
        raise OpRefused(f"this account is one with {known.kind}; another provider is another account", path="kind")
    sealed, now = seal_secrets(service.keys.keyring, sealed_for(name), given), now_ms(service)
    values = {"kind": kind, "endpoint": endpoint, "rate": rate, "secrets": sealed, "updated_at": now}

    def work(connection: Connection) -> None:
        mine = update(provider_accounts).where(provider_accounts.c.name == name).values(**values)
        if connection.execute(mine).rowcount == 0:
            connection.execute(insert(provider_accounts).values(name=name, **values))

    detail = {"kind": kind, "endpoint": endpoint, "rate": rate, "secrets": sorted(given)}
    await _change(service, flows, params, work, "numbers.provider_added", name, detail)
    return {"account": name, "kind": kind, "endpoint": endpoint, "rate": rate}


@op("numbers.provider.list")
async def provider_list(service: Service, flows: Flows, _params: Params) -> Any:
    """Every account: the pools it carries, in which place, what it holds, and how it does."""
    figures = await service.database.read(push_reads.figures)
    now = service.clock()
    rows = []
    for account in service.accounts.by_name.values():
        legs, health = figures.get(account.name, {}), flows.provider_line.health(account.name)
        carried = {
            p: names.index(account.name) + 1 for p, names in service.accounts.by_pool.items() if account.name in names
        }
        state = (
            "suspended"
            if account.suspended
            else "down"
            if health.down(now)
            else "paused"
            if health.paused(now)
            else "good"
        )
        rows.append(
            {"account": account.name, "kind": account.kind, "endpoint": account.endpoint, "rate": account.rate, "state": state}
            | {"pools": carried}
            | {word: legs.get(word, 0) for word in ("up", "wanted", "ending", "down")}
        )  # fmt: skip
    return rows


@op("numbers.provider.use")
async def provider_use(service: Service, flows: Flows, params: Params) -> Any:
    """The accounts that a pool's bindings are pushed to, in the order of failover. None: its provider asks, as before."""
    pool, names = str(params["pool"]), [str(name) for name in params.get("accounts") or []]
    if len(set(names)) != len(names):
        raise OpRefused("name each account once", path="accounts")
    found = {row.name: row for row in await service.database.read(lambda c: c.execute(select(pools)).all())}
    if pool not in found:
        raise OpRefused("no pool has this name", path="pool")
    for name in names:
        account = service.accounts.by_name.get(name)
        if account is None:
            raise OpRefused("no account has this name; add it first", code="provider_account_unknown", path="accounts")
        longest, digits = EXT_DIGITS[account.kind], found[pool].ext_digits
        if Scheme(found[pool].scheme).by_extension and digits > longest:
            raise OpRefused(
                f"{account.kind} takes extensions of {longest} digits at most; this pool has {digits}", path="pool"
            )

    def work(connection: Connection) -> None:
        connection.execute(delete(pool_accounts).where(pool_accounts.c.pool == pool))
        for rank, name in enumerate(names):
            connection.execute(insert(pool_accounts).values(pool=pool, rank=rank, account=name))

    await _change(service, flows, params, work, "numbers.pool_pushed", pool, {"accounts": names})
    return {"pool": pool, "accounts": names}


@op("numbers.provider.suspend")
async def provider_suspend(service: Service, flows: Flows, params: Params) -> Any:
    """Push nothing new to an account, and what it carries to the next; or take it into use again."""
    name, lift = str(params["name"]), bool(params.get("lift"))
    _known(service, name)
    now = now_ms(service)

    def work(connection: Connection) -> int:
        connection.execute(
            update(provider_accounts)
            .where(provider_accounts.c.name == name)
            .values(suspended_at=None if lift else now, updated_at=now)
        )
        return settle_again(connection, binding_legs.c.account == name, now)

    tag = "numbers.provider_readmitted" if lift else "numbers.provider_suspended"
    moved = await _change(service, flows, params, work, tag, name, {})
    return {"account": name, "suspended": not lift, "bindings": moved}


@op("numbers.provider.remove")
async def provider_remove(service: Service, flows: Flows, params: Params) -> Any:
    """Forget an account that carries no pool and holds nothing of ours."""
    name = str(params["name"])
    _known(service, name)

    def work(connection: Connection) -> None:
        used = connection.execute(select(pool_accounts.c.pool).where(pool_accounts.c.account == name)).first()
        holds = (
            binding_legs.c.account == name,
            binding_legs.c.state.not_in([LegState.ENDED.value, LegState.DOWN.value]),
        )
        if used or connection.execute(select(binding_legs.c.x).where(*holds).limit(1)).first():
            raise OpRefused(
                "the account carries a pool, or still holds bindings that only it can take back", code="provider_in_use", path="name"
            )  # fmt: skip
        connection.execute(delete(provider_accounts).where(provider_accounts.c.name == name))

    await _change(service, flows, params, work, "numbers.provider_removed", name, {})
    return {"account": name, "removed": True}


@op("numbers.pushes")
async def numbers_pushes(service: Service, _flows: Flows, params: Params) -> Any:
    """A page of what providers were told, or have yet to hear; dead letters unless it is said."""
    state, after, limit = (
        str(params.get("state") or "dead"),
        str(params.get("after") or ""),
        page_length(params.get("limit")),
    )
    if state not in push_reads.STATES:
        raise OpRefused(f"a state is one of {', '.join(push_reads.STATES)}", path="state")
    return await service.database.read(lambda c: push_reads.push_page(c, state, after, limit))


@op("numbers.retry")
async def numbers_retry(service: Service, _flows: Flows, params: Params) -> Any:
    """Try dead letters again, one or all: whatever a provider refused for good is asked anew."""
    push = str(params.get("push") or "")

    def work(connection: Connection) -> int:
        again = push_reads.try_again(connection, push, now_ms(service))
        if push and not again:
            raise OpRefused("no dead letter has this id", code="push_not_found")
        return again

    def entry(again: int) -> bytes:
        return service.record(
            "numbers.pushes_retried", tenant="", actor=params["actor"], subject=push, detail={"pushes": again}
        )

    return {"pushes": await service.change(work, entry)}


@op("numbers.reconcile")
async def numbers_reconcile(_service: Service, flows: Flows, params: Params) -> Any:
    """One page of one account's reconciliation; `after` is where it goes on."""
    page = await flows.reconcile.page(
        str(params["account"]), str(params.get("after") or ""), repair=bool(params.get("repair")), actor=params["actor"]
    )
    found = [
        {"account": one.account, "drift": one.drift.value, "x": one.x, "turn": one.turn if one.turn >= 0 else None}
        | {"shipment": one.shipment or None, "handle": one.handle or None}
        for one in page.found
    ]
    return {"asked": page.asked, "found": found, "after": page.after}


def _known(service: Service, name: str) -> None:
    if name not in service.accounts.by_name:
        raise OpRefused("no account has this name", code="provider_account_unknown", path="name")


async def _change(
    service: Service, flows: Flows, params: Params, work: Any, tag: str, subject: str, detail: dict[str, Any]
) -> Any:
    entry = service.record(tag, tenant="", actor=params["actor"], subject=subject, detail=detail)
    result = await service.change(work, entry)
    await service.load_routes()
    flows.provider_line.forget(subject)
    return result
