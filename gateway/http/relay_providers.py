"""The doors of real telephone providers: verify as each signs, ask the relay, answer in its dialect; take its reports.

`/relay/twilio/{voice,sms,status}`, `/relay/huawei/{voice,events}/{door}`, `/relay/alibaba/{voice,reports}/{door}`. A provider is
enabled by `veilway relay provider NAME --secret …`; one that is not does not exist. Where a provider signs no body, the last part
of the path is a secret (`door`). Fail closed: a fault or a late decision is a refusal in the provider's own words.
"""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Awaitable, Callable
from urllib.parse import urlencode

from aiohttp import web

from gateway.flows import Flows
from gateway.flows.relay_call import REFUSED, MessageAnswer, RelayAnswer
from gateway.http.api import guarded
from gateway.http.proxy import BadRequest
from gateway.http.relay import DEADLINE
from gateway.logs import log
from gateway.service import Service
from virtual_numbers.events import Event
from virtual_numbers.providers import alibaba_reports, huawei, huawei_reports, twilio
from virtual_numbers.providers.wire import Asked

PROMPT = "请输入分机号。Please enter the extension."
NONCES = 10_000  # nonces of Huawei's pushes remembered against replay
Handler = Callable[[web.Request], Awaitable[web.Response]]


class Doors:
    """Holds what the doors share."""

    def __init__(self, service: Service, flows: Flows) -> None:
        self._service = service
        self._flows = flows
        self._nonces: dict[str, None] = {}

    def _secrets(self, provider: str) -> dict[str, str]:
        found = self._service.relay_providers.get(provider)
        if found is None:
            raise BadRequest("nothing stands at this path", code="not_found")
        return found

    def _url(self, request: web.Request) -> str:
        """The URL as the provider signed it: from the settings, never from a header that anybody may send."""
        settings = self._service.settings
        base = settings.public_url or f"http://{settings.host}:{settings.port}"
        return base.rstrip("/") + request.raw_path

    def _door(self, request: web.Request, secrets: dict[str, str]) -> None:
        if not hmac.compare_digest(request.match_info["door"].encode(), secrets.get("door", "").encode()):
            raise BadRequest("nothing stands at this path", code="not_found")

    async def _decide(self, asked: Asked) -> RelayAnswer:
        if asked.kind != "voice":
            # A message at a door for calls would go on as its sender wrote it, numbers and links and all.
            return REFUSED
        try:
            async with asyncio.timeout(DEADLINE):
                return await self._flows.relay_call.route(
                    asked.caller, asked.called, asked.ext, actor=f"switch:{asked.provider}"
                )
        except Exception as error:  # noqa: BLE001 - a fault on the way is a refusal; only its kind is told
            log.error("relay.fault", provider=asked.provider, error=type(error).__name__)
            return REFUSED

    async def _decide_message(self, asked: Asked) -> MessageAnswer:
        try:
            async with asyncio.timeout(DEADLINE):
                return await self._flows.relay_call.message(
                    asked.caller, asked.called, asked.text, actor=f"switch:{asked.provider}"
                )
        except Exception as error:  # noqa: BLE001 - as above
            log.error("relay.fault", provider=asked.provider, error=type(error).__name__)
            return MessageAnswer(REFUSED)

    async def _take(self, events: list[Event]) -> None:
        await self._flows.relay_reports.take(events)

    # -- Twilio

    async def _twilio(self, request: web.Request) -> tuple[twilio.Form, bytes]:
        secrets, body = self._secrets("twilio"), await request.read()
        given = request.headers.get("X-Twilio-Signature", "")
        twilio.verify(self._url(request), body, request.content_type, given, secrets["auth_token"])
        return twilio.read_form(body), body

    async def twilio_voice(self, request: web.Request) -> web.Response:
        """An incoming call, or the digits that a Gather brought."""
        form, _ = await self._twilio(request)
        told = await self._decide(twilio.read_call(form))
        base = self._url(request).partition("/relay/twilio/")[0]
        # The leg's own fields do not tell whose call it is; its callbacks bring our decision's id back, and their signature covers it.
        reports = f"{base}/relay/twilio/status?{urlencode({'call': told.decision_id, 'x': told.display})}"
        answer = twilio.write_decision(
            told,
            ext_url=f"{base}/relay/twilio/voice",
            done_url=reports,
            event_url=reports,
            prompt=PROMPT if told.action == "collect" else "",
        )
        return web.Response(body=answer, content_type="text/xml", headers={"Cache-Control": "no-store"})

    async def twilio_sms(self, request: web.Request) -> web.Response:
        """An incoming message."""
        form, _ = await self._twilio(request)
        told = await self._decide_message(twilio.read_message(form))
        answer = twilio.write_reply(told.reply) if told.reply else twilio.write_message(told.answer, told.text)
        return web.Response(body=answer, content_type="text/xml", headers={"Cache-Control": "no-store"})

    async def twilio_status(self, request: web.Request) -> web.Response:
        """A status callback."""
        form, _ = await self._twilio(request)
        x, call = request.query.get("x", ""), request.query.get("call", "")
        await self._take([twilio.read_status(form, self._service.clock(), x=x, binding=call)])
        return web.Response(body=b"<Response/>", content_type="text/xml")

    # -- Huawei

    async def _huawei(self, request: web.Request) -> bytes:
        secrets = self._secrets("huawei")
        self._door(request, secrets)
        nonce = huawei.verify_push(request.headers, secrets["app_key"], secrets["app_secret"], self._service.clock())
        if nonce in self._nonces:
            raise BadRequest("this push was seen before", code="provider_signature")
        self._nonces[nonce] = None
        if len(self._nonces) > NONCES:
            del self._nonces[next(iter(self._nonces))]
        return await request.read()

    async def huawei_voice(self, request: web.Request) -> web.Response:
        """X mode: a call to decide on."""
        told = await self._decide(huawei_reports.read_question(await self._huawei(request)))
        return web.Response(body=huawei_reports.write_decision(told), content_type="application/json")

    async def huawei_events(self, request: web.Request) -> web.Response:
        """Events and fee records; the acknowledgement is an empty 200."""
        await self._take(huawei_reports.read_push(await self._huawei(request)))
        return web.Response()

    # -- Alibaba

    async def alibaba_voice(self, request: web.Request) -> web.Response:
        """X mode: a call to decide on, signed."""
        secrets = self._secrets("alibaba")
        self._door(request, secrets)
        params = {name: str(value) for name, value in (await request.post()).items()} or dict(request.query)
        told = await self._decide(alibaba_reports.read_question(params, secrets["x_mode_key"]))
        return web.Response(body=alibaba_reports.write_decision(told), content_type="application/json")

    async def alibaba_reports(self, request: web.Request) -> web.Response:
        """SecretReport batches over HTTP, which Alibaba does not sign: the secret door is all there is."""
        self._door(request, self._secrets("alibaba"))
        await self._take(alibaba_reports.read_reports(await request.read()))
        return web.json_response({"code": 0, "msg": "ok"})


def add_routes(app: web.Application, service: Service, flows: Flows) -> None:
    """Every provider's door; a door of a provider that is not enabled is not there."""
    doors = Doors(service, flows)
    for path, handler in (
        ("/relay/twilio/voice", doors.twilio_voice),
        ("/relay/twilio/sms", doors.twilio_sms),
        ("/relay/twilio/status", doors.twilio_status),
        ("/relay/huawei/voice/{door}", doors.huawei_voice),
        ("/relay/huawei/events/{door}", doors.huawei_events),
        ("/relay/alibaba/voice/{door}", doors.alibaba_voice),
        ("/relay/alibaba/reports/{door}", doors.alibaba_reports),
    ):
        app.router.add_post(path, guarded(service, handler))
