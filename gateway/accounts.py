"""The accounts with number providers that bindings are pushed to, and which of them carry a pool. Knows names, dialects and pace.

Loaded with the routes and the other providers; a change is seen by every process within a second. Sends nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from gateway.secrets_box import open_secrets
from gateway.store.push_reads import AccountRow
from masking.keyring import Keyring
from virtual_numbers.providers.pushed import Dialect, dialect


def sealed_for(account: str) -> str:
    """The owner that an account's secrets are sealed for."""
    return f"number provider {account}"


@dataclass(frozen=True, slots=True)
class Account:
    """One account."""

    name: str
    kind: str
    endpoint: str
    rate: int
    suspended: bool
    dialect: Dialect = field(repr=False)


@dataclass(frozen=True, slots=True)
class Accounts:
    """Every account, and the accounts of each pool in the order of failover."""

    by_name: Mapping[str, Account] = field(default_factory=dict)
    by_pool: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def of_pool(self, pool: str) -> tuple[str, ...]:
        """Whom the bindings of a pool are pushed to; nobody where its provider asks."""
        return self.by_pool.get(pool, ())

    def __bool__(self) -> bool:
        """Whether anything was ever to be pushed here."""
        return bool(self.by_name)


def open_accounts(keyring: Keyring, rows: Sequence[AccountRow], pools: Mapping[str, tuple[str, ...]]) -> Accounts:
    """The accounts as stored, their secrets opened. Raises `ConfigError` where they were sealed under another keyring."""
    made = {
        row.name: Account(
            row.name,
            row.kind,
            row.endpoint,
            row.rate,
            row.suspended,
            dialect(row.kind, row.endpoint, open_secrets(keyring, sealed_for(row.name), row.secrets)),
        )
        for row in rows
    }
    return Accounts(made, pools)
