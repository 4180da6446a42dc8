"""Every path that nobody serves is one and the same nothing, and the local verbs are not on the public port."""

from __future__ import annotations

import pytest

from gateway.http.app import build_app, build_local_app
from tests.gateway.world import World

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.mark.parametrize("path", ["/", "/ops/shop.list", "/v1", "/v1/nothing", "/admin", "/c", "/hooks", "/.env"])
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_nothing_stands_there(world: World, path: str, method: str) -> None:
    answer = await world.call(method, path)
    assert (answer.status, answer.code) == (404, "not_found")


async def test_the_verbs_of_the_command_line_are_behind_the_socket_alone(world: World) -> None:
    flows = world.running.flows
    local = {resource.canonical for resource in build_local_app(world.service, flows).router.resources()}
    public = {resource.canonical for resource in build_app(world.service, flows).router.resources()}
    assert local == {"/ops/{verb}"} and not local & public
