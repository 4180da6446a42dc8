"""A service is opened whole and closed in order; a folder has one process; what it lacks is named."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from gateway.service import CarrierNotEnabled, UnknownCarrier, open_service
from gateway.settings import ConfigError, load_settings
from gateway.store.errors import StoreUnavailable
from tests.gateway.world import World, make_folder


async def test_a_folder_is_held_by_one_service_and_free_afterwards(tmp_path: Path) -> None:
    settings = load_settings(make_folder(tmp_path / "v"), {})
    async with open_service(settings):
        with pytest.raises(StoreUnavailable) as refused:
            async with open_service(settings):
                pass
        assert refused.value.code == "folder_in_use"
    async with open_service(settings):
        pass


async def test_what_a_folder_lacks_is_named(tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "v")
    (folder / "keys.json").unlink()
    with pytest.raises(ConfigError) as refused:
        async with open_service(load_settings(folder, {})):
            pass
    assert refused.value.path == "keys.json"


async def test_a_store_that_is_away_is_told_as_such(tmp_path: Path) -> None:
    settings = load_settings(make_folder(tmp_path / "v"), {})
    away = dataclasses.replace(settings, database="postgresql+asyncpg://veilway@127.0.0.1:9/x")
    with pytest.raises(StoreUnavailable):
        async with open_service(away):
            pass


async def test_a_scope_policy_of_the_folder_s_own_is_read_and_a_bad_one_is_refused(tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "v")
    (folder / "scopes.toml").write_text("nonsense = 1")
    with pytest.raises(Exception) as refused:
        async with open_service(load_settings(folder, {})):
            pass
    assert getattr(refused.value, "code", "")


async def test_carriers_are_known_enabled_or_neither(own_world: World) -> None:
    service = own_world.service
    assert service.route("sf-express").base_url == own_world.sf.url
    with pytest.raises(CarrierNotEnabled):
        service.route("zto")
    with pytest.raises(UnknownCarrier):
        service.profile("nobody")


async def test_secrets_sealed_under_other_keys_are_refused_at_start(own_world: World) -> None:
    from gateway.keys import make_keys

    await own_world.stop()
    with pytest.raises(ConfigError) as refused:
        async with open_service(own_world.settings, keys=make_keys()):
            pass
    assert refused.value.path in ("sf-express", "ups")
    await own_world.start()


async def test_its_repr_is_a_sentence_of_state(own_world: World) -> None:
    assert "2 carriers" in repr(own_world.service) and len(repr(own_world.service)) < 300
