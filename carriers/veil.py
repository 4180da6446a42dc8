"""Veil an opened order: what stands in for each personal value, set where the value sat, and the business body closed again.

Knows kinds, scopes and relay numbers; knows no credential and no signature (`finish.py`). A phone field never carries stars; a value goes
out whole only where the last mile is by label, and then it is listed in `granted` for the audit log.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import unquote

import msgspec
from msgspec import Struct

from carriers import envelope_json, envelope_xml
from carriers.born import without_known
from carriers.envelope_form import Form
from carriers.envelope_multipart import Multipart
from carriers.errors import CarrierRefusal
from carriers.order import OpenOrder
from carriers.profile import Manner
from carriers.sheet import Leaf, Level, close_level, put_back, stranger_kind
from masking.addresses import address_pair
from masking.contacts import mask_id
from masking.freetext import mask_text
from masking.named import mask_named
from masking.names import name_pair
from masking.personal import Kind, RelayNumber, Role
from masking.phones import mask_phone

# Members of an enumeration are looked up once; the hot path compares them.
_NAME, _PHONE, _EMAIL, _COMPANY = Kind.NAME, Kind.PHONE, Kind.EMAIL, Kind.COMPANY
_ADDRESS_LINE, _FREE_TEXT = Kind.ADDRESS_LINE, Kind.FREE_TEXT
_SENDER, _THIRD_PARTY = Role.SENDER, Role.THIRD_PARTY
Granted = tuple[str, Kind, Role]
_TEN = 10
_BACKSLASH = ord("\\")
_NORTH_AMERICAN = re.compile(r"1[2-9]\d\d[2-9]\d{6}")
"""A number with its country code, as pools hold it; a field of ten digits takes it without."""

Echo = tuple[Role, Kind, str, str, str]
"""Role, kind, part, what was sent, what the shop had written."""
Aliases = Callable[[Kind, str], str]
"""Kind and plain value -> what stands in for it towards this carrier, in this order; empty where nothing can."""


class Veiled(Struct, eq=False):
    """A veiled order. `finish` puts the credentials in and signs; the rest is for the guard, the audit log and the way back."""

    order: OpenOrder
    granted: list[Granted]
    """Path, kind and role of each value that goes out whole."""
    kept: list[str]
    """Masked texts, the plain pieces that the masker chose to keep, and what is granted whole; the guard lets them pass."""
    restore_map: list[Echo]
    """What gives the shop its own values back, JSON-able; it is as personal as the order and is sealed with it."""
    goods: str = ""
    """The cargo names, a line each, with nobody's values in them: readers may see the goods who may not see the remark."""

    def __repr__(self) -> str:
        return f"<Veiled {self.order.operation.manner.carrier} {len(self.granted)} granted>"

    @property
    def body(self) -> bytes:
        """The business body: final but for what `finish` fills in (credentials, timestamps, signature) where those stand inside it."""
        sheet = self.order.sheet
        body = next((level for level in sheet.levels if level.path == ""), None)
        return close_level(body, sheet) if body else b""

    @property
    def clear(self) -> bytes:
        """Everything the carrier will read, in UTF-8: the closed levels' own bytes, one level a line, with escapes undone."""
        request = self.order.request
        sheet = self.order.sheet
        pieces = [_clear(level) for level in sheet.levels]
        outside = unquote(request.path) if "%" in request.path else request.path
        headers = self.order.operation.headers
        if headers:
            outside = "\n".join([outside, *[value for name, value in request.headers.items() if name in headers]])
        pieces.append(outside.encode("utf-8", "surrogatepass"))  # a header may hold half a pair
        return b"\n".join(pieces)

    @property
    def clear_text(self) -> str:
        """The same as text, for who looks for a sentence in it; the guard reads bytes."""
        return self.clear.decode("utf-8", "surrogatepass")


def veil(
    order: OpenOrder,
    *,
    relays: Mapping[Role, RelayNumber],
    last_mile: str | None = None,
    emails: Mapping[Role, str] | None = None,
    aliases: Aliases | None = None,
    last_four: Mapping[Role, str] | None = None,
) -> Veiled:
    """Mask the order in place and close it. Once per opened order.

    `relays` has a number for each of `order.phone_roles`; `last_mile` overrides the profile's; `emails` holds alias addresses by role,
    and `aliases` makes them, where a format demands one, and stand-ins for ids of persons; `last_four` what a trace call asks of the real phone (a disclosure: audited by the caller).
    """
    if order.veiled:
        raise CarrierRefusal("this order is veiled already", code="veiled_twice")
    order.veiled = True
    sheet, manner = order.sheet, order.operation.manner
    whole = manner.whole(last_mile or manner.last_mile)
    pen = _Pen(order, manner, relays, whole, emails or {}, aliases or _none, last_four or {})
    # A document that a scope lets through is read by nobody here: on record like all that goes whole.
    for path in sheet.attachments:
        pen.granted.append((path, Kind.PLAIN, _THIRD_PARTY))
    for leaf in sheet.routing:
        if leaf.rule.part == "country":
            pen.countries[leaf.role] = leaf.value
    pen.write(sheet.leaves)
    if pen.texts:
        pen.scrub()
    if pen.split:
        pen.spread()
    if sheet.drops or pen.drops:
        for container, key in reversed(sheet.drops + pen.drops):  # what does not go on, later items of a list first
            if container is not None:
                del container[key]
    for level in sheet.levels:
        if level.container is not None and not level.node.late:
            put_back(level, sheet)
    return Veiled(order, pen.granted, pen.kept, pen.echoes, "\n".join(dict.fromkeys(pen.goods)))


class _Pen(Struct, eq=False):
    """Writes what stands in for each leaf, and keeps the record."""

    order: OpenOrder
    manner: Manner
    relays: Mapping[Role, RelayNumber]
    whole: frozenset[str]
    """What goes out as it is."""
    emails: Mapping[Role, str]
    aliases: Aliases
    last_four: Mapping[Role, str]
    granted: list[Granted] = []
    kept: list[str] = []
    echoes: list[Echo] = []
    drops: list[tuple[Any, Any]] = []
    texts: list[Leaf] = []
    goods: list[str] = []
    split: dict[tuple[int, Role], list[Leaf]] = {}
    phones: dict[str, RelayNumber] = {}
    masked: dict[tuple[Kind, str], str] = {}
    countries: dict[Role, str] = {}
    """By role, where an address says one."""

    def __repr__(self) -> str:
        return f"<_Pen {len(self.echoes)} written>"

    def write(self, leaves: list[Leaf]) -> None:
        """Write all but free texts and numbers in parts, which come when the rest is known."""
        whole, masked, echoes, kept = self.whole, self.masked, self.echoes, self.kept
        for leaf in leaves:
            rule, value = leaf.rule, leaf.value
            kind, part = rule.kind, rule.part
            if kind is _PHONE:
                if part:
                    self._phone_part(leaf)
                else:
                    self._phone(leaf)
            elif kind is _FREE_TEXT:
                self.texts.append(leaf)
            elif kind is _EMAIL:
                self._email(leaf)
            elif part and part == "alias":
                self._person_id(leaf)
            elif kind in whole:
                self.granted.append((leaf.path, kind, leaf.role))
                kept.append(value)
                echoes.append((leaf.role, kind, part, value, value))
            elif part and part == "coordinates":
                self.drops.append((leaf.container, leaf.key))  # as near as the door; half a point on a map helps nobody
                self._note(leaf, "")
            else:
                # One person may stand in several places; the same value gets the same mask, and is masked once.
                text = masked.get((kind, value))
                if text is None:
                    text = name_pair(value)[0] if kind is _NAME else self._masked(kind, leaf, value)
                    masked[kind, value] = text
                    kept.append(text)
                leaf.container[leaf.key] = text
                echoes.append((leaf.role, kind, part, text, value))

    def _masked(self, kind: Kind, leaf: Leaf, value: str) -> str:
        if kind is _NAME or kind is _COMPANY:  # an employer is masked as a name
            return name_pair(value)[0]
        if kind is not _ADDRESS_LINE:
            return mask_id(value).text
        if leaf.rule.part == "house":
            return "**"
        return address_pair(value, self.countries.get(leaf.role, self.manner.country))[0]

    def _note(self, leaf: Leaf, sent: str) -> None:
        rule = leaf.rule
        self.echoes.append((leaf.role, rule.kind, rule.part, sent, leaf.value))

    # --- phones ------------------------------------------------------------------------------------------------------------------------

    def _phone(self, leaf: Leaf) -> None:
        value, beside = leaf.value, leaf.rule.beside
        relay = self.phones.get(value)
        if relay is None:
            relay = self.phones[value] = self.relay_of(leaf.role)
        sent = relay.x if beside else self.dial(relay)
        if beside and relay.ext:
            _put_beside(leaf, relay.ext)
        leaf.container[leaf.key] = sent
        self.echoes.append((leaf.role, _PHONE, "", sent, value))

    def _phone_part(self, leaf: Leaf) -> None:
        if leaf.rule.part == "last4":
            leaf.container[leaf.key] = sent = self._last_four(leaf)
            self._note(leaf, sent)
        else:
            self.split.setdefault((leaf.rule.party, leaf.role), []).append(leaf)

    def relay_of(self, role: Role) -> RelayNumber:
        """The role's number; a third party is reached through the sender's."""
        relay = self.relays.get(role) or (self.relays.get(_SENDER) if role is _THIRD_PARTY else None)
        if relay is None:
            raise CarrierRefusal(f"no relay number for the {role}'s phone", code="relay_missing")
        return relay

    def dial(self, relay: RelayNumber) -> str:
        """The number as one field holds it."""
        sent, ext, manner = relay.x, relay.ext, self.manner
        room = manner.phone_digits
        if ext:
            sent += manner.phone_separator + ext
        if room == _TEN and _NORTH_AMERICAN.fullmatch(sent):
            sent = sent[1:]
        if room and len(sent) > room:
            raise CarrierRefusal(f"the relay number does not fit {room} characters", code="relay_too_long")
        return sent

    def spread(self) -> None:
        """Fill split numbers part by part: the whole of X into the number, country and area taken from it where they fit."""
        for (_, role), leaves in self.split.items():
            parts = {leaf.rule.part for leaf in leaves}
            values = split_number(self.relay_of(role), parts, self.manner.phone_separator)
            for leaf in leaves:
                sent = values.get(leaf.rule.part, "")
                leaf.container[leaf.key] = sent
                self._note(leaf, sent)

    def _last_four(self, leaf: Leaf) -> str:
        four = self.last_four.get(leaf.role) or next(iter(self.last_four.values()), "")
        if not four:
            raise CarrierRefusal(
                "the call asks for the last four digits of a phone that is not on record",
                code="last_four_missing",
                path=leaf.path,
            )
        return four

    # --- e-mails and free text ---------------------------------------------------------------------------------------------------------

    def _email(self, leaf: Leaf) -> None:
        alias = self.emails.get(leaf.role)
        if alias is None and (leaf.rule.part == "alias" or self.manner.email_required):
            alias = self.aliases(_EMAIL, leaf.value) or None
        if alias is None and self.manner.email_required:
            raise CarrierRefusal(
                f"the format demands an e-mail address and there is no alias for the {leaf.role}",
                code="email_alias_missing",
                path=leaf.path,
            )
        if alias is None:
            self.drops.append((leaf.container, leaf.key))
        else:
            leaf.container[leaf.key] = alias
        self._note(leaf, alias or "")

    def _person_id(self, leaf: Leaf) -> None:
        """An id that only the shop can read: whoever else it is equal for could tell one person by it."""
        leaf.container[leaf.key] = sent = self.aliases(Kind.ID, leaf.value) or "****"
        self.kept.append(sent)
        self._note(leaf, sent)

    def _stand_in(self, leaf: Leaf) -> str:
        return self.masked.get((leaf.rule.kind, leaf.value), "****")

    def _by_meaning(self, leaf: Leaf, text: str) -> str:
        """A leaf that nobody claimed, masked as what its key and value say it is."""
        kind = stranger_kind(leaf)
        if kind in (_NAME, _COMPANY, _ADDRESS_LINE, Kind.ID):
            return self._masked(kind, leaf, text)
        if kind is _PHONE:
            return mask_phone(text).text
        return mask_text(mask_named(text)).text

    def scrub(self) -> None:
        """Take out of free texts what has a personal shape, whom they name by a role, and every value of this order's own parties."""
        for leaf in self.texts:
            rule, value = leaf.rule, leaf.value
            text = without_known(value, self.order.sheet.leaves, self._stand_in)
            text = self._by_meaning(leaf, text) if rule.stranger else mask_text(mask_named(text)).text
            if rule.part == "goods":
                self.goods.append(text)
            if text != value:
                leaf.container[leaf.key] = text
                self._note(leaf, text)


def _none(_kind: Kind, _value: str) -> str:
    return ""


def split_number(relay: RelayNumber, parts: set[str], separator: str = "-") -> dict[str, str]:
    """A relay number over the fields a format has: country, area, number, ext.

    Without its own country field X is written whole; a North American X (11 digits from 1, or 10) fills country, area and number.
    """
    x, ext = relay.x, relay.ext
    values: dict[str, str] = {}
    if "country" in parts and x.startswith("1") and len(x) == 11:
        values["country"], x = "1", x[1:]
    elif "country" in parts and x.startswith("86") and len(x) > 11:
        values["country"], x = "86", x[2:]
    if "area" in parts:
        values["area"], x = x[:3], x[3:]
    if ext and "ext" not in parts:
        x = f"{x}{separator}{ext}"
    values["number"], values["ext"] = x, ext
    return values


def _put_beside(leaf: Leaf, ext: str) -> None:
    """Write the extension into its own field, which need not have been there."""
    if isinstance(leaf.container, envelope_xml.Text):
        envelope_xml.put_beside(leaf.container.element, leaf.rule.beside, ext)
    else:
        leaf.container[leaf.rule.beside] = ext


def _clear(level: Level) -> bytes:
    """One level's leaves as the carrier will read them, in UTF-8."""
    tree = level.tree
    kind = type(tree)
    if kind is Form:
        # An inner document is read at its own level; credentials and signatures are replaced before anybody reads them.
        return "\n".join([field.text for field in tree.fields if not field.apart and field.text]).encode()
    if kind is envelope_xml.Xml:
        return "\n".join(
            "\n".join([element.text or "", *map(str, element.attrib.values())]) for element in tree.root.iter()
        ).encode()
    if kind is Multipart:
        return "\n".join((part.content or b"").decode("utf-8", "replace") for part in tree.parts).encode()
    raw = level.raw if level.raw is not None else envelope_json.dumps(tree)
    if _BACKSLASH not in raw:
        return raw
    # Escapes hide characters from a reader of bytes: read them as the carrier's parser will.
    return "\n".join(_strings(envelope_json.loads(raw, level.path))).encode()


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield key
            yield from _strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from _strings(item)
    elif value is not None:
        yield bytes(value).decode() if isinstance(value, msgspec.Raw) else str(value)
