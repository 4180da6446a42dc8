"""Who may see what of a parcel's people: audience x stage x field -> level. Total, and hidden by default.

A rule grants; none revokes. A field's level is the highest that any rule grants whose conditions hold, so every sentence of a policy
is true by itself and their order means nothing. Knows readers, stages and conditions; knows no value, no request and no clock but
the `now` in an `Occasion`. Nothing a caller says in a header is an attribute here: an `Audience` comes from the credential, an
`Occasion` from the store. Rules are read from TOML by `policy_load.py`, told as sentences and compared by `policy_text.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import product

from msgspec import Struct

from masking.stage import Stage


class Level(StrEnum):
    """How much of a field is shown."""

    HIDDEN = "hidden"
    MASKED = "masked"
    RELAY = "relay"
    """Something that reaches the person in its place: a relay number for a phone, an alias for an e-mail."""
    FULL = "full"


RANK = {level: rank for rank, level in enumerate(Level)}


class Reader(StrEnum):
    """The part a reader has in the parcel's way."""

    PICKUP = "pickup"
    LINEHAUL = "linehaul"
    DELIVERY = "delivery"
    STATION = "station"
    CUSTOMER_SERVICE = "customer_service"
    CUSTOMS = "customs"
    CARRIER_API = "carrier_api"
    """The carrier's own service: what the order call tells it."""
    LABEL = "label"
    """Whoever sees the parcel."""
    SWITCH = "switch"
    """The telephone provider that connects a call."""
    SHOP = "shop"
    RECIPIENT = "recipient"
    """The person the parcel goes to, on their own page."""
    OFFICER = "officer"
    """The privacy officer's console."""


COURIERS = frozenset(
    {Reader.PICKUP, Reader.LINEHAUL, Reader.DELIVERY, Reader.STATION, Reader.CUSTOMER_SERVICE, Reader.CUSTOMS}
)
"""Readers who scan: people of a carrier."""
CARRIER_SIDE = COURIERS | {Reader.CARRIER_API}
"""Readers that a carrier's terms bind."""

PARTIES = ("sender", "recipient", "third_party")
PARTS = ("name", "phone", "email", "company", "region", "street", "ids")
"""Of a party. `region` is country, state, city, district and the postcode's routing part; `street` is what leads to the door."""
FIELDS = (*(f"{party}.{part}" for party in PARTIES for part in PARTS), "remark", "goods")
PERSONAL = frozenset(name for name in FIELDS if name != "goods" and not name.endswith(".region"))
"""Shown in full, one of these tells who somebody is. A region or the goods alone do not, and cost no budget of people."""


@dataclass(frozen=True, slots=True)
class Conditions:
    """When a grant holds. Each is off until it is set."""

    purposes: frozenset[str] = frozenset()
    reveal: bool = False
    """Only on a request that gives a reason; audited as a reveal, shown to shop and recipient."""
    opened: bool = False
    """Only after the first scan at the last-mile depot."""
    hours_after_delivery: int | None = None
    """Closes so many hours after delivery."""
    own_station: bool = False
    """Only at the station where the parcel is."""
    own_region: bool = False
    """Only where the reader serves the region the parcel goes to."""
    countries: frozenset[str] = frozenset()
    """Only readers in these countries, unless the carrier's terms name a basis for sending data across the border."""
    own_country: bool = False
    """The same for the country where the person lives that the parcel goes to."""

    free: bool = field(init=False, repr=False, compare=False)
    """Whether nothing is set. Kept, because every decision asks it of every rule."""

    def __post_init__(self) -> None:
        flags = self.reveal or self.opened or self.own_station or self.own_region or self.own_country
        bound = self.purposes or self.countries or self.hours_after_delivery is not None
        object.__setattr__(self, "free", not (flags or bound))


_NONE = Conditions()


@dataclass(frozen=True, slots=True)
class Rule:
    """One grant."""

    id: str
    level: Level
    readers: frozenset[Reader]
    fields: frozenset[str]
    stages: frozenset[Stage]
    carriers: frozenset[str] = frozenset()
    """Empty: every carrier."""
    when: Conditions = _NONE
    why: str = ""
    why_zh: str = ""


@dataclass(frozen=True, slots=True)
class Terms:
    """What was agreed with one carrier. Binds its couriers and its service on top of every rule."""

    carrier: str
    processor: str = ""
    """`entrusted` (works on the shop's behalf) or `independent` (decides itself: needs the recipient's separate consent, PIPL 23)."""
    starts: datetime | None = None
    ends: datetime | None = None
    consent: str = ""
    """Reference of the consent form that an independent processor needs."""
    basis: str = ""
    """Reference of the basis for sending data across the border (PIPL 38)."""
    when: Conditions = _NONE
    reveals_per_parcel: int | None = None
    people_per_100_parcels: int | None = None
    people_grace: int = 20
    """People a carrier may learn of before the ratio counts, so that the first parcel of a day can be delivered."""


class Audience(Struct, frozen=True):
    """Who asks, as the credential says."""

    reader: Reader
    actor: str
    """Opaque, for the audit log: `courier:c1`."""
    carrier: str = ""
    station: str = ""
    regions: frozenset[str] = frozenset()
    country: str = ""


class Usage(Struct, frozen=True):
    """What this carrier has learned so far, as the store counts it."""

    reveals: int = 0
    """Reveals of this parcel."""
    people: int = 0
    """Distinct people whose full data it has seen in the budget's period."""
    parcels: int = 0
    """Distinct parcels it has scanned in that period."""
    known: bool = False
    """Whether it has learned this parcel's people already: seeing them again is free."""


class Occasion(Struct, frozen=True):
    """The facts of one question, all from the store."""

    stage: Stage
    now: datetime
    own: bool
    """Whether the parcel is this reader's: the shop's own, or routed to this carrier."""
    purpose: str = ""
    reason: str = ""
    """Given with a reveal."""
    opened_at: datetime | None = None
    """First scan at the last-mile depot."""
    delivered_at: datetime | None = None
    seen_at: datetime | None = None
    """The latest moment recorded for this parcel. A clock behind it has stepped back."""
    station: str = ""
    """Where the parcel is."""
    region: str = ""
    """The one of the reader's regions that the parcel goes to; empty where none is, or where it cannot be told."""
    country: str = ""
    """Where the person lives that the parcel goes to; empty where the record does not tell."""
    usage: Usage = Usage()


@dataclass(frozen=True, slots=True)
class Decision:
    """What is shown of one field, by which rule; or why not more."""

    level: Level = Level.HIDDEN
    rule: str = ""
    refused: str = ""
    """Why a higher level was not granted: the first condition that failed (`window_over`, `reason_missing`, …); else ""."""
    instead: Level = Level.HIDDEN
    """With level `relay`: what else is granted, for a parcel that has no stand-in."""


CLOCK_TOLERANCE = timedelta(seconds=5)  # clocks of two hosts differ by less; what differs by more has stepped
_Grants = tuple[tuple[str, tuple[Rule, ...]], ...]


@dataclass(frozen=True, slots=True, eq=False)
class Verdict:
    """What a question comes to; a field that is absent is hidden. Where the same conditions hold it is the same object, so that what
    follows from it is worked out once."""

    decisions: Mapping[str, Decision]


class _Place:
    """The grants at one (carrier, reader, stage), and the verdicts given there: a handful, for they depend on nothing but the codes of
    the conditions that fail. Holds nothing of a parcel or a person."""

    __slots__ = ("asked", "grants", "verdicts")

    def __init__(self, cell: Mapping[str, list[Rule]]) -> None:
        self.grants: _Grants = tuple((name, tuple(cell[name])) for name in FIELDS if name in cell)
        self.asked = tuple(dict.fromkeys(rule.when for rules in cell.values() for rule in rules if not rule.when.free))
        self.verdicts: dict[tuple[object, ...], Verdict] = {}

    def verdict(self, terms: Terms | None, audience: Audience, occasion: Occasion) -> Verdict:
        barred = "" if terms is None else _barred(terms, audience, occasion)
        spent = _UNSPENT if terms is None else _spent(terms, occasion.usage)
        failed = () if barred else tuple([_failing(when, terms, audience, occasion) for when in self.asked])
        key = (barred, spent, failed)
        if key not in self.verdicts:
            self.verdicts[key] = Verdict(self._decided(*key))
        return self.verdicts[key]

    def _decided(self, barred: str, spent: tuple[bool, bool], failed: tuple[str, ...]) -> dict[str, Decision]:
        if barred:
            return {name: Decision(refused=barred) for name, _ in self.grants}
        codes = dict(zip(self.asked, failed, strict=True))
        return {name: _best(name, rules, codes, spent) for name, rules in self.grants}


_NOTHING, _NOTHING_GRANTED = Decision(), Verdict({})
_NOWHERE, _UNSPENT = _Place({}), (False, False)


@dataclass(frozen=True, slots=True)
class ScopePolicy:
    """A compiled policy: a value, known by its digest. Built by `policy_load.py`."""

    name: str
    digest: str
    """First 16 hex digits of SHA-256 over the canonical source; names the version in every audit entry."""
    rules: tuple[Rule, ...]
    terms: Mapping[str, Terms] = field(default_factory=dict)
    _table: dict[tuple[str, Reader, Stage], _Place] = field(init=False, repr=False, compare=False)
    _placed: frozenset[Reader] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_table", _compiled(self.rules))
        placed = frozenset(reader for rule in self.rules if _asks_place(rule.when) for reader in rule.readers)
        object.__setattr__(self, "_placed", placed)

    def grants(self, reader: Reader, carrier: str, stage: Stage) -> _Grants:
        """The rules for each field that has any, the highest level first."""
        return self._at(reader, carrier, stage).grants

    def verdict(self, audience: Audience, occasion: Occasion) -> Verdict:
        """The decision on every field that some rule speaks of here."""
        if not occasion.own:
            return _NOTHING_GRANTED
        terms = self.terms.get(audience.carrier) if audience.reader in CARRIER_SIDE else None
        return self._at(audience.reader, audience.carrier, occasion.stage).verdict(terms, audience, occasion)

    def decide(self, audience: Audience, occasion: Occasion) -> Mapping[str, Decision]:
        """The verdict's decisions."""
        return self.verdict(audience, occasion).decisions

    def decide_one(self, audience: Audience, occasion: Occasion, name: str) -> Decision:
        """The decision on one field."""
        return self.decide(audience, occasion).get(name, _NOTHING)

    def _at(self, reader: Reader, carrier: str, stage: Stage) -> _Place:
        found = self._table.get((carrier, reader, stage))
        return self._table.get(("", reader, stage), _NOWHERE) if found is None else found

    def asks_place(self, audience: Audience) -> bool:
        """Whether any grant to this reader depends on where the person lives, which stands in the sealed record."""
        terms = self.terms.get(audience.carrier) if audience.reader in CARRIER_SIDE else None
        return audience.reader in self._placed or (terms is not None and _asks_place(terms.when))


def _barred(terms: Terms, audience: Audience, occasion: Occasion) -> str:
    """Why the agreement with the carrier grants nothing now; "" where it does."""
    return agreement_fails(terms, audience, occasion) or _failing(terms.when, terms, audience, occasion)


def agreement_fails(terms: Terms, audience: Audience, occasion: Occasion) -> str:
    """Why the agreement itself grants nothing now, whatever the stage; "" where it does. An order on its way out is held to it, too."""
    if terms.processor == "independent" and not terms.consent:
        return "consent_missing"
    if terms.starts and _latest(occasion) < terms.starts:
        return "agreement_not_begun"
    if terms.ends and _latest(occasion) >= terms.ends:
        return "agreement_over"
    return "border_without_basis" if not terms.basis and _crosses(terms.when, audience, occasion) else ""


def _asks_place(when: Conditions) -> bool:
    return when.own_region or when.own_country


def _compiled(rules: tuple[Rule, ...]) -> dict[tuple[str, Reader, Stage], _Place]:
    carriers = {""}.union(*(rule.carriers for rule in rules))
    # Highest level first; among equals the one that asks least, so that a free grant ends the search.
    ordered = sorted(rules, key=lambda rule: (-RANK[rule.level], not rule.when.free))
    cells: dict[tuple[str, Reader, Stage], dict[str, list[Rule]]] = {}
    for rule in ordered:
        for place in product(rule.carriers or carriers, rule.readers, rule.stages):
            for name in rule.fields:
                cells.setdefault(place, {}).setdefault(name, []).append(rule)
    return {place: _Place(cell) for place, cell in cells.items()}


def _best(name: str, rules: tuple[Rule, ...], codes: Mapping[Conditions, str], spent: tuple[bool, bool]) -> Decision:
    refused, relay = "", ""
    for rule in rules:
        failing = codes.get(rule.when, "") or _over_budget(name, rule, spent)
        if failing:
            refused = refused or failing
        elif relay:
            if rule.level is not Level.RELAY:
                return Decision(Level.RELAY, relay, refused, rule.level)
        elif rule.level is Level.RELAY:
            relay = rule.id
        else:
            return Decision(rule.level, rule.id, refused)
    return Decision(Level.RELAY if relay else Level.HIDDEN, relay, refused)


def _failing(when: Conditions, terms: Terms | None, audience: Audience, occasion: Occasion) -> str:
    """The code of the first condition that does not hold; "" where all do."""
    if when.purposes and occasion.purpose not in when.purposes:
        return "purpose_not_allowed"
    if when.reveal and not occasion.reason.strip():
        return "reason_missing"
    if when.own_station and not (audience.station and audience.station == occasion.station):
        return "other_station"
    if when.own_region and not (occasion.region and occasion.region in audience.regions):
        return "other_region"
    if _crosses(when, audience, occasion) and not (terms and terms.basis):
        return "border_without_basis"
    return _outside_window(when, occasion)


def _crosses(when: Conditions, audience: Audience, occasion: Occasion) -> bool:
    """Whether the data would leave where it may be. Unknown countries are foreign ones."""
    if when.countries and audience.country not in when.countries:
        return True
    return when.own_country and not (audience.country and audience.country == occasion.country)


def _outside_window(when: Conditions, occasion: Occasion) -> str:
    if not when.opened and when.hours_after_delivery is None:
        return ""
    if occasion.seen_at and _utc(occasion.now) < _utc(occasion.seen_at) - CLOCK_TOLERANCE:
        return "clock_stepped_back"  # closes, never opens: which of the two times is wrong cannot be known
    if when.opened and not (occasion.opened_at and _utc(occasion.now) >= _utc(occasion.opened_at)):
        return "window_not_open"
    if when.hours_after_delivery is None:
        return ""
    if occasion.delivered_at is None:
        return "window_over" if occasion.stage is Stage.DELIVERED else ""
    closes = _utc(occasion.delivered_at) + timedelta(hours=when.hours_after_delivery)
    return "window_over" if _latest(occasion) >= closes else ""


def _latest(occasion: Occasion) -> datetime:
    """Now, or the latest recorded moment where that is later: a window once over stays over."""
    now = _utc(occasion.now)
    return max(now, _utc(occasion.seen_at)) if occasion.seen_at else now


def _utc(at: datetime) -> datetime:
    """Within one zone Python adds and compares wall times, which is an hour off where clocks change."""
    return at if at.tzinfo is UTC else at.astimezone(UTC)


def _spent(terms: Terms, usage: Usage) -> tuple[bool, bool]:
    """Whether the parcel's reveals are used up, and the budget of people is."""
    reveals = terms.reveals_per_parcel is not None and usage.reveals >= terms.reveals_per_parcel
    if terms.people_per_100_parcels is None or usage.known:
        return reveals, False
    allowed = terms.people_grace + usage.parcels * terms.people_per_100_parcels // 100
    return reveals, usage.people >= allowed


def _over_budget(name: str, rule: Rule, spent: tuple[bool, bool]) -> str:
    reveals, people = spent
    if reveals and rule.when.reveal:
        return "reveal_quota"
    return "people_budget" if people and rule.level is Level.FULL and name in PERSONAL else ""
