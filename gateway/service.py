"""The one place where the parts of a process are made and introduced to each other. Knows every part; decides nothing.

`open_service` is an async context manager: what it opens it closes in reverse order, and the writer drains before the
database closes. With the embedded store one process alone holds the folder (a lock file), because SQLite must have one.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from sqlalchemy import Connection

from carriers.profile import CarrierProfile, load_profiles
from carriers.wire import WireRequest
from gateway.accounts import Accounts, open_accounts
from gateway.checkpoints import Checkpoints
from gateway.identity import Identity
from gateway.ids import new_id
from gateway.keys import Keys, load_keys
from gateway.logs import log
from gateway.metrics import Metrics
from gateway.neighbours import Neighbours
from gateway.numbers import NumberDesk
from gateway.policy_book import PolicyBook, folder_policy
from gateway.secrets_box import open_secrets
from gateway.settings import Settings
from gateway.store import push_reads, reads, relay_reads
from gateway.store.database import Database, Meanwhile, open_database
from gateway.store.errors import StoreUnavailable
from gateway.store.group_commit import GroupCommit
from gateway.store.migrate import migrate
from gateway.store.unit import Unit
from gateway.tokens import Tokens
from gateway.upstream import Route, Upstream
from masking.audit import entry
from masking.errors import VeilwayError
from masking.policy import ScopePolicy
from masking.policy_load import PolicyInvalid

T = TypeVar("T")
Clock = Callable[[], datetime]
LOCK = "veilway.lock"


class CarrierNotEnabled(VeilwayError):
    """The carrier has a profile and no route yet, or is suspended."""

    code = "carrier_not_enabled"


class UnknownCarrier(VeilwayError):
    """No profile has this id."""

    code = "unknown_carrier"


def system_clock() -> datetime:
    """The wall clock, with its zone."""
    return datetime.now(UTC)


@dataclass(slots=True)
class Service:
    """Everything one process has."""

    settings: Settings
    keys: Keys
    database: Database
    commits: GroupCommit
    identity: Identity
    desk: NumberDesk
    profiles: dict[str, CarrierProfile]
    upstream: Upstream
    tokens: Tokens
    metrics: Metrics
    checkpoints: Checkpoints
    policies: PolicyBook
    policy: ScopePolicy
    """The one in force at this moment."""
    clock: Clock
    holder: str
    neighbours: Neighbours
    routes: dict[str, Route] = field(default_factory=dict)
    hooks: dict[str, bytes] = field(default_factory=dict)
    """Carrier -> digest of the secret in its push URL."""
    relay_providers: dict[str, dict[str, str]] = field(default_factory=dict, repr=False)
    """Telephone provider -> its secrets."""
    accounts: Accounts = field(default_factory=Accounts)
    """The accounts that bindings are pushed to."""
    draining: bool = False

    def __repr__(self) -> str:
        return f"<Service {len(self.routes)} carriers, {self.commits!r}, {self.desk!r}>"

    def profile(self, carrier: str) -> CarrierProfile:
        """The profile of a carrier id. Raises `UnknownCarrier`."""
        found = self.profiles.get(carrier)
        if found is None:
            raise UnknownCarrier("no carrier profile has this id; `veilway carrier list` shows all")
        return found

    def route(self, carrier: str) -> Route:
        """Where to forward to. Raises `CarrierNotEnabled`."""
        found = self.routes.get(carrier)
        if found is None:
            raise CarrierNotEnabled(f"{carrier} is not enabled here; `veilway carrier enable {carrier}` does it")
        if found.suspended:
            raise CarrierNotEnabled(f"{carrier} is suspended", code="carrier_suspended")
        return found

    def record(
        self,
        tag: str,
        *,
        tenant: str,
        actor: str,
        subject: str = "",
        detail: dict[str, Any] | None = None,
        at: datetime | None = None,
    ) -> bytes:
        """One audit entry, now."""
        return entry(tag, at=at or self.clock(), tenant=tenant, actor=actor, subject=subject, detail=detail or {})

    def commit(self, unit: Unit, meanwhile: Meanwhile | None = None) -> Awaitable[None]:
        """Make a unit durable; see `GroupCommit.commit`."""
        return self.commits.commit(unit, meanwhile)

    async def change(self, work: Callable[[Connection], T], *entries: bytes | Callable[[T], bytes]) -> T:
        """A rare change of configuration and the audit entries that tell of it, in one transaction: neither is there without the other.

        An entry may be made of the change's result. What `work` raises undoes it all; it may be run twice.
        """
        done: list[T] = []

        def both(connection: Connection) -> list[bytes]:
            done[:] = [work(connection)]
            return [made if isinstance(made, bytes) else made(done[0]) for made in entries]

        await self.commits.commit(Unit(work=both))
        self.identity.forget()
        return done[0]

    async def load_routes(self) -> None:
        """Read which carriers are enabled, and where."""
        rows = await self.database.read(reads.all_routes)
        self.routes = {
            carrier: Route(
                carrier,
                base_url,
                open_secrets(self.keys.keyring, carrier, sealed),
                msgspec.json.decode(options),
                suspended,
            )
            for carrier, base_url, sealed, _hook, options, suspended in rows
        }
        providers = await self.database.read(relay_reads.providers)
        self.relay_providers = {
            name: open_secrets(self.keys.keyring, f"relay {name}", sealed) for name, sealed in providers
        }
        held, pools = await self.database.read(lambda c: (push_reads.accounts(c), push_reads.accounts_by_pool(c)))
        self.accounts = open_accounts(self.keys.keyring, held, pools)
        self.hooks = {carrier: hook for carrier, _url, _sealed, hook, _options, _suspended in rows}

    async def load_policy(self) -> bool:
        """See which version of the policy is in force; True where it is another now. Raises `policy_invalid` where it cannot be understood; then nobody sees anything."""
        try:
            changed = await self.policies.follow()
        except PolicyInvalid:
            self.policy = self.policies.current
            raise
        if changed:
            self.policy = self.policies.current
        return changed

    async def token(self, profile: CarrierProfile, route: Route) -> str | None:
        """A live bearer token for carriers that want one, fetched once for all who wait."""
        if profile.token is None:
            return None
        host = profile.token.host

        async def fetch(request: WireRequest) -> Any:
            return await self.upstream.send(route, request, host)

        return await self.tokens.get(profile, route.secrets, fetch)


@asynccontextmanager
async def open_service(
    settings: Settings,
    *,
    keys: Keys | None = None,
    clock: Clock = system_clock,
    name: str | None = None,
    profiles: dict[str, CarrierProfile] | None = None,
) -> AsyncIterator[Service]:
    """Open everything for one process. `profiles` spares compiling them to whoever opens many. Raises `ConfigError`, `StoreUnavailable` or a profile's error."""
    with hold_folder(settings):
        found_keys = keys or load_keys(settings.dir)
        own = settings.dir / "carriers"
        profiles = profiles or load_profiles(own if own.is_dir() else None)
        database = open_database(settings.database_url)
        upstream = Upstream(settings)
        # Each process has a chain of its own. The embedded store's one process keeps one chain for ever.
        holder = name or ("main" if settings.embedded else new_id("p", int(clock().timestamp() * 1000)))
        try:
            await database.write(migrate)
            commits = GroupCommit(database, origin=f"veilway/{holder}", limit=settings.queue_limit)
            metrics = Metrics()
            checkpoints = Checkpoints(commits, found_keys.checkpoints, database, settings.dir, clock, metrics)
            first = folder_policy(settings.dir)
            service = Service(
                settings,
                found_keys,
                database,
                commits,
                Identity(database, found_keys.keyring, shared=not settings.embedded),
                NumberDesk(database, settings, holder=holder),
                profiles,
                upstream,
                Tokens(clock),
                metrics,
                checkpoints,
                PolicyBook(database, first, two_persons=settings.policy_two_persons),
                first,
                clock,
                holder,
                Neighbours(database, found_keys.keyring, holder, alone=settings.embedded, limit=settings.scan_misses),
            )
            await service.load_routes()
            await service.load_policy()
            await service.desk.load(clock())
            writer = asyncio.ensure_future(commits.run())
            noting = asyncio.ensure_future(checkpoints.run())
            try:
                yield service
            finally:
                service.draining = True
                commits.close()
                await writer
                noting.cancel()
                with suppress(asyncio.CancelledError):
                    await noting
                await checkpoints.note()
        finally:
            await upstream.close()
            await database.close()
            log.debug("service.closed")


@contextmanager
def hold_folder(settings: Settings) -> Iterator[None]:
    """Hold the folder of an embedded store for this process alone."""
    if not settings.embedded:
        yield
        return
    file = _open_lock(settings.dir / LOCK)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(file)
        raise StoreUnavailable("another process holds this folder's database", code="folder_in_use") from None
    try:
        yield
    finally:
        os.close(file)


def _open_lock(path: Path) -> int:
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise StoreUnavailable(f"the folder cannot be written ({type(error).__name__})") from None
