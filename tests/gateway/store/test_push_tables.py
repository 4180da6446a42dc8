"""The tables of pushing hold no personal value and are told apart from the orders' own."""

from __future__ import annotations

from sqlalchemy import Table

from gateway.store.push_tables import binding_legs, chore_leases, pool_accounts, provider_accounts, pushes
from gateway.store.tables import HOT, metadata


def columns(table: Table) -> set[str]:
    return {column.name for column in table.columns}


def test_what_is_to_be_told_names_the_binding_and_a_courier_s_account_at_most() -> None:
    assert columns(pushes) == {
        "id", "tenant", "x", "ext", "turn", "change", "courier", "attempts", "next_at", "at", "state",
    }  # fmt: skip


def test_only_what_an_order_writes_is_hot() -> None:
    assert pushes in HOT and not {binding_legs, chore_leases, pool_accounts, provider_accounts} & set(HOT)
    assert {table.name for table in (binding_legs, chore_leases, pool_accounts, provider_accounts)} <= set(
        metadata.tables
    )
