"""A whole gateway in a folder of its own, with couriers behind it and a client before it: what most gateway tests act on.

Everything goes over real HTTP on real sockets. Time is a value that the test moves; nothing sleeps and nothing is patched.
"""

from __future__ import annotations

import dataclasses
import json
import shutil
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import aiohttp

from carriers.profile import CarrierProfile, load_profiles
from gateway.flows import make_flows
from gateway.keys import Keys, make_keys, save_keys
from gateway.ops import OPS
from gateway.server import Running, running
from gateway.service import Service, open_service
from gateway.settings import INITIAL, Settings, load_settings
from tests.gateway.couriers import (
    CHECK_WORD,
    CLIENT_ID,
    CLIENT_SECRET,
    PARTNER,
    SfCourier,
    UpsCourier,
    listening,
)
from tests.gateway.orders import sf_form

FORM = {"Content-Type": "application/x-www-form-urlencoded;charset=UTF-8"}
SF_PATH, UPS_PATH = "/c/sf-express/std/service", "/c/ups/api/shipments/v2409/ship"
SECRETS = {
    "sf-express": {"partner_id": PARTNER, "check_word": CHECK_WORD},
    "ups": {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET},
}
NUMBERS = ("95013990001", "95013990002")


@dataclass
class Hands:
    """A clock that the test turns, forwards only."""

    now: datetime = datetime(2026, 11, 25, 8, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def turn(self, by: timedelta) -> None:
        self.now += by


@dataclass(frozen=True)
class Answer:
    """What a client was told."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def code(self) -> str:
        """The stable code of a problem of ours, or an empty string."""
        return self.json["code"] if self.headers.get("Content-Type", "").startswith("application/problem+json") else ""

    @property
    def shipment(self) -> str:
        return self.headers.get("Veilway-Shipment", "")

    @property
    def raw(self) -> bytes:
        return repr(self.headers).encode() + self.body

    @property
    def sf(self) -> Any:
        """The document inside SF's answer."""
        return json.loads(self.json["apiResultData"])

    @property
    def waybill(self) -> str:
        """The waybill of SF's answer."""
        return self.sf["msgData"]["waybillNoInfoList"][0]["waybillNo"]


@dataclass
class World:
    """One gateway, its couriers, one shop."""

    folder: Path
    settings: Settings
    keys: Keys
    clock: Hands
    sf: SfCourier
    ups: UpsCourier
    client: aiohttp.ClientSession
    running: Running = field(init=False)
    _life: AsyncExitStack = field(default_factory=AsyncExitStack)
    key: str = field(init=False)
    """The first shop's."""
    hooks: dict[str, str] = field(default_factory=dict)
    """Carrier -> path of its pushes."""

    @property
    def service(self) -> Service:
        return self.running.service

    async def start(self) -> None:
        self.running = await self._life.enter_async_context(
            running(self.settings, keys=self.keys, clock=self.clock, profiles=profiles())
        )

    async def stop(self) -> None:
        """Stop the gateway in order; the couriers stay."""
        await self._life.aclose()

    async def restart(self) -> None:
        """An orderly stop and a new start on the same folder."""
        await self.stop()
        await self.start()

    async def op(self, verb: str, **params: Any) -> Any:
        """Run a verb of the command line, inside."""
        return await OPS[verb](self.service, self.running.flows, {"actor": "local:test"} | params)

    async def shop(self, name: str, hotline: str = "") -> str:
        """A further shop's key."""
        return str((await self.op("shop.add", name=name, hotline=hotline))["api_key"])

    async def courier(self, role: str = "delivery", *, carrier: str = "sf-express", **more: Any) -> str:
        """A courier's token."""
        return str((await self.op("courier.add", carrier=carrier, name=f"A {role}", role=role, **more))["token"])

    async def call(
        self,
        method: str,
        path: str,
        *,
        key: str | None = None,
        body: bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> Answer:
        """One request as an outsider makes it. `key` None is the first shop's; empty sends none."""
        sent = dict(headers or {})
        token = self.key if key is None else key
        if token:
            sent.setdefault("Authorization", f"Bearer {token}")
        url = self.running.url + path
        async with self.client.request(method, url, data=body, headers=sent, allow_redirects=False) as reply:
            return Answer(reply.status, dict(reply.headers), await reply.read())

    async def sf_order(self, document: Any, *, key: str | None = None, **fields: str) -> Answer:
        """Create an order in SF's format: a new timestamp, request id and digest each time."""
        return await self.call("POST", SF_PATH, key=key, body=sf_form(document, **fields), headers=FORM)

    async def ups_order(self, document: Any, *, key: str | None = None, idempotency: str = "") -> Answer:
        headers = {"Content-Type": "application/json"} | ({"Idempotency-Key": idempotency} if idempotency else {})
        return await self.call("POST", UPS_PATH, key=key, body=json.dumps(document).encode(), headers=headers)

    async def scan(self, token: str, **asked: str) -> Answer:
        return await self.call("POST", "/v1/scans", key=token, body=json.dumps(asked).encode())

    async def ring(self, caller: str, called: str, ext: str = "") -> Any:
        """Ask the relay who is behind a number, as the sandbox provider does."""
        asked = json.dumps({"caller": caller, "called": called, "ext": ext}).encode()
        return (await self.call("POST", "/relay/sandbox/voice", key="", body=asked)).json

    async def audit(self) -> Any:
        return await self.op("audit.verify")

    async def tags(self) -> list[str]:
        """The tags of every audit entry so far, oldest first."""
        page = await self.op("audit.export", chain=f"veilway/{self.service.holder}")
        return [entry["entry"]["tag"] for entry in page["entries"]]


@cache
def profiles() -> dict[str, CarrierProfile]:
    """The built-in carriers, compiled once a process."""
    return load_profiles(None)


@cache
def _template() -> Path:
    """A folder with settings and an up-to-date empty database, made once a process and copied for each world."""
    import asyncio
    import threading

    folder = Path(mkdtemp(prefix="veilway-template-"))
    (folder / "veilway.toml").write_text(INITIAL, "utf-8")
    save_keys(folder, make_keys())

    async def make() -> None:
        async with open_service(load_settings(folder, {})):
            pass

    thread = threading.Thread(target=asyncio.run, args=(make(),))
    thread.start()
    thread.join()
    return folder


def make_folder(folder: Path) -> Path:
    """A folder as `veilway init` leaves it, with keys of its own."""
    shutil.copytree(_template(), folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("*.lock", "keys.json"))
    save_keys(folder, make_keys())
    return folder


async def set_up(folder: Path, carriers: dict[str, str], *, numbers: int = 30) -> str:
    """A folder for a server process: carriers by base URL, relay numbers, one shop; gives the shop's key."""
    make_folder(folder)
    async with open_service(load_settings(folder, {}), profiles=profiles()) as service:
        flows, by = make_flows(service), {"actor": "local:test"}
        made = await OPS["shop.add"](service, flows, by | {"name": "First Shop"})
        for carrier, url in carriers.items():
            route = {"carrier": carrier, "base_url": url, "secrets": SECRETS[carrier]}
            await OPS["carrier.enable"](service, flows, by | route)
        xs = [f"9501399{line:04d}" for line in range(numbers)]
        await OPS["numbers.add"](service, flows, by | {"pool": "first", "numbers": xs})
    return str(made["api_key"])


async def verified(folder: Path) -> Any:
    """What `audit verify` says of a folder that nobody serves."""
    async with open_service(load_settings(folder, {}), profiles=profiles()) as service:
        return await OPS["audit.verify"](service, make_flows(service), {"actor": "local:test"})


@asynccontextmanager
async def open_world(
    folder: Path,
    *,
    clock: Hands | None = None,
    numbers: Sequence[str] = NUMBERS,
    ext_digits: int = 4,
    scheme: str = "",
    **overrides: Any,
) -> AsyncIterator[World]:
    """A gateway on a free port over `folder`, SF and UPS enabled, relay numbers in one pool, one shop. `overrides` are settings."""
    make_folder(folder)
    settings = dataclasses.replace(load_settings(folder, {}), port=0, **overrides)
    async with AsyncExitStack() as stack:
        sf, ups = SfCourier(), UpsCourier()
        await stack.enter_async_context(listening(sf))
        await stack.enter_async_context(listening(ups))
        client = await stack.enter_async_context(aiohttp.ClientSession())
        keys = make_keys()
        save_keys(folder, keys)
        world = World(folder, settings, keys, clock or Hands(), sf, ups, client)
        await world.start()
        stack.push_async_callback(world.stop)
        world.key = await world.shop("First Shop")
        for carrier, courier in (("sf-express", sf), ("ups", ups)):
            made = await world.op("carrier.enable", carrier=carrier, base_url=courier.url, secrets=SECRETS[carrier])
            world.hooks[carrier] = made["hook"]
        await world.op("numbers.add", pool="first", numbers=list(numbers), ext_digits=ext_digits, scheme=scheme)
        yield world
