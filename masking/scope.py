"""What a reader may see of an order, field by field: a verdict cut to what was asked for, to the stand-ins there are, and to what is there.

A scope follows from rules and from which fields hold something, never from what they hold: each is worked out once and kept, with all
that doors and log read from it. Opens nothing; knows no key and no value.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from msgspec import Raw

from masking.audit import prewritten
from masking.policy import PARTIES, PARTS, Decision, Level, Verdict
from masking.record import GROUP_OF, role_of

LevelOf = Callable[[str], Level]
"""The level of a part of the party at hand: `name`, `phone`, `street`, …"""
KEPT = 4096  # scopes at once; a policy has some hundred, and an order's parties add few
_HIDDEN = Decision()
_OPENED = frozenset({Level.MASKED, Level.FULL})
"""Levels for which the value itself has to be opened."""


@dataclass(frozen=True, slots=True, eq=False)
class Scope:
    """What a reader may see here and now: a decision on each field that was asked for."""

    decisions: Mapping[str, Decision]
    shown: Mapping[str, list[str]] = field(init=False, repr=False)
    """Level -> the fields shown at it. Empty where nothing is granted."""
    told: Mapping[str, Raw] = field(init=False, repr=False)
    """What an audit entry tells of it: the fields shown, the rules that decided, what was refused."""
    groups: frozenset[str] = field(init=False, repr=False)
    """The groups of the record that have to be opened for it."""
    refused: Mapping[str, str] = field(init=False, repr=False)
    _levels: Mapping[str, Mapping[str, Level]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        decisions, shown = self.decisions, dict[str, list[str]]()
        refused = {name: decision.refused for name, decision in decisions.items() if decision.refused}
        rules = sorted({decision.rule for decision in decisions.values() if decision.rule})
        for name, decision in decisions.items():
            if decision.level is not Level.HIDDEN:
                shown.setdefault(decision.level.value, []).append(name)
        opened = [name for name, decision in decisions.items() if decision.level in _OPENED]
        levels = {role: {part: self.level(f"{role}.{part}") for part in PARTS} for role in PARTIES}
        told = {"shown": prewritten(shown), "rules": prewritten(rules)} | (
            {"refused": prewritten(refused)} if refused else {}
        )
        for name, value in {
            "shown": shown,
            "told": told,
            "groups": frozenset(GROUP_OF[name.rpartition(".")[2]] for name in opened),
            "refused": refused,
            "_levels": levels,
        }.items():
            object.__setattr__(self, name, value)

    def level(self, name: str) -> Level:
        """How much of the field is shown."""
        return self.decisions.get(name, _HIDDEN).level

    def of(self, role: str) -> LevelOf:
        """The levels of one party's parts."""
        return self._levels[role].__getitem__

    def refusals(self) -> Mapping[str, str]:
        """Fields of which a rule would show more, and the condition that is missing: what a page may offer as a next step."""
        return self.refused


@lru_cache(KEPT)
def scope_of(verdict: Verdict, fields: tuple[str, ...], relays: tuple[str, ...], aliases: tuple[str, ...]) -> Scope:
    """The decisions on the fields asked for, those without their stand-in taken down to what else is granted.

    `relays` and `aliases` name the parties that have one.
    """
    reachable = {f"{role_of(name)}.phone" for name in relays} | {f"{role_of(name)}.email" for name in aliases}
    decisions = {}
    for name, decision in verdict.decisions.items():
        if name in fields:
            lacking = decision.level is Level.RELAY and name not in reachable
            decisions[name] = Decision(decision.instead, decision.rule, "no_stand_in") if lacking else decision
    return Scope(decisions)


@lru_cache(KEPT)
def present(scope: Scope, filled: tuple[tuple[str, tuple[str, ...]], ...]) -> Scope:
    """Without the grants on fields that turned out to be empty: the entry tells what was shown, not what might have been.

    `filled` names what is there: parties with their parts, texts without any.
    """
    there = {f"{role_of(name)}.{part}" for name, parts in filled for part in parts}
    there.update(name for name, parts in filled if not parts)
    return Scope({name: held for name, held in scope.decisions.items() if held.level not in _OPENED or name in there})


@lru_cache(KEPT)
def whole(verdict: Verdict) -> Scope:
    """Over every field of the parties, all or nothing: anything less than full anywhere grants nothing."""
    names, decisions = [f"{party}.{part}" for party in PARTIES for part in PARTS], verdict.decisions
    if all(decisions.get(name, _HIDDEN).level is Level.FULL for name in names):
        return Scope({name: decisions[name] for name in names})
    return Scope({name: Decision(refused="not_whole") for name in names})
