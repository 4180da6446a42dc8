"""What a courier to practise on answers: any profile's carrier, from the profile alone, checking credentials and signatures for real.

Pure: a request in, a reply out, bookings in memory. Knows the profile, not the carrier: what a real one would refuse for its own reasons is
booked here. `server.py` puts it behind a port.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count

from carriers.claim import PERSONAL, Node, Rule
from carriers.clockwork import write_time
from carriers.compose import compose
from carriers.errors import CarrierRefusal
from carriers.fieldpath import Step
from carriers.finish import Moment
from carriers.order import OpenOrder, open_order
from carriers.profile import Answer, CarrierProfile, Condition, Operation, Push
from carriers.received import Received, verify
from carriers.shop import is_token_request, read_token_request, token_reply
from carriers.signing import Template, sign
from carriers.wire import WireReply, WireRequest
from masking.personal import Kind

# The smallest picture there is: one white dot. It shows nothing, so it shows nobody.
BLANK_PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABAQAAAAA3bvkkAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg=="
COURIER = ("王大力", "13800138000")
"""The courier that practice pushes name. The number is the classic example one."""
_TYPES = {
    "json": "application/json",
    "form": "application/x-www-form-urlencoded",
    "xml": "text/xml",
    "multipart": "multipart/form-data; boundary=veilway-practice",
}
_CREATES = frozenset(("create", "return"))


def practice_secrets(profile: CarrierProfile) -> dict[str, str]:
    """The credentials that this practice courier knows: fixed, so that a route can be set up before it starts."""
    secrets = {}
    for name in profile.secrets:
        digest = hashlib.sha256(f"{profile.id} {name}".encode()).digest()
        keyed = name in profile.manner.ciphers.values()
        secrets[name] = (
            base64.b64encode(digest[:16]).decode() if keyed else f"practice-{name.replace('_', '-')}-{digest.hex()[:8]}"
        )
    return secrets


@dataclass(frozen=True, slots=True, repr=False)
class Seen:
    """A request as this courier received it, and what it made of it."""

    request: WireRequest
    operation: str
    reference: str
    reply: WireReply

    def __repr__(self) -> str:
        return f"<Seen {self.operation} {self.reply.status}>"


@dataclass(slots=True, repr=False)
class Courier:
    """One practice courier."""

    profile: CarrierProfile
    secrets: Mapping[str, str]
    bookings: dict[str, list[str]] = field(default_factory=dict)
    """Order reference -> every waybill ever given for it. More than one is a parcel booked twice."""
    seen: list[Seen] = field(default_factory=list)
    tokens: set[str] = field(default_factory=set)
    _next: Iterator[int] = field(default_factory=lambda: count(1))

    def __repr__(self) -> str:
        return f"<Courier {self.profile.id} {sum(map(len, self.bookings.values()))} bookings>"

    @property
    def waybills(self) -> int:
        """How many waybills were given."""
        return sum(map(len, self.bookings.values()))

    def answer(self, request: WireRequest) -> WireReply:
        """The reply to one request."""
        name, reference = "token", ""
        if is_token_request(self.profile, request):
            reply = self._token(request)
        else:
            try:
                operation = self.profile.match(request)
                name = operation.id
                self._check(operation, request)
                order = open_order(
                    operation,
                    request,
                    keys={cipher: self.secrets[key] for cipher, key in self.profile.manner.ciphers.items()},
                )
            except CarrierRefusal as refusal:
                reply = _error(refusal)
            else:
                reference = order.reference
                reply = self._done(operation, order)
        self.seen.append(Seen(request, name, reference, reply))
        return reply

    def _token(self, request: WireRequest) -> WireReply:
        if any(self.secrets.get(name) != value for name, value in read_token_request(self.profile, request).items()):
            return WireReply(401, {"content-type": "application/json"}, b'{"error":"invalid_client"}')
        token = f"practice-token-{next(self._next)}"
        self.tokens.add(token)
        return token_reply(self.profile, token, 3600)

    def _check(self, operation: Operation, request: WireRequest) -> None:
        """Refuse what is not signed, or not with this courier's credentials."""
        found = operation.pattern.fullmatch(request.path)
        received = Received(
            request,
            self.secrets,
            charset=self.profile.manner.charset,
            schemes=self.profile.schemes,
            path=found.groupdict() if found else {},
        )
        if operation.sign is not None and not verify(operation.sign, received):
            raise CarrierRefusal("the signature is wrong", code="bad_signature")
        for setter in operation.setters:
            self._check_credential(
                setter.template, received.at(setter.target.text) if _readable(setter.target.text) else None
            )

    def _check_credential(self, template: Template, stands: str | None) -> None:
        words = {name.word for name in template.names}
        if stands is None or not words or not words <= {"secret", "basic", "token"}:
            return
        moment = Moment(self.secrets, datetime.min, "", "{}")
        before, _, after = template.fill(lambda name: moment.value(name) or "").partition("{}")
        if "token" in words:
            good = stands[len(before) : len(stands) - len(after)] in self.tokens
        else:
            good = stands == before
        if not good:
            raise CarrierRefusal("these are not the credentials of this courier", code="bad_credential")

    def _done(self, operation: Operation, order: OpenOrder) -> WireReply:
        known = self.bookings.get(order.reference, []) if order.reference else []
        if operation.effect not in _CREATES:
            waybill = known[-1] if known else next((leaf.value for leaf in order.sheet.facts.get("waybill", [])), "")
            if operation.effect == "lookup" and not waybill:
                return absent_reply(operation.answer)
            return reply_for(operation.answer, waybill or self._waybill(), order)
        if known and operation.duplicate in ("replays", "refused"):
            return (
                reply_for(operation.answer, known[-1], order)
                if operation.duplicate == "replays"
                else _error(CarrierRefusal("duplicate order", code="duplicate"))
            )
        waybill = self._waybill()
        self.bookings.setdefault(order.reference or f"without reference {waybill}", []).append(waybill)
        return reply_for(operation.answer, waybill, order)

    def _waybill(self) -> str:
        prefix = {"sf-express": "SF7", "ups": "1Z999AA1"}.get(self.profile.id, self.profile.id[:2].upper() + "9")
        return f"{prefix}{next(self._next):010d}"

    def push(self, waybill: str, code: str, *, now: datetime, reference: str = "", number: int = 0) -> WireRequest:
        """A push as the profile describes it, signed; its free text names the courier and their phone."""
        push = self.profile.pushes[number]
        facts = {
            "waybill": waybill,
            "status": code,
            "reference": reference,
            "event_id": f"{waybill}-{code}",
            "event_time": write_time("yyyy-MM-dd HH:mm:ss", now),
        }
        leaves = [(steps, condition_value) for steps, condition_value in _conditions(push.match)]
        for steps, rule in claimed(push.root):
            value = facts.get(rule.part, "") if rule.kind is Kind.PLAIN else _courier(rule)
            if value:
                leaves.append((steps, value))
        keys = {cipher: self.secrets[key] for cipher, key in self.profile.manner.ciphers.items()}
        body = compose(leaves, self.profile.manner.charset, keys)
        headers = {"content-type": _TYPES.get(push.content, "application/json")}
        return self._signed(push, WireRequest("POST", "/", "", headers, body), leaves)

    def _signed(self, push: Push, request: WireRequest, leaves: list[tuple[tuple[Step, ...], str]]) -> WireRequest:
        if push.verify is None:
            return request
        signature = sign(push.verify, Received(request, self.secrets, schemes=self.profile.schemes).source)
        place, _, name = push.verify.into.partition(":")
        if place == "header":
            return WireRequest("POST", "/", "", {**request.headers, name.lower(): signature}, request.body)
        if place == "query":
            return WireRequest("POST", "/", f"{name}={signature}", request.headers, request.body)
        from carriers import fieldpath

        return WireRequest(
            "POST",
            "/",
            "",
            request.headers,
            compose([*leaves, (fieldpath.parse(push.verify.into), signature)], self.profile.manner.charset),
        )


def reply_for(rule: Answer, waybill: str, order: OpenOrder) -> WireReply:
    """A success as the profile reads one: its conditions, the waybill, and the echoes it claims, as this courier received them."""
    leaves = list(_conditions(rule.booked))
    echoes = {(leaf.role, leaf.rule.kind, leaf.rule.part): leaf.value for leaf in reversed(order.sheet.leaves)}
    for steps, fact in claimed(rule.root):
        if fact.kind in PERSONAL and fact.role is not None:
            value = echoes.get((fact.role, fact.kind, fact.part), "")
        else:
            value = {
                "waybill": waybill,
                "reference": order.reference,
                "routing_code": "010W-A1-07",
                "label": BLANK_PNG,
            }.get(fact.part, "")
        if value:
            leaves.append((steps, value))
    body = compose(leaves, order.operation.manner.charset)
    return WireReply(200, {"content-type": _TYPES.get(rule.root.codec, "application/json")}, body)


def absent_reply(rule: Answer) -> WireReply:
    """What says that nobody knows the order."""
    if not rule.absent:
        return WireReply(404, {"content-type": "application/json"}, b"{}")
    return WireReply(
        200, {"content-type": _TYPES.get(rule.root.codec, "application/json")}, compose(list(_conditions(rule.absent)))
    )


def claimed(root: Node) -> Iterator[tuple[tuple[Step, ...], Rule]]:
    """Every claimed leaf of a tree with its path; what stands for any key is left out."""
    rest: list[tuple[tuple[Step, ...], Node]] = [((), root)]
    while rest:
        steps, node = rest.pop(0)
        if node.rule is not None and steps:
            yield steps, node.rule
        if node.inner is not None:
            rest.append(((*steps, Step("open", node.codec)), node.inner))
        if node.items is not None:
            rest.append(((*steps, Step("items", "[]")), node.items))
        rest += [((*steps, Step("key", key)), below) for key, below in node.keys.items()]


def _conditions(conditions: tuple[Condition, ...]) -> Iterator[tuple[tuple[Step, ...], str]]:
    for condition in conditions:
        value = min(condition.values)
        yield condition.ways[0].steps, "practice" if value == "*" else value


def _courier(rule: Rule) -> str:
    match rule.kind:
        case Kind.NAME:
            return COURIER[0]
        case Kind.PHONE:
            return COURIER[1]
        case Kind.FREE_TEXT:
            return f"快件已由快递员{COURIER[0]}处理，电话：{COURIER[1]}"
    return ""


def _readable(place: str) -> bool:
    return (
        place.startswith(("form:", "query:", "header:", "path:", "$.", "/")) and "~" not in place and "[" not in place
    )


def _error(refusal: CarrierRefusal) -> WireReply:
    """An error of this courier's own; real carriers have shapes of theirs."""
    status = 401 if refusal.code in ("bad_signature", "bad_credential") else 400
    return WireReply(
        status,
        {"content-type": "application/json"},
        f'{{"error":{{"code":"{refusal.code}","message":"{refusal}"}}}}'.encode(),
    )
