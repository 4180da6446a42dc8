"""An order, opened: the business document that a shop sent, every leaf claimed. Knows plain values; masks nothing and sends nothing.

`open_order` is the only way in. What it cannot read or classify it refuses, by path and never by value.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from functools import lru_cache
from typing import Any

from carriers import envelope_json, envelope_xml
from carriers.claim import PARTY_KINDS, PLACE_PARTS, SPLIT_PHONE
from carriers.errors import CarrierRefusal
from carriers.profile import Operation
from carriers.sheet import Leaf, Level, Sheet
from carriers.walk import open_level
from carriers.wire import WireRequest
from masking.personal import Kind, Party, PostalAddress, Role

_FREE_TEXT, _PHONE = Kind.FREE_TEXT, Kind.PHONE
_PHONES = PARTY_KINDS.index(_PHONE)
_NOTHING_SAID: list[Any] = [""] * len(PARTY_KINDS) + [None] * len(PLACE_PARTS)
"""By `Rule.says`: the text of each kind, and the one of each part of the place."""
_BOOKING = ("create", "return")
_NO_TEXT = frozenset(("country", "area", "ext", "last4", "coordinates"))
"""Parts that are nobody's alone, or no text that could stand elsewhere."""
_TELLING_ID = 6
"""Characters from which a shop's own id of a person is looked for in the final bytes; a shorter one stands in quantities and codes."""
_INDEX = re.compile(r"\[\d+\]")
_CHARSET = re.compile(r"charset=\"?([\w\-]+)", re.IGNORECASE)
_CHARSETS = {
    "utf-8": "utf-8",
    "utf8": "utf-8",
    "us-ascii": "utf-8",
    "gbk": "gbk",
    "gb2312": "gbk",
    "gb18030": "gb18030",
}
_TYPES = {
    "json": ("application/json", "text/json", "text/plain"),
    "form": ("application/x-www-form-urlencoded",),
    "xml": ("application/xml", "text/xml", "application/soap+xml"),
    "multipart": ("multipart/form-data",),
}


class OpenOrder:
    """What `open_order` gives. It owns its document: veiling changes it in place, once."""

    def __init__(self, operation: Operation, request: WireRequest, sheet: Sheet, document: bytes) -> None:
        self.operation = operation
        self.request = request
        self.sheet = sheet
        self.document = document
        """The business document in canonical bytes, without credentials, timestamps, request ids and signatures: equal orders, equal bytes."""
        self.veiled = False
        self._fields: list[tuple[str, Kind, Role, str]] | None = None
        self._parties: dict[Role, Party] | None = None

    def __repr__(self) -> str:
        return f"<OpenOrder {self.operation.manner.carrier} {self.operation.id} {len(self.sheet.leaves)} leaves>"

    @property
    def reference(self) -> str:
        """The carrier's own order reference, or an empty string. Where only several fields together name an order: all of them."""
        facts = self.sheet.facts.get("reference")
        if facts and len(facts) > 1 and self.operation.effect in _BOOKING:
            return " ".join(dict.fromkeys(fact.value for fact in facts))
        return facts[0].value if facts else ""

    @property
    def findings(self) -> tuple[str, ...]:
        """Paths that nobody claimed, where the policy does not refuse them."""
        return tuple(self.sheet.findings)

    @property
    def fields(self) -> list[tuple[str, Kind, Role, str]]:
        """Path, kind, role and plain value of every personal leaf and every free text.

        Of a number that stands in several fields: its number field, and area and number together at the area's path.
        """
        if self._fields is None:
            self._fields = _fields(self.sheet.leaves)
        return self._fields

    @property
    def plain(self) -> list[tuple[Kind, str]]:
        """Kind and value of each of `fields` that must not be in the document when it goes out."""
        found = []
        for leaf in self.sheet.leaves:
            rule = leaf.rule
            if not rule.part:
                found.append((rule.kind, leaf.value))
            elif rule.kind is not _FREE_TEXT:
                return [(kind, value) for _path, kind, _role, value in self.fields]
        return found

    @property
    def parties(self) -> dict[Role, Party]:
        """Who the order is about. Where a role stands in several places, the first to say something wins."""
        if self._parties is None:
            self._parties = _parties(self.sheet.leaves, self.sheet.routing)
        return self._parties

    @property
    def remark(self) -> str:
        """Every free text that is no cargo name, a line each, as the shop wrote them."""
        return self._texts("")

    @property
    def goods(self) -> str:
        """The cargo names, a line each, as the shop wrote them."""
        return self._texts("goods")

    def _texts(self, part: str) -> str:
        leaves = self.sheet.leaves
        return "\n".join([leaf.value for leaf in leaves if leaf.rule.kind is _FREE_TEXT and leaf.rule.part == part])

    @property
    def phone_roles(self) -> frozenset[Role]:
        """Roles for which a phone stands in the document: each needs a relay number (a third party may use the sender's)."""
        return frozenset(
            leaf.role
            for leaf in self.sheet.leaves
            if leaf.rule.kind is Kind.PHONE and leaf.rule.part not in ("last4", "country")
        )

    @property
    def last4_roles(self) -> frozenset[Role]:
        """Roles of which a trace call asks the phone's last four digits."""
        return frozenset(leaf.role for leaf in self.sheet.leaves if leaf.rule.part == "last4")


def open_order(
    operation: Operation,
    request: WireRequest,
    *,
    keys: Mapping[str, str] | None = None,
    attachments: Collection[str] = (),
) -> OpenOrder:
    """Undo the envelope and claim every leaf. `keys` holds, by cipher name, the shop's key where the format is ciphered.

    `attachments` are the places (`$.documentImages[]`) whose documents a scope lets through as they are; any other is refused.
    """
    charset, content_type = _content(operation, request)
    sheet = Sheet(operation.unclassified, charset, content_type, keys or {})
    if request.query:
        _open_query(operation, request, sheet)
    if operation.root.inner is not None:
        open_level(operation.root, request.body, None, None, "", None, sheet)
    elif request.body.strip():
        raise CarrierRefusal("this operation has no body", code="unclaimed_field", path="$")
    for path in sheet.attachments:
        if not _named(path, attachments):
            raise CarrierRefusal("documents inside a request are not passed on", code="attachment_refused", path=path)
    _expect(operation, sheet)
    return OpenOrder(operation, request, sheet, _document(operation, request, sheet))


def _named(path: str, attachments: Collection[str]) -> bool:
    """Whether a scope names the place, or one above it."""
    place = _INDEX.sub("[]", path)
    return any(place == named or place.startswith((f"{named}.", f"{named}/", f"{named}[]")) for named in attachments)


def _content(operation: Operation, request: WireRequest) -> tuple[str, str]:
    """The charset and content type of the body. Refuses a coding or a type that the operation does not speak."""
    coding = request.headers.get("content-encoding")
    if coding and coding.lower() != "identity":
        raise CarrierRefusal("compressed bodies are not opened", code="encoded_body")
    content_type = request.headers.get("content-type", "")
    return _charset(operation.root.codec, operation.manner.charset, content_type), content_type


@lru_cache(256)  # shops send the same few headers, again and again
def _charset(codec: str, default: str, content_type: str) -> str:
    if not content_type or not codec:
        return default
    base, _, rest = content_type.partition(";")
    base = base.strip().lower()
    if base not in _TYPES.get(codec, ()) and not base.endswith(f"+{codec}"):
        raise CarrierRefusal(f"this operation takes {codec}", code="wrong_content_type")
    named = _CHARSET.search(rest)
    charset = _CHARSETS.get(named[1].lower()) if named else default
    if charset is None or (codec == "json" and charset != "utf-8"):
        raise CarrierRefusal("a charset that this operation does not take", code="bad_charset")
    return charset


def _open_query(operation: Operation, request: WireRequest, sheet: Sheet) -> None:
    if operation.query.inner is None:
        raise CarrierRefusal(
            "the profile says nothing about this operation's query string", code="unclaimed_field", path="query"
        )
    open_level(operation.query, request.query.encode(), None, None, "query", None, sheet)


def _expect(operation: Operation, sheet: Sheet) -> None:
    """Refuse an order without the personal fields that its profile says it has: the format has changed, or it is another one."""
    for role in operation.expects:
        for leaf in sheet.leaves:
            if leaf.role is role and leaf.rule.party >= 0 and leaf.rule.kind is not _FREE_TEXT:
                break
        else:
            raise CarrierRefusal(
                f"nothing personal of the {role} where the profile expects it", code="no_personal_fields"
            )


def _document(operation: Operation, request: WireRequest, sheet: Sheet) -> bytes:
    """Every level in canonical bytes, with what is fresh in each request left out.

    A level that is opened stands for itself; its string in the level above would count spelling.
    """
    for container, key, _ in sheet.apart:
        container[key] = ""
    pieces = [f"{operation.manner.carrier} {operation.id} {_variables(operation, request.path)}".encode()]
    for level in reversed(sheet.levels):
        pieces += (level.path.encode(), _canonical(level))
    for container, key, value in sheet.apart:
        container[key] = value
    return b"\n".join(pieces)


def _variables(operation: Operation, path: str) -> str:
    """What the path says beyond the operation's name, credentials left out."""
    if not operation.pattern.groups:
        return ""
    found = operation.pattern.fullmatch(path)
    ours = {setter.target.name for setter in operation.setters if setter.target.place == "path"}
    return "/".join(value for name, value in (found.groupdict() if found else {}).items() if name not in ours)


def _canonical(level: Level) -> bytes:
    match level.node.codec:
        case "json":
            return envelope_json.canonical(level.tree)
        case "form":
            return envelope_json.dumps([(field.name, field.text) for field in level.tree.fields if not field.apart])
        case "xml":
            return envelope_xml.canonical(level.tree)
        case "multipart":
            return b"\n".join(part.name.encode() + b"\n" + (part.content or b"") for part in level.tree.parts)
    return b""


def _fields(leaves: list[Leaf]) -> list[tuple[str, Kind, Role, str]]:
    found = [
        (leaf.path, leaf.rule.kind, leaf.role, leaf.value)
        for leaf in leaves
        if not leaf.rule.part or _stands_alone(leaf.rule.part, leaf.value)
    ]
    if len(found) == len(leaves):
        return found
    for leaf in leaves:
        # A country or area code is nobody's; with the number it is. Both ways of writing it are personal.
        if leaf.rule.part == "area":
            number = next((other for other in leaves if _beside(leaf, other)), None)
            found += [(leaf.path, _PHONE, leaf.role, leaf.value + number.value)] if number else []
    return found


def _stands_alone(part: str, value: str) -> bool:
    """Whether a part of a value is personal by itself."""
    return part not in _NO_TEXT and not (part == "alias" and len(value) < _TELLING_ID)


def _beside(area: Leaf, other: Leaf) -> bool:
    return other.rule.part == "number" and other.rule.party == area.rule.party and other.role is area.role


def _parties(leaves: list[Leaf], routing: list[Leaf]) -> dict[Role, Party]:
    """Gather the leaves of each role. Of several claims of a role, each part is taken from the first that has it."""
    found: dict[Role, list[Any]] = {}
    several: dict[tuple[Role, int], list[str]] = {}
    numbers: dict[Role, dict[int, dict[str, str]]] = {}
    role: Role | None = None
    said = _NOTHING_SAID
    for leaf in leaves:
        rule = leaf.rule
        part = rule.says
        if part < 0:
            continue
        if leaf.role is not role:  # the leaves of one party stand together
            role = leaf.role
            said = found.get(role) or found.setdefault(role, _NOTHING_SAID.copy())
        if part == SPLIT_PHONE:
            numbers.setdefault(role, {}).setdefault(rule.party, {})[rule.part] = leaf.value
        elif not said[part]:
            said[part] = leaf.value
        elif _first_claim(leaves, role, part) == rule.party:
            several.setdefault((role, part), [said[part]]).append(leaf.value)
    for whose, split in numbers.items():
        phone = found[whose][_PHONES]
        phones = several.get((whose, _PHONES)) or ([phone] if phone else [])
        several[whose, _PHONES] = _with_split(phones, split, _first_claim(leaves, whose, _PHONES))
    for (whose, part), texts in several.items():
        found[whose][part] = _together(part, texts)
    for leaf in routing:
        part, told = leaf.rule.says, found.get(leaf.role)
        if told is not None and told[part] is None:
            told[part] = leaf.value
    return {role: _party(*told) for role, told in found.items()}


def _first_claim(leaves: list[Leaf], role: Role, part: int) -> int | None:
    """The party claim of the first leaf that says this part of the role."""
    return next((leaf.rule.party for leaf in leaves if leaf.rule.says == part and leaf.role is role), None)


def _with_split(phones: list[str], split: dict[int, dict[str, str]], claim: int | None) -> list[str]:
    """Put numbers that stand in several fields beside the whole ones, which are of `claim`."""
    number = split.get(next(iter(split)) if claim is None else claim, {})
    if phones and "ext" in number:
        phones[0] += f"-{number['ext']}"
    return [*phones, *filter(None, [_joined(number)])]


def _together(part: int, texts: list[str]) -> str | tuple[str, ...]:
    """What several fields say of one part of a party."""
    match PARTY_KINDS[part]:
        case Kind.NAME:
            return " ".join(texts)
        case Kind.PHONE:
            return "\n".join(dict.fromkeys(texts))
        case Kind.ADDRESS_LINE:
            return "\n".join(texts)
        case Kind.ID:
            return tuple(dict.fromkeys(texts))
        case _:
            return texts[0]


def _party(
    name: str, phone: str, email: str, company: str, street: str, ids: Any,
    country: str | None, state: str | None, city: str | None, district: str | None, postcode: str | None,
) -> Party:  # fmt: skip
    if type(ids) is str:
        ids = (ids,) if ids else ()
    address = PostalAddress(country or "", state or "", city or "", district or "", street, postcode or "")
    return Party(name, phone, email, company, address, ids)


def _joined(parts: Mapping[str, str]) -> str:
    """A number that stands in several fields, as one would dial it."""
    number = parts.get("area", "") + parts.get("number", "")
    if not number:
        return ""
    country = parts.get("country", "").lstrip("+")
    dialled = f"+{country}{number}" if country else number
    return f"{dialled}-{parts['ext']}" if parts.get("ext") else dialled
