"""How a verb reaches the service: over the folder's socket while `serve` runs, else by opening the service in this process."""

from __future__ import annotations

import asyncio
import base64
import getpass
import json
import os
import socket
from pathlib import Path
from typing import Any

from masking.errors import VeilwayError

SOCKET = "veilway.sock"
_LONGEST = 100  # bytes; the system takes 107


def socket_path(folder: Path) -> str:
    """The socket's path, short enough for the system: a deep folder is reached through an open descriptor of it."""
    path = str(folder.resolve() / SOCKET)
    if len(path.encode()) <= _LONGEST:
        return path
    return f"/proc/self/fd/{os.open(folder, os.O_RDONLY | os.O_DIRECTORY)}/{SOCKET}"


def run(folder: Path, verb: str, **params: Any) -> Any:
    """Run one verb of `gateway.ops` for the local user and give its result. Raises the verb's own error."""
    params["actor"] = local_actor()
    served = _ask_server(folder, verb, params)
    if served is not None:
        return served["result"]
    return asyncio.run(_run_here(folder, verb, params))


def local_actor() -> str:
    """The local user, as the audit log names them."""
    try:
        return f"local:{getpass.getuser()}"
    except (KeyError, OSError):
        return f"local:uid{os.getuid()}"


def label(folder: Path, shipment: str, format: str, size: str, dpi: int = 203) -> bytes:
    """A shipment's label."""
    made = run(folder, "label.render", shipment=shipment, format=format, size=size, dpi=dpi)
    return base64.b64decode(made["data"])


def _ask_server(folder: Path, verb: str, params: dict[str, Any]) -> dict[str, Any] | None:
    if not (folder / SOCKET).exists():
        return None
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(600)
        try:
            connection.connect(socket_path(folder))
        except (ConnectionRefusedError, FileNotFoundError):
            return None  # a socket that nobody listens to: the server was killed
        body = json.dumps(params).encode()
        head = f"POST /ops/{verb} HTTP/1.1\r\nHost: veilway\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        connection.sendall(f"{head}Connection: close\r\n\r\n".encode() + body)
        with connection.makefile("rb") as reply:
            raw = reply.read()
    _head, _, answer = raw.partition(b"\r\n\r\n")
    document: dict[str, Any] = json.loads(answer)
    if "code" in document:
        errors = document.get("errors") or [{}]
        raise VeilwayError(document["detail"], code=document["code"], path=errors[0].get("pointer"))
    return document


async def _run_here(folder: Path, verb: str, params: dict[str, Any]) -> Any:
    from gateway.flows import make_flows
    from gateway.ops import OPS
    from gateway.service import open_service
    from gateway.settings import load_settings

    async with open_service(load_settings(folder)) as service:
        return await OPS[verb](service, make_flows(service), params)
