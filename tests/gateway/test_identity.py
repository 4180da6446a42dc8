"""Who speaks: looked up once, forgotten at once where something changed."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import insert, update

from gateway.identity import Identity, Unauthenticated, bearer
from gateway.ids import key_digest, new_key
from gateway.store.tables import api_keys, shops
from masking.keyring import Keyring
from tests.gateway.store.conftest import Store, open_store


@pytest.mark.parametrize(
    ("header", "token"),
    [("Bearer abc", "abc"), ("bearer  abc ", "abc"), ("Basic abc", ""), ("Bearer", ""), ("", ""), ("abc", "")],
)
def test_a_bearer_token_is_read_from_its_scheme_alone(header: str, token: str) -> None:
    assert bearer(header) == token


async def shop(store: Store) -> str:
    key = new_key("vw_")

    def work(connection: object) -> None:
        connection.execute(insert(shops), {"id": "shop_a", "name": "A", "hotline": "", "created_at": 1})  # type: ignore[attr-defined]
        connection.execute(insert(api_keys), {"digest": key_digest(key), "shop": "shop_a", "created_at": 1})  # type: ignore[attr-defined]

    await store.database.write(work)
    return key


async def revoke(store: Store) -> None:
    await store.database.write(lambda c: c.execute(update(api_keys).values(revoked_at=1)))


async def test_with_one_process_a_key_is_known_until_something_changes(tmp_path: Path) -> None:
    async with open_store(f"sqlite:///{tmp_path / 'v.db'}") as store:
        identity, key = Identity(store.database, Keyring.generate(), shared=False), await shop(store)
        assert (await identity.shop(key)).id == "shop_a"
        await revoke(store)
        assert (await identity.shop(key)).id == "shop_a"
        identity.forget()
        with pytest.raises(Unauthenticated):
            await identity.shop(key)


async def test_beside_other_processes_a_revocation_counts_within_a_second(tmp_path: Path) -> None:
    now = [0.0]
    async with open_store(f"sqlite:///{tmp_path / 'v.db'}") as store:
        identity = Identity(store.database, Keyring.generate(), shared=True, clock=lambda: now[0])
        key = await shop(store)
        assert (await identity.shop(key)).id == "shop_a"
        await revoke(store)
        now[0] = 1.0
        with pytest.raises(Unauthenticated):
            await identity.shop(key)


async def test_a_key_that_is_none_is_not_looked_up_and_no_refusal_tells_why(tmp_path: Path) -> None:
    async with open_store(f"sqlite:///{tmp_path / 'v.db'}") as store:
        identity = Identity(store.database, Keyring.generate(), shared=False)
        told = set()
        for key in ("", "x", "vc_" + "0" * 48, "vw_" + "0" * 48):
            with pytest.raises(Unauthenticated) as refused:
                await identity.shop(key)
            told.add((refused.value.code, str(refused.value)))
        assert len(told) == 1
