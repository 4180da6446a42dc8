"""Couriers to practise on: real HTTP servers that check what they are sent as the carriers do, and keep every byte of it.

They are written from the carriers' documentation and share no code with the product, so that a signature which both sides
get wrong is not taken for right. They book whatever they are sent: a second booking of one reference shows as two waybills.
"""

from __future__ import annotations

import asyncio
import base64
import gzip
import hashlib
import itertools
import json
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, quote_plus

from aiohttp import web

PARTNER, CHECK_WORD = "VEILWAYPARTNER", "kPr9ZbXq2LwT7vYd5NcJ1sHg8RfMu3Ea"
CLIENT_ID, CLIENT_SECRET = "veilway-client", "veilway-client-secret"
Handler = Callable[[web.Request, bytes], Awaitable[web.StreamResponse]]


@dataclass(frozen=True)
class Received:
    """One request as it came over the wire."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def form(self) -> dict[str, str]:
        return {name: values[0] for name, values in parse_qs(self.body.decode(), keep_blank_values=True).items()}

    @property
    def raw(self) -> bytes:
        """Everything that left, for searching."""
        head = "".join(f"{name}: {value}\n" for name, value in self.headers.items())
        return f"{self.method} {self.path}\n{head}\n".encode() + self.body


@dataclass
class Courier:
    """What every practice courier has. `act` is taken instead of its own answer, once for each entry."""

    received: list[Received] = field(default_factory=list)
    booked: Counter[str] = field(default_factory=Counter)
    """Bookings by order reference."""
    act: list[Handler] = field(default_factory=list)
    url: str = ""
    _waybills: Any = field(default_factory=lambda: itertools.count(7_000_000_000_001))

    async def handle(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        self.received.append(Received(request.method, request.raw_path, dict(request.headers), body))
        if self.act:
            return await self.act.pop(0)(request, body)
        return await self.answer(request, body)

    async def answer(self, request: web.Request, body: bytes) -> web.StreamResponse:
        raise NotImplementedError

    @property
    def last(self) -> Received:
        return self.received[-1]


def java_quoted(text: str) -> str:
    """java.net.URLEncoder, from its documentation: letters, digits and `.-*_` stay, a blank is a plus sign."""
    return quote_plus(text, safe="*-_.").replace("~", "%7E")


def sf_digest(data: str, timestamp: str, check_word: str) -> str:
    """SF's msgDigest: base64 of the MD5 of the URL-encoded text."""
    return base64.b64encode(hashlib.md5(java_quoted(data + timestamp + check_word).encode()).digest()).decode()


@dataclass
class SfCourier(Courier):
    """`POST /std/service`: creates, looks up, traces, cancels; echoes the parties and the remark as SF does."""

    orders: dict[str, str] = field(default_factory=dict)
    """Order reference -> its first waybill."""

    async def answer(self, request: web.Request, body: bytes) -> web.StreamResponse:
        form = self.last.form
        if form.get("partnerID") != PARTNER:
            return _sf_refusal("A1001", "partnerID unknown")
        if form.get("msgDigest") != sf_digest(form["msgData"], form["timestamp"], CHECK_WORD):
            return _sf_refusal("A1006", "msgDigest wrong")
        document = json.loads(form["msgData"])
        match form["serviceCode"]:
            case "EXP_RECE_CREATE_ORDER" | "EXP_RECE_CREATE_REVERSE_ORDER":
                return self._create(document)
            case "EXP_RECE_SEARCH_ORDER_RESP":
                return self._look_up(document)
            case "EXP_RECE_SEARCH_ROUTES":
                return _sf_answer({"routeResps": [{"mailNo": document["trackingNumber"][0], "routes": []}]})
            case "EXP_RECE_UPDATE_ORDER":
                return _sf_answer({"orderId": document["orderId"], "resStatus": 2})
        return _sf_refusal("A1003", "serviceCode unknown")

    def _create(self, document: dict[str, Any]) -> web.Response:
        reference, waybill = document["orderId"], f"SF{next(self._waybills)}"
        self.booked[reference] += 1
        self.orders.setdefault(reference, waybill)
        return _sf_answer(
            {
                "orderId": reference,
                "originCode": "755",
                "destCode": "571",
                "filterResult": 2,
                "remark": document.get("remark"),
                "waybillNoInfoList": [{"waybillType": 1, "waybillNo": waybill}],
                "routeLabelInfo": [{"code": "1000", "routeLabelData": {"destRouteLabel": "571W-F0-AK"}}],
                "contactInfoList": document["contactInfoList"],
            }
        )

    def _look_up(self, document: dict[str, Any]) -> web.Response:
        waybill = self.orders.get(document["orderId"])
        if waybill is None:
            return _sf_answer(None, error="8018", message="未获取到订单信息")
        return _sf_answer(
            {"orderId": document["orderId"], "waybillNoInfoList": [{"waybillType": 1, "waybillNo": waybill}]}
        )


def _sf_answer(data: Any, *, error: str = "S0000", message: str = "") -> web.Response:
    inner = {"success": error == "S0000", "errorCode": error, "errorMsg": message or None, "msgData": data}
    outer = {
        "apiErrorMsg": "",
        "apiResponseID": "0001",
        "apiResultCode": "A1000",
        "apiResultData": json.dumps(inner, ensure_ascii=False),
    }
    return web.json_response(outer, dumps=lambda value: json.dumps(value, ensure_ascii=False))


def _sf_refusal(code: str, message: str) -> web.Response:
    return web.json_response(
        {"apiErrorMsg": message, "apiResponseID": "0001", "apiResultCode": code, "apiResultData": None}
    )


@dataclass
class UpsCourier(Courier):
    """OAuth2 client credentials at `/security/v1/oauth/token`, shipments with a bearer token; books every request."""

    tokens: list[str] = field(default_factory=list)
    shipments: int = 0

    async def answer(self, request: web.Request, body: bytes) -> web.StreamResponse:
        if request.path == "/security/v1/oauth/token":
            return self._token(request)
        if request.headers.get("Authorization", "").removeprefix("Bearer ") not in self.tokens:
            return web.json_response(
                {"response": {"errors": [{"code": "250002", "message": "Invalid token"}]}}, status=401
            )
        document = json.loads(body)["ShipmentRequest"]["Shipment"]
        self.shipments += 1
        self.booked[document["ShipTo"]["AttentionName"]] += 1
        waybill = f"1Z7R04W2{next(self._waybills)}"
        results = {
            "ShipmentIdentificationNumber": waybill,
            "PackageResults": [{"TrackingNumber": waybill}],
        }
        status = {"Response": {"ResponseStatus": {"Code": "1", "Description": "Success"}}}
        return web.json_response({"ShipmentResponse": status | {"ShipmentResults": results}})

    def _token(self, request: web.Request) -> web.Response:
        expected = base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
        if request.headers.get("Authorization") != f"Basic {expected}":
            return web.json_response(
                {"response": {"errors": [{"code": "10401", "message": "Invalid client"}]}}, status=401
            )
        self.tokens.append(f"token-{len(self.tokens) + 1}-{'x' * 24}")
        return web.json_response({"token_type": "Bearer", "access_token": self.tokens[-1], "expires_in": "3600"})


@asynccontextmanager
async def listening(courier: Courier) -> AsyncIterator[Courier]:
    """Serve a courier on a free port of this machine."""
    app = web.Application(client_max_size=4 << 20)
    app.router.add_route("*", "/{path:.*}", courier.handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    courier.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield courier
    finally:
        await runner.cleanup()


# -- what a courier may do instead of answering -----------------------------------------------------------------------


def says(status: int, body: bytes, content_type: str = "application/json") -> Handler:
    """Answer with just this."""

    async def act(_request: web.Request, _body: bytes) -> web.StreamResponse:
        return web.Response(status=status, body=body, content_type=content_type)

    return act


def falls_silent(until: asyncio.Event) -> Handler:
    """Take the request and never answer, until the test is over."""

    async def act(_request: web.Request, _body: bytes) -> web.StreamResponse:
        await until.wait()
        return web.Response(status=500)

    return act


def books_and_falls_silent(courier: Courier, until: asyncio.Event) -> Handler:
    """Book, then say nothing: the case that must never be sent again blindly."""

    async def act(request: web.Request, body: bytes) -> web.StreamResponse:
        await courier.answer(request, body)
        await until.wait()
        return web.Response(status=500)

    return act


def waits(courier: Courier, until: asyncio.Event) -> Handler:
    """Answer as usual, once told to go on."""

    async def act(request: web.Request, body: bytes) -> web.StreamResponse:
        await until.wait()
        return await courier.answer(request, body)

    return act


def breaks_off() -> Handler:
    """Close the connection in the middle of an answer."""

    async def act(request: web.Request, _body: bytes) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "1000"})
        await response.prepare(request)
        await response.write(b'{"apiResultCode":')
        if request.transport is not None:
            request.transport.abort()
        return response

    return act


def bomb(megabytes: int) -> Handler:
    """A small packed answer that unpacks to a large one."""
    packed = gzip.compress(b"\0" * (megabytes << 20), 9)

    async def act(_request: web.Request, _body: bytes) -> web.StreamResponse:
        return web.Response(body=packed, headers={"Content-Encoding": "gzip", "Content-Type": "application/json"})

    return act
