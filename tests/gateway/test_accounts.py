"""Accounts are opened with their secrets, which they never show, and each pool knows its own in order."""

from __future__ import annotations

import pytest

from gateway.accounts import Accounts, open_accounts, sealed_for
from gateway.keys import make_keys
from gateway.secrets_box import seal_secrets
from gateway.settings import ConfigError
from gateway.store.push_reads import AccountRow
from masking.keyring import Keyring
from tests.gateway.pushed import SECRETS


def row(keyring: Keyring, name: str, kind: str, owner: str = "") -> AccountRow:
    sealed = seal_secrets(keyring, owner or sealed_for(name), SECRETS[kind])
    return AccountRow(name, kind, f"https://{kind}.example", 50, sealed)


def test_a_pool_s_accounts_keep_their_order() -> None:
    keyring = make_keys().keyring
    rows = [row(keyring, "north", "alibaba"), row(keyring, "south", "huawei")]
    accounts = open_accounts(keyring, rows, {"p": ("south", "north")})

    assert accounts.of_pool("p") == ("south", "north") and accounts.of_pool("other") == () and accounts
    assert accounts.by_name["north"].dialect.narrows and not accounts.by_name["south"].dialect.narrows
    assert not Accounts()


def test_neither_an_account_nor_its_row_shows_a_secret() -> None:
    keyring = make_keys().keyring
    one = row(keyring, "north", "alibaba")
    shown = repr(one) + repr(open_accounts(keyring, [one], {}))
    assert "access-secret-7719" not in shown and repr(one.secrets) not in shown


def test_secrets_of_another_account_or_keyring_are_refused() -> None:
    keyring = make_keys().keyring
    for stranger in (
        row(keyring, "north", "alibaba", sealed_for("south")),
        row(make_keys().keyring, "north", "alibaba"),
    ):
        with pytest.raises(ConfigError):
            open_accounts(keyring, [stranger], {})
