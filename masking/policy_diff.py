"""Two scope policies compared: who would see more, who less; by the rules alone, and on decisions that were really made.

Knows grants and their conditions; knows no store. A change opens a cell where some grant of the new policy is not covered by one of
the old, that is: not at least as deep under conditions at least as easy. It is exact, not a sample.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from masking.moments import iso
from masking.policy import (
    CARRIER_SIDE,
    FIELDS,
    RANK,
    Audience,
    Conditions,
    Level,
    Occasion,
    Reader,
    Rule,
    ScopePolicy,
    Terms,
    Usage,
)
from masking.stage import Stage


@dataclass(frozen=True, slots=True)
class Change:
    """One cell that two policies treat differently."""

    carrier: str
    """Empty: every carrier that has no rules or terms of its own."""
    reader: Reader
    stage: Stage
    name: str
    before: Level
    """The deepest level under the old policy, all conditions met."""
    after: Level
    opens: bool
    closes: bool
    """Both may hold: a purpose was exchanged for another."""


def diff(old: ScopePolicy, new: ScopePolicy) -> list[Change]:
    """Every cell that changes, in the order of carriers, readers, stages and fields."""
    carriers = sorted({"", *_carriers(old), *_carriers(new)})
    return [change for carrier in carriers for change in _changes(old, new, carrier)]


def opens(old: ScopePolicy, new: ScopePolicy) -> bool:
    """Whether anybody could see more under the new policy than under the old."""
    return any(change.opens for change in diff(old, new))


@dataclass(frozen=True, slots=True)
class Replayed:
    """One field of a recorded decision, decided again by another policy."""

    audience: Audience
    occasion: Occasion
    name: str
    before: Level
    after: Level


def replay(old: ScopePolicy, new: ScopePolicy, recorded: Iterable[tuple[Audience, Occasion]]) -> Iterator[Replayed]:
    """The differences on questions that were really put."""
    for audience, occasion in recorded:
        was, would = old.decide(audience, occasion), new.decide(audience, occasion)
        for name in FIELDS:
            before = was[name].level if name in was else Level.HIDDEN
            after = would[name].level if name in would else Level.HIDDEN
            if before is not after:
                yield Replayed(audience, occasion, name, before, after)


def facts(audience: Audience, occasion: Occasion) -> dict[str, Any]:
    """What an audit entry keeps of a question, so that it can be put again. No value, and of places only whether they matched."""
    kept: dict[str, Any] = {"reader": str(audience.reader), "stage": str(occasion.stage)}
    if audience.carrier:
        kept["carrier"] = audience.carrier
    if audience.country:
        kept["country"] = audience.country
        if audience.country == occasion.country:
            kept["at_home"] = True
    if audience.station:
        kept["station"] = audience.station
        if audience.station == occasion.station:
            kept["at_station"] = True
    if occasion.region and occasion.region in audience.regions:
        kept["in_region"] = True
    if occasion.purpose:
        kept["purpose"] = occasion.purpose
    if occasion.reason:
        kept["reason"] = occasion.reason
    for name, at in (("opened", occasion.opened_at), ("delivered", occasion.delivered_at), ("seen", occasion.seen_at)):
        if at is not None:
            kept[name] = iso(at)
    usage = occasion.usage
    if usage.reveals or usage.people or usage.parcels or usage.known:
        kept["usage"] = [usage.reveals, usage.people, usage.parcels, int(usage.known)]
    if not occasion.own:
        kept["own"] = False
    return kept


def recall(detail: dict[str, Any], *, at: datetime, actor: str) -> tuple[Audience, Occasion]:
    """The question that `facts` told of."""
    station, region = detail.get("station", ""), "1" if detail.get("in_region") else ""
    audience = Audience(
        Reader(detail["reader"]),
        actor,
        detail.get("carrier", ""),
        station,
        frozenset({region} if region else ()),
        detail.get("country", ""),
    )
    country = audience.country if detail.get("at_home") else ""
    reveals, people, parcels, known = detail.get("usage") or (0, 0, 0, 0)
    occasion = Occasion(
        Stage(detail["stage"]),
        at,
        detail.get("own", True),
        detail.get("purpose", ""),
        detail.get("reason", ""),
        _moment(detail.get("opened")),
        _moment(detail.get("delivered")),
        _moment(detail.get("seen")),
        station if detail.get("at_station") else "",
        region,
        country,
        Usage(reveals, people, parcels, bool(known)),
    )
    return audience, occasion


@dataclass(frozen=True, slots=True)
class _Grant:
    level: Level
    when: Conditions
    terms: Terms | None


def _changes(old: ScopePolicy, new: ScopePolicy, carrier: str) -> Iterator[Change]:
    for reader in Reader:
        for stage in Stage:
            was, would = _grants(old, carrier, reader, stage), _grants(new, carrier, reader, stage)
            for name in FIELDS:
                before, after = was.get(name, ()), would.get(name, ())
                more = not all(any(_covers(b, a) for b in before) for a in after)
                less = not all(any(_covers(a, b) for a in after) for b in before)
                if more or less:
                    yield Change(carrier, reader, stage, name, _deepest(before), _deepest(after), more, less)


def _grants(policy: ScopePolicy, carrier: str, reader: Reader, stage: Stage) -> dict[str, tuple[_Grant, ...]]:
    terms = policy.terms.get(carrier) if reader in CARRIER_SIDE else None
    if terms and terms.processor == "independent" and not terms.consent:
        return {}
    granting = policy.grants(reader, carrier, stage)
    return {
        name: tuple(_grant(rule, terms) for rule in rules if rule.level is not Level.HIDDEN) for name, rules in granting
    }


def _grant(rule: Rule, terms: Terms | None) -> _Grant:
    """The grant with the terms that bind it: budgets count full levels, quotas count reveals, and nothing else."""
    if terms and rule.level is not Level.FULL:
        terms = replace(terms, people_per_100_parcels=None)
    if terms and not rule.when.reveal:
        terms = replace(terms, reveals_per_parcel=None)
    return _Grant(rule.level, rule.when, terms)


def _covers(one: _Grant, other: _Grant) -> bool:
    """Whether `one` shows at least as much wherever `other` shows it."""
    if RANK[one.level] < RANK[other.level]:
        return False
    return _easier(one.when, other.when) and _terms_easier(one.terms, other.terms)


def _easier(one: Conditions, other: Conditions) -> bool:
    return (
        _set_easier(one.purposes, other.purposes)
        and _set_easier(one.countries, other.countries)
        and (not one.reveal or other.reveal)
        and (not one.opened or other.opened)
        and (not one.own_station or other.own_station)
        and (not one.own_region or other.own_region)
        and (not one.own_country or other.own_country)
        and _bound_easier(one.hours_after_delivery, other.hours_after_delivery)
    )


def _terms_easier(one: Terms | None, other: Terms | None) -> bool:
    if one is None:
        # No terms ask nothing; but other terms may name a basis for crossing the border, which no terms do not.
        return other is None or not other.basis
    other = other or Terms(one.carrier)
    return (
        _easier(one.when, other.when)
        and (not one.starts or (other.starts is not None and other.starts >= one.starts))
        and (not one.ends or (other.ends is not None and other.ends <= one.ends))
        and (bool(one.basis) or not other.basis)
        and _bound_easier(one.reveals_per_parcel, other.reveals_per_parcel)
        and _bound_easier(one.people_per_100_parcels, other.people_per_100_parcels)
        and (one.people_per_100_parcels is None or one.people_grace >= other.people_grace)
    )


def _set_easier(one: frozenset[str], other: frozenset[str]) -> bool:
    return not one or bool(other and other <= one)


def _bound_easier(one: int | None, other: int | None) -> bool:
    return one is None or (other is not None and other <= one)


def _deepest(grants: tuple[_Grant, ...]) -> Level:
    return grants[0].level if grants else Level.HIDDEN


def _carriers(policy: ScopePolicy) -> set[str]:
    return {*policy.terms, *(carrier for rule in policy.rules for carrier in rule.carriers)}


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
