"""The policy in force follows its versions: in one process at once, in another within a second, and closed where it cannot be read."""

from __future__ import annotations

import asyncio
import dataclasses
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import update

from gateway.policy_book import NOTHING, PolicyBook, folder_policy, reason
from gateway.server import running
from gateway.store.errors import Conflict
from gateway.store.tables import policy_versions
from masking.policy import FIELDS, Audience, Occasion, Reader
from masking.policy_history import RevisionRefused
from masking.policy_load import PolicyInvalid, built_in, load_policy
from masking.stage import Stage
from tests.gateway.orders import CONSIGNEE, sf_document
from tests.gateway.world import World, open_world

NOW = datetime(2026, 11, 25, 8, tzinfo=UTC)
NARROW = 'name="narrow"\nbase="built-in"\ndrop=["couriers-names", "couriers-street-masked"]\n'


def test_a_folder_without_a_policy_of_its_own_has_the_built_in_one(tmp_path: Path) -> None:
    assert folder_policy(tmp_path) == built_in()
    (tmp_path / "scopes.toml").write_text(NARROW, "utf-8")
    assert folder_policy(tmp_path).name == "narrow"


def test_a_reason_is_one_line_without_what_is_personal_and_not_a_book() -> None:
    assert reason("  the pilot\n is over ") == "the pilot is over"
    assert "13866667777" not in reason("call 13866667777")
    with pytest.raises(RevisionRefused):
        reason("x" * 501)


def test_where_a_version_cannot_be_understood_nobody_sees_anything() -> None:
    for reader in Reader:
        for stage in Stage:
            assert NOTHING.decide(Audience(reader, "x"), Occasion(stage, NOW, own=True)) == {}
    assert len(FIELDS) > 20


async def test_the_change_is_in_force_at_once_and_survives_a_restart(own_world: World) -> None:
    number = (await own_world.sf_order(sf_document())).waybill
    token = await own_world.courier("station")
    assert "name" in (await own_world.scan(token, waybill=number)).json["recipient"]
    await own_world.op("policy.apply", source=NARROW)
    assert "name" not in (await own_world.scan(token, waybill=number)).json["recipient"]
    assert repr(own_world.service.policies).startswith("<PolicyBook version 2, ")
    await own_world.restart()
    assert "name" not in (await own_world.scan(token, waybill=number)).json["recipient"]
    await own_world.op("policy.rollback", version=1, why="back")
    assert CONSIGNEE.name[0] in (await own_world.scan(token, waybill=number)).json["recipient"]["name"]
    assert (await own_world.audit())["ok"]


async def test_a_file_that_is_no_longer_read_is_warned_of(own_world: World, capsys: pytest.CaptureFixture[str]) -> None:
    await own_world.op("policy.apply", source=NARROW)
    await own_world.restart()
    assert "policy.file_ignored" not in capsys.readouterr().err
    (own_world.folder / "scopes.toml").write_text('name="stale"\n', "utf-8")
    await own_world.restart()
    assert own_world.service.policy.name == "narrow"
    assert '"policy.file_ignored", "path": "scopes.toml", "version": 2' in capsys.readouterr().err


async def test_two_changes_at_one_moment_are_one_change_and_one_refusal(own_world: World) -> None:
    book = own_world.service.policies
    policies = [load_policy(NARROW), load_policy('name="other"\n')]
    units = [
        (await book.change(lambda history, policy=policy: history.changed(policy, by="a", at=NOW), NOW))[1]  # type: ignore[misc]
        for policy in policies
    ]
    await own_world.service.commit(units[0])
    with pytest.raises(Conflict):
        await own_world.service.commit(units[1])
    assert [one["name"] for one in await own_world.op("policy.history")] == ["built-in", "narrow"]
    assert (await own_world.tags()).count("policy.changed") == 2


async def test_a_version_that_cannot_be_understood_closes_everything_and_refuses_a_start(own_world: World) -> None:
    await own_world.op("policy.apply", source=NARROW)
    service = own_world.service

    def damage(source: str) -> object:
        return lambda connection: connection.execute(update(policy_versions).values(source=source))

    await service.database.write(damage("nonsense = 1"))  # type: ignore[arg-type]
    book = PolicyBook(service.database, built_in())
    with pytest.raises(PolicyInvalid):
        await book.follow()
    assert book.current == NOTHING
    await service.database.write(damage(NARROW))  # type: ignore[arg-type]
    assert await book.follow()
    assert book.current.name == "narrow"


@pytest.mark.pg
async def test_another_process_follows_within_a_second(pg_url: str, tmp_path: Path) -> None:
    async with open_world(tmp_path, database=pg_url) as one:
        settings = dataclasses.replace(one.settings, port=0)
        async with running(settings, keys=one.keys, clock=one.clock) as other:
            await one.op("policy.apply", source=NARROW)
            begun = asyncio.get_running_loop().time()
            while other.service.policy.name != "narrow":
                assert asyncio.get_running_loop().time() - begun < 1.0
                await asyncio.sleep(0.02)
            await one.op("policy.rollback", version=1, why="back")
            await asyncio.sleep(1.0)
            assert other.service.policy == built_in()
