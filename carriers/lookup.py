"""Ask a carrier whether it knows an order: the request that the sweeper sends, and what the reply says. Books nothing, ever.

Knows the profile's `[operation.lookup]`; the request goes the same road as a shop's (opened, claimed, signed), so that it can say nothing
that the profile does not.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from xml.sax.saxutils import escape

from carriers import envelope_form
from carriers.answer import rewrite_answer
from carriers.compose import compose
from carriers.envelope_form import Form
from carriers.errors import CarrierRefusal
from carriers.finish import finish
from carriers.order import open_order
from carriers.percent import quote
from carriers.profile import Lookup, Operation
from carriers.veil import veil
from carriers.wire import WireReply, WireRequest
from masking.personal import Role

_TYPES = {"form": "application/x-www-form-urlencoded", "json": "application/json", "xml": "text/xml"}
_SLOT = re.compile(r"\{(reference|last4)\}")


@dataclass(frozen=True, slots=True)
class LookupAnswer:
    """`booked` with its waybill, `absent`, or `unknown`: the carrier did not say."""

    outcome: str
    waybill: str = ""
    routing_code: str = ""


def lookup_request(
    operation: Operation,
    reference: str,
    secrets: Mapping[str, str],
    *,
    now: datetime,
    nonce: str,
    token: str | None = None,
    last_four: str = "",
) -> WireRequest:
    """The request that asks for `reference`. Raises CarrierRefusal(code="no_lookup") where the carrier cannot be asked."""
    rule = _rule(operation)
    asked = rule.operation
    slots = {"reference": reference, "last4": last_four}
    headers: dict[str, str] = {}
    body = _SLOT.sub(lambda slot: escape(slots[slot[1]], {'"': "&quot;"}), rule.text).encode()
    if rule.body:
        body = compose([(steps, _filled(text, slots)) for steps, text in rule.body], asked.manner.charset)
    if body:
        headers["content-type"] = _TYPES.get(asked.root.codec, "application/octet-stream")
    query = Form([], "utf-8")
    for name, text in rule.query.items():
        query.put(name, _filled(text, slots))
    path = _SLOT.sub(lambda slot: quote(slots[slot[1]].encode()).decode(), rule.path or asked.path)
    request = WireRequest(asked.method, path, envelope_form.dumps(query).decode(), headers, body)
    order = open_order(asked, request)
    veiled = veil(order, relays={}, last_four=dict.fromkeys(Role, last_four) if last_four else None)
    return finish(veiled, secrets, now=now, nonce=nonce, token=token)


def read_lookup(operation: Operation, reference: str, reply: WireReply) -> LookupAnswer:
    """What the carrier says about `reference`. Another order's waybill is no answer to this question."""
    answer = rewrite_answer(_rule(operation).operation, None, reply)
    if answer.absent:
        return LookupAnswer("absent")
    if answer.outcome != "booked" or not answer.waybill or (answer.reference and answer.reference != reference):
        return LookupAnswer("unknown")
    return LookupAnswer("booked", answer.waybill, answer.routing_code)


def _rule(operation: Operation) -> Lookup:
    if operation.lookup is None:
        raise CarrierRefusal(f"{operation.manner.carrier} cannot be asked for an order", code="no_lookup")
    return operation.lookup


def _filled(text: str, slots: Mapping[str, str]) -> str:
    return _SLOT.sub(lambda slot: slots[slot[1]], text)
