"""A carrier's push: verified as that carrier signs, read into events, masked for readers without scope. Bytes in, bytes and events out.

Knows profiles; orders and stores nothing: duplicates are told apart by `PushEvent.id`, the order is the stage machine's business
(`masking/stage.py`). Pushes carry other people's data (couriers, depots, signers); all of it is masked here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from carriers import clockwork
from carriers.answer import settle
from carriers.errors import CarrierRefusal
from carriers.outcome import Tree, all_hold
from carriers.profile import CarrierProfile, Push
from carriers.received import Received, verify
from carriers.restore import Echo, Record
from carriers.sheet import Leaf, Sheet, close_level, put_back
from carriers.tracking import stage_of
from carriers.walk import walk_body
from carriers.wire import WireRequest
from masking.stage import Stage

_FACTS = ("waybill", "reference", "status", "event_time", "event_clock", "event_id")


@dataclass(frozen=True, slots=True)
class PushEvent:
    """One thing that happened to one parcel."""

    waybill: str
    reference: str
    """The shop's order reference, where the carrier repeats it."""
    code: str
    """The carrier's own status code."""
    stage: Stage | None
    """None: the profile does not know the code."""
    at: datetime | None
    id: str
    """Tells one event from another: the carrier's id, else a digest of what it says."""


@dataclass(frozen=True, slots=True, repr=False)
class PushReading:
    """A push, read."""

    push: str
    verified: bool
    """The carrier's signature held. False where the carrier signs nothing: the route's secret is all there is."""
    events: tuple[PushEvent, ...]
    body: bytes
    """The push for readers without scope: courier, depot and signer masked, free text scrubbed."""
    masked: int
    ack: bytes
    ack_type: str

    def __repr__(self) -> str:
        return f"<PushReading {self.push} {len(self.events)} events>"


def read_push(
    profile: CarrierProfile, request: WireRequest, secrets: Mapping[str, str], *, echoes: Iterable[Echo] = ()
) -> PushReading:
    """Read a push. Raises CarrierRefusal: unknown_push, bad_signature, and what the envelope refuses.

    `echoes` is the order's `restore_map`, where the caller looked the order up before and the reader is the shop.
    """
    last: CarrierRefusal | None = None
    for push in profile.pushes:
        sheet = Sheet(
            policy="mask",
            charset=profile.manner.charset,
            content_type=request.headers.get("content-type", ""),
            secrets={cipher: secrets[name] for cipher, name in profile.manner.ciphers.items() if name in secrets},
        )
        sheet.lenient = sheet.dry = True  # what the carrier ciphered for us is read in clear by those who may
        try:
            walk_body(push.root, request.body, sheet)
        except CarrierRefusal as refusal:
            last = refusal
            continue
        tree = Tree(sheet)
        if all_hold(push.match, tree) and (push.match or sheet.facts.get("waybill") or sheet.facts.get("reference")):
            return _read(profile, push, request, sheet, secrets, echoes)
    if last is not None and len(profile.pushes) == 1:
        raise last
    raise CarrierRefusal(f"no push that the profile of {profile.id} describes", code="unknown_push")


def _read(
    profile: CarrierProfile,
    push: Push,
    request: WireRequest,
    sheet: Sheet,
    secrets: Mapping[str, str],
    echoes: Iterable[Echo],
) -> PushReading:
    if push.verify is not None and not verify(
        push.verify, Received(request, secrets, charset=profile.manner.charset, schemes=profile.schemes)
    ):
        raise CarrierRefusal("the push is not signed as this carrier signs", code="bad_signature")
    events = tuple(_event(profile, facts, request.body) for facts in _items(sheet, push.each))
    masked = settle(sheet, Record(echoes))
    for level in sheet.levels:
        if level.container is not None:
            put_back(level, sheet)
    return PushReading(
        push.id,
        push.verify is not None,
        events,
        close_level(sheet.levels[-1], sheet),
        masked,
        push.ack.encode(),
        push.ack_type,
    )


def _items(sheet: Sheet, each: str) -> list[dict[str, str]]:
    """The facts of each event. A fact above the list holds for all of its items."""
    common: dict[str, str] = {}
    items: dict[str, dict[str, str]] = {}
    stem = each.removesuffix("[]")
    for word in _FACTS:
        for leaf in sheet.facts.get(word, []):
            home = items.setdefault(_item_path(leaf, stem), {}) if stem and leaf.path.startswith(stem) else common
            home.setdefault(word, leaf.value)
    return [{**common, **item} for item in items.values()] or [common]


def _item_path(leaf: Leaf, stem: str) -> str:
    """The path up to the item's index: `$.a[3]` of `$.a[3].b`."""
    end = len(stem)
    if leaf.path[end : end + 1] == "[":
        return leaf.path[: leaf.path.index("]", end) + 1]
    return stem


def _event(profile: CarrierProfile, facts: Mapping[str, str], body: bytes) -> PushEvent:
    code = facts.get("status", "")
    # A time of day that the format does not have apart adds nothing, so that events told before it was known keep their ids.
    said = [f"{word}={facts.get(word, '')}" for word in _FACTS if word != "event_clock" or word in facts]
    told = facts.get("event_id") or hashlib.sha256("\n".join(said).encode()).hexdigest()[:32]
    if not any(facts.get(word) for word in ("event_id", "event_time")):
        # Without a time of its own only the whole message tells one push from the next.
        told = hashlib.sha256(body).hexdigest()[:32]
    return PushEvent(
        waybill=facts.get("waybill", ""),
        reference=facts.get("reference", ""),
        code=code,
        stage=stage_of(profile.events, code),
        at=clockwork.read_event(facts.get("event_time", ""), facts.get("event_clock", ""), profile.zone),
        id=told,
    )
