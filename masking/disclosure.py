"""The one door out: what a reader may see of a sealed order, and the audit entry that says so. The only caller of `unseal`.

Each function gives a `Disclosure`: something to show, and an entry that names what was shown to whom, why and by which rule, never
a value. The flow commits the entry first and shows second: no audit, no disclosure. Knows the vault, the policy and the maskers;
knows no request and no table. What is not granted is not even opened.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Generic, TypeVar

from masking.audit import entry
from masking.errors import VeilwayError
from masking.keyring import Keyring
from masking.levels import LevelOf, show_ids, show_party, show_text
from masking.personal import MaskedParty, Party, RelayNumber, Role
from masking.phones import normalise_phone
from masking.policies import DEFAULT
from masking.policy import FIELDS, PARTIES, PARTS, Audience, Decision, Level, Occasion, Reader, ScopePolicy
from masking.policy_diff import facts
from masking.record import (
    ADDRESS,
    ANSWER,
    GROUP_OF,
    PHONE,
    RESTORE,
    Order,
    filled_parts,
    from_groups,
    restore_from,
    role_of,
)
from masking.region import country_of, region_of
from masking.stage import Stage
from masking.vault import unseal

MADE, REFUSED = "disclosure.made", "disclosure.refused"
_WORD = re.compile(r"[a-z][a-z0-9_]{0,39}", re.ASCII)
_HIDDEN = Decision()
_NOBODY = Party()


class DisclosureInvalid(VeilwayError):
    """A question that cannot be put on record: its purpose or reason is no plain code (`disclosure_invalid`)."""

    code = "disclosure_invalid"


@dataclass(frozen=True, slots=True, repr=False)
class Record:
    """A sealed order and the place it is bound to."""

    tenant: str
    id: str
    wrapped: bytes
    groups: Mapping[str, bytes]
    version: int = 1

    def __repr__(self) -> str:
        return f"<Record {self.id}: {' '.join(self.groups)}>"


@dataclass(frozen=True, slots=True)
class Scope:
    """What a reader may see here and now: a decision on each field that was asked for."""

    decisions: Mapping[str, Decision]

    def level(self, name: str) -> Level:
        """How much of the field is shown."""
        return self.decisions.get(name, _HIDDEN).level

    def of(self, role: str) -> LevelOf:
        """The levels of one party's parts."""
        start = f"{role}."
        levels = {name[len(start) :]: held.level for name, held in self.decisions.items() if name.startswith(start)}
        return lambda part: levels.get(part, Level.HIDDEN)

    def refusals(self) -> dict[str, str]:
        """Fields of which a rule would show more, and the condition that is missing: what a page may offer as a next step."""
        return {name: decision.refused for name, decision in self.decisions.items() if decision.refused}


@dataclass(frozen=True, slots=True, repr=False)
class View:
    """What a reader sees. A field that is hidden is empty."""

    stage: Stage
    scope: Scope
    parties: Mapping[str, MaskedParty] = field(default_factory=dict)
    ids: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    remark: str = ""
    goods: str = ""

    def __repr__(self) -> str:
        return f"<View at {self.stage}: {' '.join(self.parties)}>"


T = TypeVar("T")


@dataclass(frozen=True, slots=True, repr=False)
class Disclosure(Generic[T]):
    """Something to show once `entry` is on disk, and not before."""

    view: T
    entry: bytes
    shown: bool
    """Whether anything was granted. Where not, `view` is empty and the entry tells of a refusal."""

    def __repr__(self) -> str:
        return f"<Disclosure {'made' if self.shown else 'refused'}>"


def disclose(
    record: Record,
    *,
    keyring: Keyring,
    policy: ScopePolicy,
    audience: Audience,
    occasion: Occasion,
    fields: Collection[str] = FIELDS,
    relays: Mapping[str, RelayNumber] | None = None,
    aliases: Mapping[str, str] | None = None,
    home: str = "",
    masking: str = DEFAULT,
) -> Disclosure[View]:
    """What `audience` may see of the order now. `relays` and `aliases` stand in for phones and e-mails, by party.

    Where the level is `relay` and there is no stand-in, the field falls back to what else is granted, mostly nothing. `home` is the
    country of addresses that name none, as the carrier's format has it.
    """
    if occasion.own and policy.asks_place(audience):
        occasion = _placed(record, keyring, audience, occasion, home)
    scope = _scope(policy, audience, occasion, fields, relays or {}, aliases or {})
    order = _opened(record, keyring, scope)
    scope = _present(scope, order)
    names = dict.fromkeys([*order.parties, *(relays or {}), *(aliases or {})])
    parties, ids = {}, {}
    for name in names:
        role, party = role_of(name), order.parties.get(name, _NOBODY)
        relay, alias = (relays or {}).get(name), (aliases or {}).get(name, "")
        parties[name] = show_party(party, scope.of(role), relay=relay, alias=alias, masking=masking)
        ids[name] = show_ids(party.ids, scope.level(f"{role}.ids"))
    remark, goods = show_text(order.remark, scope.level("remark")), show_text(order.goods, scope.level("goods"))
    view = View(occasion.stage, scope, parties, ids, remark, goods)
    return _told(view, record, policy, audience, occasion, scope)


def disclose_for_label(
    record: Record,
    *,
    keyring: Keyring,
    policy: ScopePolicy,
    audience: Audience,
    occasion: Occasion,
    relays: Mapping[str, RelayNumber],
    masking: str = DEFAULT,
) -> Disclosure[View]:
    """Parties, and goods where the policy grants them, as a label may print them. The audience's reader is `label`; its actor, whoever has it printed."""
    _expect(audience, Reader.LABEL)
    return disclose(
        record, keyring=keyring, policy=policy, audience=audience, occasion=occasion, relays=relays, masking=masking
    )


def disclose_phone_for_call(
    record: Record,
    *,
    keyring: Keyring,
    policy: ScopePolicy,
    audience: Audience,
    occasion: Occasion,
    party: str,
    region: str = "CN",
) -> Disclosure[str]:
    """The one number to dial, E.164 or bare digits (`;ext=` behind); "" where it is not granted or not dialable."""
    _expect(audience, Reader.SWITCH)
    name = f"{role_of(party)}.phone"
    scope = _scope(policy, audience, occasion, (name,), {}, {})
    number = ""
    if scope.level(name) is Level.FULL:
        opened = from_groups(_unsealed(record, keyring, {PHONE}))
        number = normalise_phone(opened.parties[party].phone, region) if party in opened.parties else ""
    return _told(number, record, policy, audience, occasion, scope)


def disclose_for_restore(
    record: Record, *, keyring: Keyring, policy: ScopePolicy, audience: Audience, occasion: Occasion
) -> Disclosure[Mapping[str, str]]:
    """What the shop sent, to give a carrier's echoes back to it. All or nothing: every field must be the shop's in full."""
    scope = _whole(policy, audience, occasion)
    opened = _unsealed(record, keyring, {RESTORE}) if _granted(scope) else {}
    originals = restore_from(opened[RESTORE]) if opened else {}
    return _told(originals, record, policy, audience, occasion, scope, what=RESTORE)


def disclose_answer(
    record: Record, *, keyring: Keyring, policy: ScopePolicy, audience: Audience, occasion: Occasion
) -> Disclosure[bytes]:
    """The answer kept for the shop's retry, byte for byte; empty where it is not granted or none is kept."""
    scope = _whole(policy, audience, occasion)
    opened = _unsealed(record, keyring, {ANSWER}) if _granted(scope) else {}
    return _told(opened.get(ANSWER, b""), record, policy, audience, occasion, scope, what=ANSWER)


def disclosure_entry(
    *,
    tenant: str,
    subject: str,
    policy: ScopePolicy,
    audience: Audience,
    occasion: Occasion,
    scope: Scope,
    what: str = "",
) -> bytes:
    """The audit entry of a disclosure, also for values that were never sealed: an order on its way out. `what` names a whole group."""
    for word in (occasion.purpose, occasion.reason):
        # People write names and phones into free text; the log takes codes only.
        if word and not _WORD.fullmatch(word):
            raise DisclosureInvalid("purpose and reason are codes of a-z, 0-9 and _, at most 40", path="reason")
    shown: dict[str, list[str]] = {}
    for name, decision in scope.decisions.items():
        if decision.level is not Level.HIDDEN:
            shown.setdefault(decision.level.value, []).append(name)
    detail = facts(audience, occasion)
    detail["policy"] = policy.digest
    detail["shown"] = {"group": what} if what and shown else shown
    detail["rules"] = sorted({decision.rule for decision in scope.decisions.values() if decision.rule})
    refused = scope.refusals()
    if refused:
        detail["refused"] = refused
    tag = MADE if shown else REFUSED
    return entry(tag, at=occasion.now, tenant=tenant, actor=audience.actor, subject=subject, detail=detail)


def _scope(
    policy: ScopePolicy,
    audience: Audience,
    occasion: Occasion,
    fields: Collection[str],
    relays: Mapping[str, RelayNumber],
    aliases: Mapping[str, str],
) -> Scope:
    """The decisions on the fields asked for, those without their stand-in taken down to what else is granted."""
    reachable = {f"{role_of(name)}.phone" for name in relays} | {f"{role_of(name)}.email" for name in aliases}
    decisions = {}
    for name, decision in policy.decide(audience, occasion).items():
        if name in fields:
            lacking = decision.level is Level.RELAY and name not in reachable
            decisions[name] = Decision(decision.instead, decision.rule, "no_stand_in") if lacking else decision
    return Scope(decisions)


def _placed(record: Record, keyring: Keyring, audience: Audience, occasion: Occasion, home: str) -> Occasion:
    """The question with where the parcel goes, which only the sealed addresses tell. They are opened to decide, and shown as decided."""
    goes_to = Role.SENDER if occasion.stage is Stage.RETURNED else Role.RECIPIENT
    party = from_groups(_unsealed(record, keyring, {ADDRESS})).parties.get(goes_to.value, _NOBODY)
    return replace(
        occasion, region=region_of(audience.regions, party.address, home), country=country_of(party.address, home)
    )


def _whole(policy: ScopePolicy, audience: Audience, occasion: Occasion) -> Scope:
    """The shop's scope over every field of the parties: anything less than full anywhere grants nothing."""
    _expect(audience, Reader.SHOP)
    fields = [f"{party}.{part}" for party in PARTIES for part in PARTS]
    decisions = policy.decide(audience, occasion)
    if all(decisions.get(name, _HIDDEN).level is Level.FULL for name in fields):
        return Scope({name: decisions[name] for name in fields})
    return Scope({name: Decision(refused="not_whole") for name in fields})


def _granted(scope: Scope) -> bool:
    return any(decision.level is not Level.HIDDEN for decision in scope.decisions.values())


def _opened(record: Record, keyring: Keyring, scope: Scope) -> Order:
    wanted = {
        GROUP_OF[name.rpartition(".")[2]]
        for name, decision in scope.decisions.items()
        if decision.level in (Level.MASKED, Level.FULL)
    }
    return from_groups(_unsealed(record, keyring, wanted))


def _present(scope: Scope, order: Order) -> Scope:
    """Without the grants on fields that turned out to be empty: the entry tells what was shown, not what might have been."""
    there = {"remark"} if order.remark else set()
    if order.goods:
        there.add("goods")
    for name, party in order.parties.items():
        there.update(f"{role_of(name)}.{part}" for part in filled_parts(party))
    opened = (Level.MASKED, Level.FULL)
    return Scope({name: held for name, held in scope.decisions.items() if held.level not in opened or name in there})


def _unsealed(record: Record, keyring: Keyring, wanted: Collection[str]) -> dict[str, bytes]:
    held = {group: record.groups[group] for group in sorted(wanted) if group in record.groups}
    if not held:
        return {}
    return unseal(keyring, record.wrapped, held, tenant=record.tenant, record=record.id, version=record.version)


def _told(
    view: T,
    record: Record,
    policy: ScopePolicy,
    audience: Audience,
    occasion: Occasion,
    scope: Scope,
    what: str = "",
) -> Disclosure[T]:
    written = disclosure_entry(
        tenant=record.tenant,
        subject=record.id,
        policy=policy,
        audience=audience,
        occasion=occasion,
        scope=scope,
        what=what,
    )
    return Disclosure(view, written, _granted(scope))


def _expect(audience: Audience, reader: Reader) -> None:
    if audience.reader is not reader:
        raise DisclosureInvalid(f"this disclosure is for the reader {reader.value}", path="audience.reader")
