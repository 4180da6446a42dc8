"""A carrier's own label that an answer gave by URL: fetched through the gateway by its shop, looked at, and only then given out.

Carriers that deliver from the printed label want their own on the parcel. Its URL goes to nobody: the shop gets one of ours, which
carries theirs sealed, so that nothing need be kept; it works for its own shop, while the shipment is not erased. Nothing of the
carrier's credentials goes to where the label lies.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import ipaddress
import socket
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

import aiohttp
from aiohttp.abc import ResolveResult
from aiohttp.resolver import ThreadedResolver
from yarl import URL

from carriers.answer import sniff
from gateway.flows.artwork import WITHHOLD, Terms, police_one
from gateway.flows.own_label import own_label
from gateway.flows.print_label import NoLabel, PrintLabel
from gateway.identity import Shop
from gateway.secrets_box import open_secrets, seal_secrets
from gateway.service import Service
from gateway.settings import ConfigError
from gateway.store import reads
from gateway.store.unit import Unit
from gateway.upstream import LOOPBACK, CarrierGarbage, CarrierUnreachable
from masking.disclosure import Record, disclose
from masking.personal import Party
from masking.policy import Audience, Occasion, Reader
from masking.stage import Stage

MEDIA = {
    "PDF": "application/pdf",
    "PNG": "image/png",
    "GIF": "image/gif",
    "JPEG": "image/jpeg",
    "TIFF": "image/tiff",
    "ZPL": "application/zpl",
}
LONGEST = 8 * 1024 * 1024  # a label of several pages with pictures
SECONDS = 20.0


@dataclass(slots=True, repr=False)
class Paper:
    """A label that was fetched, for the same judgement as one inside an answer."""

    format: str
    content: bytes

    def replace(self, content: bytes) -> None:
        self.content = content

    def withhold(self) -> None:
        self.content = b""


def address(service: Service, shipment: str, url: bytes) -> str:
    """Our URL for the carrier's; empty where the outside has no address for us."""
    base = service.settings.public_url
    sealed = seal_secrets(service.keys.keyring, f"label {shipment}", {"url": url.decode()})
    token = base64.urlsafe_b64encode(sealed).decode().rstrip("=")
    return f"{base}/v1/shipments/{shipment}/carrier-label?of={token}" if base else ""


class CarrierLabel:
    """Fetch what lies behind such a URL."""

    def __init__(self, service: Service, printing: PrintLabel) -> None:
        self._service = service
        self._printing = printing

    async def run(self, shop: Shop, shipment: str, token: str) -> tuple[bytes, str]:
        """The label and its media type, on record. Raises `shipment_not_found`, `shipment_erased`, `label_withheld` and the upstream's faults."""
        service, now = self._service, self._service.clock()
        row, record, stage, outcome = await service.database.read(
            lambda connection: (
                reads.shipment(connection, shipment),
                reads.sealed(connection, shipment),
                reads.latest_stage(connection, shipment),
                reads.outcome(connection, shipment),
            )
        )
        if row is None or row.tenant != shop.id:
            raise NoLabel("no such shipment")
        url = self._opened(shipment, token)
        if record is None:
            raise NoLabel("the shipment was erased", code="shipment_erased")
        sandboxed = urlsplit(service.route(row.carrier).base_url).hostname in LOOPBACK
        content = await fetch(url, loopback=sandboxed)
        parties = await self._parties(record, Stage(stage[1]) if stage else Stage.CREATED, now)
        paper = Paper(sniff(content), content)
        if paper.format not in MEDIA:
            raise NoLabel("what lies at the carrier's address is no label", code="label_withheld")
        own = None
        if outcome is not None and outcome.waybill:
            waybill, code = outcome.waybill, outcome.routing_code
            own = own_label(self._printing, tenant=shop.id, shipment=shipment, waybill=waybill, routing_code=code)
        await police_one(paper, parties, self._terms(row.carrier), own)
        if not paper.content:
            message = "the carrier's label shows somebody, or nobody can read what it shows (label_artwork)"
            raise NoLabel(message, code="label_withheld")
        return paper.content, MEDIA[paper.format]

    def _terms(self, carrier: str) -> Terms:
        route = self._service.route(carrier)
        by_label = (route.options.get("last_mile") or self._service.profile(carrier).last_mile) == "label"
        return Terms(by_label=by_label, unread=str(route.options.get("label_artwork") or WITHHOLD))

    def _opened(self, shipment: str, token: str) -> str:
        try:
            sealed = base64.urlsafe_b64decode(token.encode() + b"=" * (-len(token) % 4))
            return open_secrets(self._service.keys.keyring, f"label {shipment}", sealed)["url"]
        except (ConfigError, ValueError, binascii.Error):
            raise NoLabel("no such label") from None

    async def _parties(self, record: reads.VaultRow, stage: Stage, now: datetime) -> list[Party]:
        """Opened only to check the label against them."""
        told = disclose(
            Record(record.tenant, record.record, record.wrapped, record.groups),
            keyring=self._service.keys.keyring,
            policy=self._service.policy,
            audience=Audience(Reader.SHOP, f"shop:{record.tenant}"),
            occasion=Occasion(stage, now, own=True, purpose="label_check"),
        )
        await self._service.commit(Unit(entries=[told.entry]))
        view = told.view
        return [
            Party(p.name, p.phone, p.email, p.company, p.address, view.ids.get(name, ()))
            for name, p in view.parties.items()
        ]


class _PublicOnly(ThreadedResolver):
    """Names that lead to this machine or into a private network lead nowhere: an answer must not make us ask around at home."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = await super().resolve(host, port, family)
        if not all(ipaddress.ip_address(one["host"].partition("%")[0]).is_global for one in found):
            raise OSError("not a public address")
        return found


def _check(url: str, *, loopback: bool) -> None:
    """https to a public host; a sandbox on this machine may have its labels there, too."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if loopback and host in LOOPBACK and parts.scheme in ("http", "https"):
        return
    try:
        public = ipaddress.ip_address(host).is_global
    except ValueError:
        public = "." in host
    if parts.scheme != "https" or not public or parts.username or parts.password:
        raise CarrierUnreachable("the label lies where nothing is fetched from")


async def fetch(url: str, *, loopback: bool) -> bytes:
    """What lies at the carrier's address: no redirect, no credential, no cookie, bounded in size and time."""
    _check(url, loopback=loopback)
    connector = aiohttp.TCPConnector(resolver=None if loopback else _PublicOnly())
    timeout = aiohttp.ClientTimeout(total=SECONDS)
    try:
        async with (
            aiohttp.ClientSession(
                connector=connector, cookie_jar=aiohttp.DummyCookieJar(), trust_env=False, timeout=timeout
            ) as http,
            http.get(URL(url, encoded=True), allow_redirects=False) as reply,
        ):
            if reply.status != 200:
                raise CarrierUnreachable("the carrier no longer gives this label")
            content = bytearray()
            async for part in reply.content.iter_chunked(65536):
                content += part
                if len(content) > LONGEST:
                    raise CarrierGarbage("the label is longer than the limit", code="answer_too_large")
            return bytes(content)
    except (aiohttp.ClientError, TimeoutError, asyncio.IncompleteReadError, ValueError, OSError):
        raise CarrierUnreachable("the carrier's label could not be fetched") from None
