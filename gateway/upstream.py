"""The hop to a carrier: a `WireRequest` out, a `WireReply` back, each fault one typed error. Knows sockets; masks nothing.

No redirect is followed, no cookie kept, no proxy taken from the environment, nothing retried: whether a request may be sent
again is the flow's decision, and only an error with `sent = False` proves that the carrier never had it.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from yarl import URL

from carriers.wire import WireReply, WireRequest
from gateway.heads import BrokenHead, head
from gateway.pool import NoConnection, Place, Pool
from gateway.settings import ConfigError, Settings
from gateway.unpacking import Broken, TooLong
from masking.errors import VeilwayError

ENFORCE = "enforce"
LOOPBACK = ("127.0.0.1", "localhost", "::1")
WITHOUT_BODY = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
"""Methods whose requests say nothing of a length where they have no body."""
FRAMING = frozenset(
    {"host", "content-length", "transfer-encoding", "connection", "keep-alive", "te", "trailer", "upgrade", "expect"}
)
"""Fields that are between two neighbours, and set by none but the hop."""


class CarrierFault(VeilwayError):
    """The hop failed. `sent` is False only where the carrier cannot have seen the request."""

    code = "carrier_unreachable"
    sent = True


class CarrierUnreachable(CarrierFault):
    """No connection could be made; nothing was sent."""

    sent = False


class CarrierTimeout(CarrierFault):
    """The carrier did not answer in time; it may have booked."""

    code = "carrier_timeout"


class CarrierGarbage(CarrierFault):
    """The answer broke off, was not HTTP, or was longer than the limit; the carrier may have booked."""

    code = "carrier_garbage"


class RequestUnsendable(CarrierFault):
    """A value that the request's head cannot hold, such as a line break; nothing was sent."""

    code = "request_unsendable"
    sent = False


class HostNotSet(CarrierFault):
    """The call goes to a further host of the carrier's that this route has no URL for; nothing was sent."""

    code = "carrier_host_missing"
    sent = False


@dataclass(frozen=True, slots=True)
class Route:
    """Where a carrier is and how we speak to it. `repr` shows no secret."""

    carrier: str
    base_url: str
    secrets: Mapping[str, str] = field(repr=False)
    options: Mapping[str, Any] = field(default_factory=dict)
    suspended: bool = False

    @property
    def country(self) -> str:
        """Where the carrier's own service and people are, two letters; empty where nobody said."""
        return str(self.options.get("country") or "")

    @property
    def mode(self) -> str:
        """`enforce`; or, for a route on its way in, `report` (bodies go out as they came, what would be covered is counted and on
        record) or `off` (the same, uncounted)."""
        return str(self.options.get("mode") or ENFORCE)

    def base(self, host: str = "") -> str:
        """The URL of the carrier's main host, or of the one called `host`. Raises `HostNotSet`."""
        if not host:
            return self.base_url
        url = (self.options.get("hosts") or {}).get(host)
        if not url:
            message = f"no URL is set for the host {host}: veilway carrier enable {self.carrier} --base-url {host}=URL"
            raise HostNotSet(message, path=f"hosts.{host}")
        return str(url)


def check_base_url(url: str) -> str:
    """The URL without its last slash. Upstreams are https; loopback alone may be http."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.query or parts.fragment:
        raise ConfigError("base-url: must be https://HOST[/PATH]", path="base-url")
    if parts.scheme == "http" and parts.hostname not in LOOPBACK:
        raise ConfigError("base-url: plain http is for loopback only; use https", path="base-url")
    return url.rstrip("/")


@dataclass(frozen=True, slots=True)
class Line:
    """A base URL, taken apart once."""

    pool: Pool
    prefix: str
    """The base URL's own path, which stands before each request's."""
    host: str
    """The line with the field `Host`."""


class Upstream:
    """The connections to all carriers; opened and closed with the service."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._seconds = settings.carrier_timeout.total_seconds()
        self._tls = ssl.create_default_context()
        self._lines: dict[str, Line] = {}
        """By base URL; there are as many as the operator ever entered."""
        self._pools: dict[tuple[str, str, int], Pool] = {}

    async def send(self, route: Route, request: WireRequest, host: str = "") -> WireReply:
        """One exchange. Raises `CarrierUnreachable`, `CarrierTimeout`, `CarrierGarbage`, `RequestUnsendable` or `HostNotSet`."""
        base = route.base(host)
        line = self._lines.get(base) or self._line(base)
        octets = written(line, request)
        until = line.pool.time() + self._seconds
        try:
            return await line.pool.exchange(octets, bodiless=request.method == "HEAD", until=until)
        except NoConnection:
            raise CarrierUnreachable(f"no connection to {route.carrier}") from None
        except TimeoutError:
            raise CarrierTimeout(f"{route.carrier} did not answer in time") from None
        except TooLong:
            raise CarrierGarbage("the answer is longer than the limit", code="answer_too_large") from None
        except Broken:
            raise CarrierGarbage(f"{route.carrier} broke off, or did not speak HTTP") from None

    def _line(self, base: str) -> Line:
        try:
            url = URL(base, encoded=True)
            key = (url.scheme, url.raw_host or "", url.port or 0)
        except ValueError:
            raise CarrierUnreachable("the base URL names no host and port") from None
        settings = self._settings
        pool = self._pools.get(key)
        if pool is None:
            pool = self._pools[key] = Pool(
                Place(
                    host=key[1],
                    port=key[2],
                    tls=self._tls if url.scheme == "https" else None,
                    connections=settings.upstream_connections,
                    connect_timeout=settings.connect_timeout.total_seconds(),
                    answer_limit=settings.answer_limit,
                )
            )
        line = self._lines[base] = Line(pool, url.raw_path.rstrip("/"), f"Host: {url.host_port_subcomponent}")
        return line

    async def close(self) -> None:
        """Close the connections and give the transports a turn to end."""
        for pool in self._pools.values():
            pool.close()
        await asyncio.sleep(0)


def written(line: Line, request: WireRequest) -> bytes:
    """A request's bytes, whole. `Host` and `Content-Length` are set here alone. Raises `RequestUnsendable`."""
    target = line.prefix + request.path or "/"
    if request.query:
        target += "?" + request.query
    if "#" in target:  # a fragment stays at home
        target = target.partition("#")[0]
    lines, headers, body = [request.method + " " + target + " HTTP/1.1", line.host], request.headers, request.body
    for name, value in headers.items():
        if name not in FRAMING:
            lines.append(name + ": " + value)
    if body:
        lines.append("Content-Length: " + str(len(body)))
        if "content-type" not in headers:
            lines.append("Content-Type: application/octet-stream")
    elif request.method not in WITHOUT_BODY:
        lines.append("Content-Length: 0")
    try:
        if " " in target or " " in request.method:
            raise BrokenHead
        return head(lines) + body
    except BrokenHead:
        raise RequestUnsendable("a value of the order would break out of its place in the request's head") from None
