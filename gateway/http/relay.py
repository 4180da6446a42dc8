"""Calls and messages: `POST /relay/{provider}/…`. Verifies as the provider signs, runs the flow, answers in its dialect.

The sandbox provider (`/relay/sandbox/voice`) signs nothing and gets real numbers, so it answers only where `relay_sandbox` is
set, to a peer on this very machine, and never to what came through a proxy.
"""

from __future__ import annotations

import asyncio
import ipaddress
from typing import Any

import msgspec
from aiohttp import web

from gateway.flows import Flows
from gateway.flows.relay_call import REFUSED, RelayAnswer
from gateway.http.problems import problem
from gateway.http.proxy import BadRequest
from gateway.logs import log
from gateway.service import Service
from masking.errors import VeilwayError

DEADLINE = 1.0  # seconds; two telephone legs must ring within a caller's patience, so a late answer is a refusal
_FORWARDED = ("X-Forwarded-For", "Forwarded", "X-Real-IP", "Via")


def add_routes(app: web.Application, service: Service, flows: Flows) -> None:
    """The providers' doors."""

    async def sandbox(request: web.Request) -> web.Response:
        try:
            if not service.settings.relay_sandbox or not _local(request):
                raise BadRequest("nothing stands at this path", code="not_found")
            asked = await _asked(request)
            return web.json_response(_told(await decide(asked)), headers={"Cache-Control": "no-store"})
        except VeilwayError as error:
            return problem(error)

    async def decide(asked: dict[str, str]) -> RelayAnswer:
        # Fail closed: whatever happens, and however long it takes, the caller hears a refusal and not a ring.
        try:
            async with asyncio.timeout(DEADLINE):
                return await flows.relay_call.route(
                    asked.get("caller", ""), asked.get("called", ""), asked.get("ext", ""), actor="switch:sandbox"
                )
        except Exception as error:  # noqa: BLE001 - a fault on the way is a refusal; only its kind is told
            log.error("relay.fault", error=type(error).__name__)
            return REFUSED

    app.router.add_post("/relay/sandbox/voice", sandbox)


def _local(request: web.Request) -> bool:
    """A peer on this machine that no proxy stands for."""
    try:
        loopback = ipaddress.ip_address(request.remote or "").is_loopback
    except ValueError:
        return False
    return loopback and not any(name in request.headers for name in _FORWARDED)


async def _asked(request: web.Request) -> dict[str, str]:
    body = await request.read()
    if request.content_type == "application/x-www-form-urlencoded" and not body.lstrip().startswith(b"{"):
        return {name: str(value) for name, value in (await request.post()).items()}
    try:
        found: Any = msgspec.json.decode(body)
    except msgspec.DecodeError:
        raise BadRequest("the body is not JSON", code="malformed_json") from None
    if not isinstance(found, dict):
        raise BadRequest("the body is a JSON object with caller, called and ext", code="malformed_json")
    return {str(name): "" if value is None else str(value) for name, value in found.items()}


def _told(answer: RelayAnswer) -> dict[str, Any]:
    told: dict[str, Any] = {"action": answer.action, "reason": answer.reason, "decision": answer.decision_id}
    if answer.action == "connect":
        told |= {
            "callee": answer.callee,
            "display": answer.display,
            "ring_seconds": answer.ring_seconds,
            "longest_seconds": answer.longest_seconds,
        }
    return told
