"""A socket's path fits the system's limit, however deep the folder is."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path

from gateway.cli.remote import SOCKET, local_actor, socket_path
from tests.cli.folder import veilway
from tests.gateway.world import make_folder


def test_a_short_path_is_itself(tmp_path: Path) -> None:
    folder = Path("x")
    assert socket_path(folder) == str(folder.resolve() / SOCKET)


def test_a_deep_folder_is_reached_through_a_descriptor(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 100)
    deep.mkdir()
    path = socket_path(deep)
    assert len(path.encode()) < 108
    with socket.socket(socket.AF_UNIX) as probe:
        probe.bind(path)
    assert (deep / SOCKET).is_socket()


async def test_a_socket_that_nobody_listens_to_is_passed_over(tmp_path: Path) -> None:
    import socket

    folder = make_folder(tmp_path / "v")
    left = socket.socket(socket.AF_UNIX)
    left.bind(str(folder / "veilway.sock"))
    left.close()
    assert (await asyncio.to_thread(veilway, "shop", "list", "--json", folder=folder)).json == []


def test_the_local_user_is_named() -> None:
    assert local_actor().startswith("local:") and len(local_actor()) > 6
