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

import aiohttp
from yarl import URL

from carriers.wire import WireReply, WireRequest
from gateway.settings import ConfigError, Settings
from masking.errors import VeilwayError

ENFORCE = "enforce"
LOOPBACK = ("127.0.0.1", "localhost", "::1")


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


class Upstream:
    """One client session for all carriers; opened and closed with the service."""

    def __init__(self, settings: Settings) -> None:
        self._limit = settings.answer_limit
        connector = aiohttp.TCPConnector(
            limit=0,
            limit_per_host=settings.upstream_connections,
            ttl_dns_cache=30,
            keepalive_timeout=10,  # below most servers' own, so that a POST seldom meets a connection just closed
            ssl=ssl.create_default_context(),
        )
        self._session = aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=True,
            trust_env=False,
            timeout=aiohttp.ClientTimeout(
                total=settings.carrier_timeout.total_seconds(),
                connect=None,
                sock_connect=settings.connect_timeout.total_seconds(),
            ),
            max_line_size=4096,
            max_field_size=4096,
            skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding"),
        )

    async def send(self, route: Route, request: WireRequest, host: str = "") -> WireReply:
        """One exchange. Raises `CarrierUnreachable`, `CarrierTimeout`, `CarrierGarbage` or `HostNotSet`."""
        target = f"{request.path}?{request.query}" if request.query else request.path
        url = URL(route.base(host) + target, encoded=True)
        try:
            async with self._session.request(
                request.method, url, data=request.body or None, headers=request.headers, allow_redirects=False
            ) as reply:
                headers = {name.lower(): value for name, value in reply.headers.items()}
                return WireReply(reply.status, headers, await self._body(reply))
        except aiohttp.ClientConnectorError:
            raise CarrierUnreachable(f"no connection to {route.carrier}") from None
        except TimeoutError as error:
            if isinstance(error, aiohttp.ConnectionTimeoutError):
                raise CarrierUnreachable(f"no connection to {route.carrier} in time") from None
            raise CarrierTimeout(f"{route.carrier} did not answer in time") from None
        except (aiohttp.ClientError, ValueError, OSError) as error:
            raise CarrierGarbage(f"{route.carrier} broke off: {type(error).__name__}") from None

    async def _body(self, reply: aiohttp.ClientResponse) -> bytes:
        declared = reply.content_length
        if declared is not None and declared > self._limit:
            reply.close()
            raise CarrierGarbage("the answer is longer than the limit", code="answer_too_large")
        if declared is not None and "Content-Encoding" not in reply.headers:
            return await reply.read()
        # Of unknown or compressed length: a small packed answer may unpack to gigabytes.
        parts, size = [], 0
        async for part in reply.content.iter_chunked(65536):
            size += len(part)
            if size > self._limit:
                reply.close()
                raise CarrierGarbage("the answer is longer than the limit", code="answer_too_large")
            parts.append(part)
        return b"".join(parts)

    async def close(self) -> None:
        """Close the pool and give the transports a turn to end."""
        await self._session.close()
        await asyncio.sleep(0)
