"""The description of our API and its routes are held together: neither may have what the other lacks."""

from __future__ import annotations

import pytest

from gateway.http.app import build_app
from gateway.http.openapi import PATHS, document, page
from tests.gateway.world import World

UNDESCRIBED = {"/hooks/{carrier}/{secret}", "/Q/{ticket}", "/{anything}", "/openapi.json", "/docs"}
"""Doors for carriers, switches and strangers: described where they are set up, not in the shops' API."""


@pytest.mark.asyncio(loop_scope="module")
async def test_every_route_of_ours_is_described_and_every_description_has_its_route(world: World) -> None:
    app = build_app(world.service, world.running.flows)
    routes = {resource.canonical for resource in app.router.resources()}
    ours = {path for path in routes if path not in UNDESCRIBED and not path.startswith(("/relay/", "/scan"))}

    assert ours == set(PATHS)


@pytest.mark.asyncio(loop_scope="module")
async def test_the_description_and_its_page_are_served(world: World) -> None:
    described = await world.call("GET", "/openapi.json", key="")
    shown = await world.call("GET", "/docs", key="")

    assert described.json == document()
    assert shown.body.decode() == page()
