"""The one door out: what a reader may see of a sealed order, and the audit entry that says so. The only caller of `unseal`.

Each function gives a `Disclosure`: something to show, and an entry that names what was shown to whom, why and by which rule, never
a value. The flow commits the entry first and shows second: no audit, no disclosure. Knows the vault, the policy and the maskers;
knows no request and no table. What is not granted is not even opened.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Generic, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from masking.audit import entry
from masking.errors import VeilwayError
from masking.keyring import Keyring
from masking.levels import show_ids, show_party, show_text
from masking.personal import MaskedParty, Party, RelayNumber, Role
from masking.phones import normalise_phone
from masking.policies import DEFAULT
from masking.policy import FIELDS, Audience, Level, Occasion, Reader, ScopePolicy
from masking.policy_diff import facts
from masking.record import (
    ADDRESS,
    ANSWER,
    PHONE,
    RESTORE,
    Order,
    filled_parts,
    from_groups,
    restore_from,
    role_of,
)
from masking.region import country_of, region_of
from masking.scope import Scope as Scope
from masking.scope import present, scope_of, whole
from masking.stage import Stage
from masking.vault import unseal

MADE, REFUSED = "disclosure.made", "disclosure.refused"
_WORD = re.compile(r"[a-z][a-z0-9_]{0,39}", re.ASCII)
_NOBODY = Party()


class DisclosureInvalid(VeilwayError):
    """A question that cannot be put on record: its purpose or reason is no plain code (`disclosure_invalid`)."""

    code = "disclosure_invalid"


class Record(Struct, frozen=True):
    """A sealed order and the place it is bound to."""

    tenant: str
    id: str
    wrapped: bytes
    groups: Mapping[str, bytes]
    version: int = 1

    def __repr__(self) -> str:
        return f"<Record {self.id}: {' '.join(self.groups)}>"


class View(Struct, frozen=True):
    """What a reader sees. A field that is hidden is empty."""

    stage: Stage
    scope: Scope
    parties: Mapping[str, MaskedParty] = {}
    ids: Mapping[str, tuple[str, ...]] = {}
    remark: str = ""
    goods: str = ""

    def __repr__(self) -> str:
        return f"<View at {self.stage}: {' '.join(self.parties)}>"


T = TypeVar("T")


class Disclosure(Struct, Generic[T], frozen=True):
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
    relays, aliases = relays or {}, aliases or {}
    granted = scope_of(policy.verdict(audience, occasion), tuple(fields), tuple(relays), tuple(aliases))
    order = from_groups(_unsealed(record, keyring, granted.groups))
    scope = present(granted, _filled(order))
    parties, ids = {}, {}
    for name in dict.fromkeys([*order.parties, *relays, *aliases]):
        party, level_of = order.parties.get(name, _NOBODY), scope.of(role_of(name))
        relay, alias = relays.get(name), aliases.get(name, "")
        parties[name] = show_party(party, level_of, relay=relay, alias=alias, masking=masking)
        ids[name] = show_ids(party.ids, level_of("ids"))
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
    scope = scope_of(policy.verdict(audience, occasion), (name,), (), ())
    number = ""
    if scope.level(name) is Level.FULL:
        opened = from_groups(_unsealed(record, keyring, {PHONE}))
        number = normalise_phone(opened.parties[party].phone, region) if party in opened.parties else ""
    return _told(number, record, policy, audience, occasion, scope)


def disclose_for_restore(
    record: Record, *, keyring: Keyring, policy: ScopePolicy, audience: Audience, occasion: Occasion
) -> Disclosure[Mapping[str, str]]:
    """What the shop sent, to give a carrier's echoes back to it. All or nothing: every field must be the shop's in full."""
    _expect(audience, Reader.SHOP)
    scope = whole(policy.verdict(audience, occasion))
    opened = _unsealed(record, keyring, {RESTORE}) if scope.shown else {}
    originals = restore_from(opened[RESTORE]) if opened else {}
    return _told(originals, record, policy, audience, occasion, scope, what=RESTORE)


def disclose_answer(
    record: Record, *, keyring: Keyring, policy: ScopePolicy, audience: Audience, occasion: Occasion
) -> Disclosure[bytes]:
    """The answer kept for the shop's retry, byte for byte; empty where it is not granted or none is kept."""
    _expect(audience, Reader.SHOP)
    scope = whole(policy.verdict(audience, occasion))
    opened = _unsealed(record, keyring, {ANSWER}) if scope.shown else {}
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
    detail = {**facts(audience, occasion), **scope.told, "policy": policy.digest}
    if what and scope.shown:
        detail["shown"] = {"group": what}
    tag = MADE if scope.shown else REFUSED
    return entry(tag, at=occasion.now, tenant=tenant, actor=audience.actor, subject=subject, detail=detail)


def _placed(record: Record, keyring: Keyring, audience: Audience, occasion: Occasion, home: str) -> Occasion:
    """The question with where the parcel goes, which only the sealed addresses tell. They are opened to decide, and shown as decided."""
    goes_to = Role.SENDER if occasion.stage is Stage.RETURNED else Role.RECIPIENT
    party = from_groups(_unsealed(record, keyring, {ADDRESS})).parties.get(goes_to.value, _NOBODY)
    return replace(
        occasion, region=region_of(audience.regions, party.address, home), country=country_of(party.address, home)
    )


def _filled(order: Order) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """The fields in which the opened order has something, as `present` asks for them."""
    filled = [(name, tuple(parts)) for name, party in order.parties.items() if (parts := filled_parts(party))]
    if order.remark:
        filled.append(("remark", ()))
    if order.goods:
        filled.append(("goods", ()))
    return tuple(filled)


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
    return Disclosure(view, written, bool(scope.shown))


def _expect(audience: Audience, reader: Reader) -> None:
    if audience.reader is not reader:
        raise DisclosureInvalid(f"this disclosure is for the reader {reader.value}", path="audience.reader")
