"""The gateway's side of Kamailio's evapi: connect, answer each suspended INVITE, reconnect. Knows the socket; decides nothing.

Kamailio listens (`deploy/kamailio/`), the gateway dials in. When the gateway is away, or late, Kamailio refuses calls by itself.
"""

from __future__ import annotations

import asyncio

from gateway.flows.relay_call import REFUSED, RelayAnswer, RelayCall
from gateway.logs import log
from gateway.service import Service
from virtual_numbers.errors import ProviderRefused
from virtual_numbers.providers import sip
from virtual_numbers.providers.wire import Asked

DEADLINE = 1.0
PAUSE = 1.0  # between attempts to reach a Kamailio that is away
AT_ONCE = 512  # questions under decision at a time; more are refused, not queued


class SipRelay:
    """One connection to one Kamailio; `run()` is its task."""

    def __init__(self, service: Service, relay_call: RelayCall) -> None:
        self._service = service
        self._relay_call = relay_call
        self._open: set[asyncio.Task[None]] = set()

    def __repr__(self) -> str:
        return f"<SipRelay {len(self._open)} under decision>"

    async def run(self) -> None:
        """Stay connected until cancelled. Does nothing where `relay_sip` is not set."""
        address = self._service.settings.relay_sip
        if not address:
            return
        host, _, port = address.rpartition(":")
        while True:
            try:
                reader, writer = await asyncio.open_connection(host, int(port))
                log.info("sip.connected", host=host, port=int(port))
                try:
                    await self._serve(reader, writer)
                finally:
                    writer.close()
            except (OSError, ProviderRefused, asyncio.IncompleteReadError) as error:
                log.warning("sip.away", error=type(error).__name__)
            await asyncio.sleep(PAUSE)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        frames = sip.Frames()
        while data := await reader.read(65536):
            for payload in frames.feed(data):
                if len(self._open) >= AT_ONCE:
                    await self._refuse(payload, writer)
                    continue
                task = asyncio.ensure_future(self._answer(payload, writer))
                self._open.add(task)
                task.add_done_callback(self._open.discard)

    async def _answer(self, payload: bytes, writer: asyncio.StreamWriter) -> None:
        try:
            asked = sip.read_question(payload)
        except ProviderRefused:
            return  # it names no transaction to answer; Kamailio's own timer refuses the call
        self._write(writer, asked, await self._decide(asked))

    async def _decide(self, asked: Asked) -> RelayAnswer:
        try:
            async with asyncio.timeout(DEADLINE):
                return await self._relay_call.route(asked.caller, asked.called, asked.ext, actor="switch:sip")
        except Exception as error:  # noqa: BLE001 - a fault on the way is a refusal; only its kind is told
            log.error("relay.fault", provider="sip", error=type(error).__name__)
            return REFUSED

    async def _refuse(self, payload: bytes, writer: asyncio.StreamWriter) -> None:
        try:
            self._write(writer, sip.read_question(payload), REFUSED)
        except ProviderRefused:
            return

    def _write(self, writer: asyncio.StreamWriter, asked: Asked, told: RelayAnswer) -> None:
        settings = self._service.settings
        writer.write(sip.write_decision(asked, told, trunk=settings.relay_sip_trunk, domain=settings.relay_sip_domain))
