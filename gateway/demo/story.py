"""The demo's story: a gateway on an embedded database, sandbox couriers on loopback that check signatures, two orders and what
follows. Everything goes over real HTTP, as a shop, a courier and a telephone switch would speak; what comes out is plain values.

The people in the example orders are invented. Knows no terminal: `picture.py` shows what happened here.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field
from importlib.resources import files
from pathlib import Path
from time import perf_counter
from typing import Any
from urllib.parse import parse_qsl, unquote_plus, urlencode

import zxingcpp
from aiohttp import ClientSession, web
from PIL import Image

from carriers.leaves import leaves
from carriers.order import open_order
from carriers.sandbox import SANDBOX, Courier, create_sandbox, practice_secrets
from carriers.wire import WireRequest
from gateway.cli.remote import local_actor
from gateway.keys import make_keys, save_keys
from gateway.ops import OPS
from gateway.server import Running, running
from gateway.settings import CONFIG, INITIAL, load_settings

NUMBERS = ("17000000001", "17000000002", "17000000003", "17000000004")
SLIPPED = "13800138000"
CALLER = "13911110000"


@dataclass(frozen=True, slots=True)
class Example:
    """An order as a shop sends it."""

    carrier: str
    path: str
    file: str
    content_type: str
    format: str

    @property
    def body(self) -> bytes:
        return (files("gateway.demo") / "examples" / self.file).read_bytes()


EXAMPLES = (
    Example("sf-express", "/std/service", "sf-express.form", "application/x-www-form-urlencoded", "form"),
    Example("ups", "/api/shipments/v2409/ship", "ups.json", "application/json", "json"),
)


@dataclass(slots=True)
class Row:
    """One field of the two bodies side by side."""

    path: str
    sent: str
    received: str

    @property
    def changed(self) -> bool:
        return self.sent != self.received


@dataclass(slots=True)
class OrderTold:
    """One order: what the shop sent beside what the courier received."""

    carrier: str
    shipment: str
    waybill: str
    status: int
    granted: list[str]
    """Fields that this carrier reads whole because it delivers from the printed label."""
    rows: list[Row]
    leaks: list[str]
    """Paths of personal values found in what the courier received; the demo fails on any."""


@dataclass(slots=True)
class Told:
    """All that happened."""

    orders: list[OrderTold] = field(default_factory=list)
    label: str = ""
    scans: list[dict[str, Any]] = field(default_factory=list)
    calls: list[dict[str, Any]] = field(default_factory=list)
    retry: dict[str, Any] = field(default_factory=dict)
    remark: dict[str, Any] = field(default_factory=dict)
    refused: dict[str, Any] = field(default_factory=dict)
    audit: dict[str, Any] = field(default_factory=dict)
    urls: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def leaks(self) -> int:
        """Personal values that reached a courier and should not have."""
        return sum(len(order.leaks) for order in self.orders) + int(self.remark.get("leaked", False))

    @property
    def ok(self) -> bool:
        """Whether everything went as promised."""
        return self.leaks == 0 and bool(self.audit.get("ok")) and self.retry.get("identical") is True

    def as_json(self) -> dict[str, Any]:
        """For machines."""
        return {"ok": self.ok, "leaks": self.leaks, **asdict(self)}


class Demo:
    """The story's cast: a running gateway, its sandbox couriers, and the keys of a shop and two couriers."""

    def __init__(self, gateway: Running, couriers: dict[str, Courier], sandbox_url: str, http: ClientSession) -> None:
        self._gateway = gateway
        self._couriers = couriers
        self._sandbox_url = sandbox_url
        self._http = http
        self.told = Told()
        self._key = ""
        self._tokens: dict[str, str] = {}

    async def _op(self, verb: str, **params: Any) -> Any:
        return await OPS[verb](self._gateway.service, self._gateway.flows, params | {"actor": local_actor()})

    async def set_up(self) -> None:
        """A shop, relay numbers, two carriers, two couriers: what an operator does with a few verbs."""
        self._key = (await self._op("shop.add", name="demo shop"))["api_key"]
        await self._op("numbers.add", pool="demo", numbers=list(NUMBERS))
        for example in EXAMPLES:
            profile = self._gateway.service.profile(example.carrier)
            secrets = practice_secrets(profile)
            await self._op(
                "carrier.enable", carrier=profile.id, base_url=f"{self._sandbox_url}/{profile.id}", secrets=secrets
            )
        for role in ("station", "delivery"):
            made = await self._op("courier.add", carrier="sf-express", name=f"demo {role}", role=role, station="591AK")
            self._tokens[role] = made["token"]

    # -- orders

    async def _post(self, example: Example, body: bytes, key: str = "") -> tuple[int, dict[str, str], bytes]:
        headers = {"Authorization": f"Bearer {self._key}", "Content-Type": example.content_type}
        if key:
            headers["Idempotency-Key"] = key
        url = f"{self._gateway.url}/c/{example.carrier}{example.path}"
        async with self._http.post(url, data=body, headers=headers) as reply:
            return reply.status, {k.lower(): v for k, v in reply.headers.items()}, await reply.read()

    async def order(self, example: Example) -> None:
        """Send one order and look at it from both sides."""
        status, headers, _ = await self._post(example, example.body, key="demo-order-1")
        shipment = headers.get("veilway-shipment", "")
        received = self._couriers[example.carrier].seen[-1].request
        about = await self._op("shipment.show", shipment=shipment)
        granted = await self._granted(shipment)
        self.told.orders.append(
            OrderTold(
                example.carrier,
                shipment,
                about["waybill"],
                status,
                granted,
                _side_by_side(example.format, example.body, received.body),
                self._leaks(example, received.body, granted),
            )
        )

    async def _granted(self, shipment: str) -> list[str]:
        for record in (await self._op("audit.export"))["entries"]:
            entry = record["entry"]
            if entry["subject"] == shipment and entry["tag"] == "order.sealed":
                return [granted.split(" ", 2)[2] for granted in entry["detail"].get("granted", [])]
        return []

    def _leaks(self, example: Example, received: bytes, granted: list[str]) -> list[str]:
        """Paths of the order's personal values that stand in the received bytes: searched for here, not taken on trust."""
        wire = WireRequest("POST", example.path, "", {"content-type": example.content_type}, example.body)
        opened = open_order(self._gateway.service.profile(example.carrier).match(wire), wire)
        text = unquote_plus(received.decode())
        allowed = {value for path, _kind, _role, value in opened.fields if path in granted}
        kinds = ("name", "phone", "email", "address_line", "company", "id")
        return [
            p for p, kind, _role, value in opened.fields if kind in kinds and value not in allowed and value in text
        ]

    async def retry(self) -> None:
        """The same order again, as real retries come: new timestamp, request id and digest."""
        example = EXAMPLES[0]
        first = await self._post(example, example.body)
        fields = dict(parse_qsl(example.body.decode(), keep_blank_values=True))
        fields |= {
            "timestamp": "1999999999999",
            "requestID": "00000000-0000-4000-8000-000000000000",
            "msgDigest": "other",
        }
        again = await self._post(example, urlencode(fields).encode())
        bookings = self._couriers["sf-express"].bookings
        self.told.retry = {
            "identical": first[2] == again[2],
            "replayed": again[1].get("veilway-replayed") == "yes",
            "waybills_at_the_courier": max((len(made) for made in bookings.values()), default=0),
        }

    async def slip(self) -> None:
        """A phone in the remark, and a field that the profile does not know: one is covered, the other refused."""
        example = EXAMPLES[0]
        status, _, _ = await self._post(
            example, _changed(example.body, orderId="DEMO-REMARK", remark=f"到了请打{SLIPPED}，谢谢")
        )
        received = self._couriers["sf-express"].seen[-1].request
        text = unquote_plus(received.body.decode())
        remark = next((leaf.text for leaf in leaves(received.body, "form") if leaf.path.endswith(".remark")), "")
        self.told.remark = {
            "status": status,
            "sent": f"到了请打{SLIPPED}，谢谢",
            "received": remark,
            "leaked": SLIPPED in text,
        }
        before = len(self._couriers["sf-express"].seen)
        status, _, body = await self._post(example, _changed(example.body, orderId="DEMO-UNKNOWN", spouseName="林徽"))
        problem = json.loads(body)
        where = (problem.get("errors") or [{}])[0].get("pointer", "")
        forwarded = len(self._couriers["sf-express"].seen) - before
        self.told.refused = {"status": status, "code": problem["code"], "path": where, "forwarded": forwarded}

    # -- label, scans, calls

    async def label(self, out: Path) -> None:
        """The label as the shop prints it, and the ticket in its QR for the couriers' scans."""
        shipment = self.told.orders[0].shipment
        url = f"{self._gateway.url}/v1/shipments/{shipment}/label?format=png&size=100x150"
        async with self._http.get(url, headers={"Authorization": f"Bearer {self._key}"}) as reply:
            reply.raise_for_status()
            data = await reply.read()
        file = out / "label.png"
        _write(file, data)
        self.told.label = str(file)

    async def scan(self) -> None:
        """The same ticket, two couriers, two stages: what each sees."""
        ticket = next(
            code.text for code in zxingcpp.read_barcodes(_open(self.told.label)) if code.text.startswith("HTTPS://")
        )
        for role in ("station", "delivery"):
            headers = {"Authorization": f"Bearer {self._tokens[role]}"}
            async with self._http.post(
                f"{self._gateway.url}/v1/scans", json={"ticket": ticket}, headers=headers
            ) as reply:
                self.told.scans.append({"role": role, "status": reply.status} | await reply.json())

    async def call(self) -> None:
        """The courier dials the number on the label: with its extension, and with a wrong one."""
        shown = [await self._op("shipment.show", shipment=order.shipment) for order in self.told.orders]
        taken = {number for one in shown for number in one["relay"].values()}
        x, _, ext = shown[0]["relay"]["recipient"].partition("-")
        others = (f"{(int(ext) + step) % 10 ** len(ext):0{len(ext)}d}" for step in range(1, 100))
        wrong = next(other for other in others if f"{x}-{other}" not in taken)
        for given in (ext, wrong):
            asked = {"caller": CALLER, "called": x, "ext": given}
            async with self._http.post(f"{self._gateway.url}/relay/sandbox/voice", json=asked) as reply:
                self.told.calls.append({"called": f"{x}-{given}"} | await reply.json())

    async def verify(self) -> None:
        """Every disclosure above is on record; the record holds."""
        self.told.audit = await self._op("audit.verify")
        base = self._gateway.url
        self.told.urls = {
            "front door": f"{base}/c/sf-express/std/service",
            "key": self._key,
            "courier token": self._tokens["delivery"],
            "shipment": f"{base}/v1/shipments/{self.told.orders[0].shipment}",
            "scan page": f"{base}/scan",
            "metrics": f"{base}/metrics",
        }


@asynccontextmanager
async def demo(folder: Path, out: Path, *, port: int = 0) -> AsyncIterator[Demo]:
    """Live the story in `folder` (made anew) and leave the label in `out`. The gateway runs until the context ends."""
    started = perf_counter()
    _make_folder(folder, port)
    app = create_sandbox([example.carrier for example in EXAMPLES])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    sandbox_url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        async with running(load_settings(folder, {})) as gateway, ClientSession() as http:
            story = Demo(gateway, app[SANDBOX].couriers, sandbox_url, http)
            await story.set_up()
            for example in EXAMPLES:
                await story.order(example)
            await story.label(out)
            await story.scan()
            await story.call()
            await story.retry()
            await story.slip()
            await story.verify()
            story.told.seconds = round(perf_counter() - started, 2)
            yield story
    finally:
        await runner.cleanup()


def _make_folder(folder: Path, port: int) -> None:
    (folder / CONFIG).write_text(INITIAL.replace("port = 8080", f"port = {port}"), encoding="utf-8")
    save_keys(folder, make_keys())


def _side_by_side(format: str, sent: bytes, received: bytes) -> list[Row]:
    """Every leaf of both bodies, in the order of the shop's."""
    before = {leaf.path: str(leaf.text) for leaf in leaves(sent, format)}
    after = {leaf.path: str(leaf.text) for leaf in leaves(received, format)}
    return [Row(path, before.get(path, ""), after.get(path, "")) for path in dict.fromkeys((*before, *after))]


def _changed(body: bytes, **values: str) -> bytes:
    """The SF example with other values at the top of its document."""
    fields = dict(parse_qsl(body.decode(), keep_blank_values=True))
    document = json.loads(fields["msgData"]) | values
    fields["msgData"] = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    return urlencode(fields).encode()


def _write(file: Path, data: bytes) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(data)


def _open(path: str) -> Image.Image:
    with Image.open(path) as image:
        return image.convert("L")


def differences(order: OrderTold) -> Iterator[Row]:
    """The fields that the courier received otherwise than the shop sent them."""
    return (row for row in order.rows if row.changed)
