"""What several processes count together: a proof holds once in all of them, and a source is locked out at one limit."""

from __future__ import annotations

import asyncio
import dataclasses
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from gateway.neighbours import KEPT, TOLD_FROM, Neighbours
from gateway.server import running
from gateway.store.tables import scan_misses, spent_proofs
from masking.device_proof import ProofRefused
from masking.keyring import Keyring
from tests.gateway.device import Phone
from tests.gateway.orders import sf_document
from tests.gateway.store.conftest import Store, open_store
from tests.gateway.world import Answer, open_world

NOW = datetime(2026, 11, 25, 8, tzinfo=UTC)
KEYS = Keyring.generate()


def two(store: Store, limit: int = 10) -> tuple[Neighbours, Neighbours]:
    one, other = (Neighbours(store.database, KEYS, name, alone=False, limit=limit) for name in ("a", "b"))
    return one, other


async def rows(store: Store, table: object) -> int:
    return int(await store.database.read(lambda c: c.execute(select(func.count()).select_from(table)).scalar_one()))  # type: ignore[call-overload]


async def test_a_nonce_is_spent_for_all_and_for_its_courier_alone(store_url: str) -> None:
    async with open_store(store_url) as store:
        one, other = two(store)
        await one.spend("c1", "n" * 22, NOW)
        for neighbour in (one, other):
            with pytest.raises(ProofRefused):
                await neighbour.spend("c1", "n" * 22, NOW)
        await other.spend("c2", "n" * 22, NOW)
        await other.spend("c1", "m" * 22, NOW)


async def test_two_at_one_moment_are_one_and_one_refusal(store_url: str) -> None:
    async with open_store(store_url) as store:
        results = await asyncio.gather(*(n.spend("c", "n" * 22, NOW) for n in two(store)), return_exceptions=True)
        assert sorted(type(result).__name__ for result in results) == ["NoneType", "ProofRefused"]


async def test_misses_of_all_count_and_only_within_their_minute(store_url: str) -> None:
    async with open_store(store_url) as store:
        one, other = two(store)
        for _ in range(6):
            one.miss("10.0.0.1", NOW)
            other.miss("10.0.0.1", NOW)
        assert not one.locked("10.0.0.1", NOW)
        for neighbour in (one, other, one):
            await neighbour.exchange(NOW)
        assert one.locked("10.0.0.1", NOW) and other.locked("10.0.0.1", NOW)
        assert not one.locked("10.0.0.2", NOW)
        assert not one.locked("10.0.0.1", NOW + timedelta(minutes=1))
        for _ in range(3):
            other.miss("10.0.0.1", NOW)
        await other.exchange(NOW)
        await one.exchange(NOW)
        assert await rows(store, scan_misses) == 2
        assert "10.0.0" not in repr(await store.database.read(lambda c: c.execute(select(scan_misses)).all()))


async def test_a_flood_of_made_up_sources_is_told_to_nobody(store_url: str) -> None:
    async with open_store(store_url) as store:
        one, _ = two(store)
        for number in range(1000):
            for _ in range(TOLD_FROM - 1):
                one.miss(f"10.1.{number // 256}.{number % 256}", NOW)
        await one.exchange(NOW)
        assert await rows(store, scan_misses) == 0


async def test_what_is_over_is_forgotten(store_url: str) -> None:
    async with open_store(store_url) as store:
        one, other = two(store)
        await one.spend("c", "n" * 22, NOW)
        for _ in range(5):
            one.miss("s", NOW)
        await one.exchange(NOW)
        await other.exchange(NOW + KEPT - timedelta(seconds=1))
        assert await rows(store, spent_proofs) == 1
        await other.exchange(NOW + KEPT + timedelta(minutes=1))
        assert (await rows(store, spent_proofs), await rows(store, scan_misses)) == (0, 0)


async def test_a_process_alone_writes_nothing(store_url: str) -> None:
    async with open_store(store_url) as store:
        alone = Neighbours(store.database, KEYS, "main", alone=True, limit=3)
        await alone.spend("c", "n" * 22, NOW)
        with pytest.raises(ProofRefused):
            await alone.spend("c", "n" * 22, NOW)
        for _ in range(3):
            alone.miss("s", NOW)
        assert alone.locked("s", NOW)
        await asyncio.wait_for(alone.run(lambda: NOW), 1)
        assert (await rows(store, spent_proofs), await rows(store, scan_misses)) == (0, 0)
        assert repr(alone) == "<Neighbours alone, 1 sources missed>"


@pytest.mark.pg
async def test_a_proof_seen_on_the_wire_is_worth_nothing_at_another_process(pg_url: str, tmp_path: Path) -> None:
    async with open_world(tmp_path, database=pg_url) as one:
        settings = dataclasses.replace(one.settings, port=0)
        async with running(settings, keys=one.keys, clock=one.clock) as other:
            phone = Phone(one, await one.courier("station"))
            assert (await phone.enrol()).status == 200
            proof = phone.proof("GET", "/v1/couriers/me", b"")
            headers = {"Authorization": f"Bearer {phone.token}", "Veilway-Proof": proof}

            async def ask(url: str) -> int:
                async with one.client.get(url + "/v1/couriers/me", headers=headers) as reply:
                    return reply.status

            assert [await ask(other.url), await ask(one.running.url), await ask(other.url)] == [200, 401, 401]


@pytest.mark.pg
async def test_a_guesser_who_goes_from_process_to_process_is_locked_out_within_a_second(
    pg_url: str, tmp_path: Path
) -> None:
    async with open_world(tmp_path, database=pg_url, scan_misses=20) as one:
        settings = dataclasses.replace(one.settings, port=0)
        async with running(settings, keys=one.keys, clock=one.clock) as other:
            token = await one.courier("station")
            number = (await one.sf_order(sf_document())).waybill

            async def scan(url: str, waybill: str) -> Answer:
                body = json.dumps({"waybill": waybill}).encode()
                async with one.client.post(
                    url + "/v1/scans", data=body, headers={"Authorization": f"Bearer {token}"}
                ) as reply:
                    return Answer(reply.status, dict(reply.headers), await reply.read())

            urls = [one.running.url, other.url]
            for guess in range(11):
                for url in urls:
                    assert (await scan(url, f"SF{guess:013}")).status == 404
            begun = asyncio.get_running_loop().time()
            while [(await scan(url, number)).status for url in urls] != [404, 404]:
                assert asyncio.get_running_loop().time() - begun < 1.5
                await asyncio.sleep(0.05)
            one.clock.turn(timedelta(minutes=1))
            assert [(await scan(url, number)).status for url in urls] == [200, 200]
