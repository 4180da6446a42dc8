"""From findings to a draft: a profile that a person finishes. Knows the profile's notation and the findings; decides nothing that it cannot see.

A draft is honest about what a sample cannot tell: credentials' values, signatures, look-ups and duplicate rules stand in it as questions.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from carriers import infer_shapes as shape
from carriers.infer import Finding
from carriers.infer_words import concepts, words
from carriers.leaves import Leaf
from masking.personal import Kind, Role

_INDEX = re.compile(r"\[\d+\]")
_PLACES = ("country", "state", "city", "district", "postcode")
_REFERENCE = (
    "orderid",
    "orderno",
    "ordercode",
    "reference",
    "customerreference",
    "orderreference",
    "orderserialno",
    "clientreference",
)
_MAY_STAND_FOR = {"name": ("company", "plain"), "address_line": ("house", "plain"), "phone": ("plain",)}
_TELLING = ("type", "role", "kind", "party", "qualifier", "function")
_WAYBILL = ("waybill", "waybillno", "mailno", "billcode", "awb", "trackingnumber", "trackingno")


@dataclass(slots=True)
class _Party:
    at: str
    roles: dict[str, Role]
    """Value of `by` -> role; one entry with an empty key where the place alone tells."""
    by: str = ""
    fields: dict[str, list[str]] = field(default_factory=dict)
    """Word -> paths below `at`."""


def draft(name: str, fmt: str, found: Sequence[Leaf], findings: Sequence[Finding]) -> str:
    """TOML text of a profile with one create operation, made from one request sample. `name` becomes the id."""
    document = _common_document([leaf.path for leaf in found])
    switches = _switches(found, findings)
    blocks = _blocks(found, findings)
    chosen = _one_word_a_path(found, findings)
    parties: dict[tuple[str, str], _Party] = {}
    rest: dict[str, list[str]] = {}
    for leaf, finding in zip(found, findings):
        path, at = _profile_path(leaf.path), _profile_path(leaf.group)
        word = chosen[path]
        role = finding.party or blocks.get(leaf.group)
        if role and word not in ("plain", "free_text", "credential"):
            by, roles = switches.get(at, ("", {"": role}))
            party = parties.setdefault((at, by or role.value), _Party(at, roles, by))
            _add(party.fields, word, _below(path, at))
        else:
            _add(rest, word, _below(path, document))
    return (
        "\n".join(
            [*_head(name, fmt, document), *_fields(rest, "operation.fields"), "", *_parties(parties.values(), document)]
        )
        + "\n"
    )


def _one_word_a_path(found: Sequence[Leaf], findings: Sequence[Finding]) -> dict[str, str]:
    """A profile says one thing of a path. Items of a list may differ: a firm among people is masked as one; a value whose key stands
    beside it may be anything, and passes the detector as free text."""
    words_of: dict[str, list[str]] = {}
    for leaf, finding in zip(found, findings):
        if leaf.text.strip() or finding.kind is not Kind.PLAIN:
            _add(words_of, _profile_path(leaf.path), _word(leaf, finding))
        else:
            words_of.setdefault(_profile_path(leaf.path), [])
    return {path: _settled(some) for path, some in words_of.items()}


def _settled(some: Sequence[str]) -> str:
    if len(some) < 2:
        return some[0] if some else "plain"
    for one in ("name", "address_line", "phone"):
        if set(some) <= {one, *_MAY_STAND_FOR[one]}:
            return one
    return "free_text"


def _switches(found: Sequence[Leaf], findings: Sequence[Finding]) -> dict[str, tuple[str, dict[str, Role]]]:
    """Place of a list of parties -> the key that tells them apart, and the role of each of its values (`contactType`: 1, 2)."""
    blocks = _blocks(found, findings)
    told: dict[str, dict[str, dict[str, set[Role]]]] = {}
    for leaf, finding in zip(found, findings):
        if finding.kind is Kind.PLAIN and leaf.group in blocks and _INDEX.search(leaf.group):
            values = told.setdefault(_profile_path(leaf.group), {}).setdefault(leaf.keys[-1], {})
            values.setdefault(leaf.text.strip(), set()).add(blocks[leaf.group])
    made: dict[str, tuple[str, dict[str, Role]]] = {}
    for at, keys in told.items():
        for key, values in keys.items():
            roles = {value: next(iter(some)) for value, some in values.items() if len(some) == 1}
            if (
                words(key)[-1:]
                and words(key)[-1] in _TELLING
                and len(roles) == len(values) > 1
                and len(set(roles.values())) > 1
            ):
                made.setdefault(at, (key, roles))
    return made


def _blocks(found: Sequence[Leaf], findings: Sequence[Finding]) -> dict[str, Role]:
    """Group -> the one party that its personal leaves belong to: city and postcode beside them are hers too."""
    roles: dict[str, set[Role]] = {}
    for leaf, finding in zip(found, findings):
        if finding.party:
            roles.setdefault(leaf.group, set()).add(finding.party)
    return {group: next(iter(some)) for group, some in roles.items() if len(some) == 1}


def _word(leaf: Leaf, finding: Finding) -> str:
    """The profile's word: finer than the kind where place and house are told apart."""
    key = words(leaf.keys[-1]) if leaf.keys else ()
    if finding.kind is Kind.ADDRESS_LINE and shape.digits(leaf.text) and len(leaf.text) <= 6:
        return "house"
    if finding.kind is not Kind.PLAIN:
        return finding.kind.value
    for word in _PLACES:
        if any(word in concepts(part) for part in key) and any("place" in concepts(part) for part in key):
            return word
    joined = "".join(key)
    if joined in _REFERENCE:
        return "reference"
    return "waybill" if joined in _WAYBILL else "plain"


def _profile_path(path: str) -> str:
    """Without positions: `$.a[0].b` is `$.a[].b`; XML repeats by itself."""
    return _INDEX.sub("" if path.startswith("/") or "~/" in path else "[]", path)


def _common_document(paths: Iterable[str]) -> str:
    """The place of the business document: the last opened string that all but envelope fields stand in."""
    paths = list(paths)
    heads = [head for head in map(_opened, paths) if head]
    if heads:
        return max(set(heads), key=heads.count)
    return "$" if all(path.startswith("$") for path in paths) else ""


def _opened(path: str) -> str:
    """`form:x~$` of `form:x~$.a`, `form:x~/Root` of `form:x~/Root/a`."""
    before, tilde, inner = _profile_path(path).rpartition("~")
    if not tilde:
        return ""
    return f"{before}~$" if inner.startswith("$") else f"{before}~/{inner[1:].partition('/')[0]}"


def _below(path: str, base: str) -> str:
    if base and path.startswith(base) and len(path) > len(base):
        cut = path[len(base) :]
        return cut if cut.startswith("[") else cut.lstrip("./")
    return path


def _add(table: dict[str, list[str]], word: str, path: str) -> None:
    paths = table.setdefault(word, [])
    if path not in paths:
        paths.append(path)


def _head(name: str, fmt: str, document: str) -> list[str]:
    return [
        "# A draft made from samples. Check every line against the carrier's documentation, then set `verified = true`.",
        f'id = "{name}"',
        f'name = {{ en = "{name}" }}',
        "verified = false",
        'last_mile = "label" # "ticket" where couriers scan Veilway labels',
        'base_url = "https://…" # where the carrier listens',
        "secrets = [] # names of the credentials",
        "",
        "[[operation]]",
        'id = "create"',
        'effect = "create"',
        f'match = {{ method = "POST", path = "/…" }} # {fmt} body',
        *([f'document = "{document}"'] if document not in ("", "$") else []),
        '# set = { "header:Authorization" = "Bearer {secret:token}" }',
        "# sign, lookup, duplicate and answer: see docs/carriers.md",
        "",
    ]


def _fields(table: dict[str, list[str]], title: str) -> list[str]:
    lines = [f"[{title}]"]
    for word in sorted(table, key=lambda word: (word == "plain", word)):
        lines.append(f"{word} = [{', '.join(_quoted(path) for path in table[word])}]")
    return lines


def _quoted(text: str) -> str:
    return f'"{text}"' if '"' not in text and "\\" not in text else "'" + text + "'"


def _parties(parties: Iterable[_Party], document: str) -> list[str]:
    """Each block of a party as a claim, blocks of one shape sharing it."""
    shapes: dict[str, str] = {}
    claims, tables = [], []
    for party in parties:
        key = repr(sorted(party.fields.items()))
        if key not in shapes:
            shapes[key] = f"party{len(shapes) + 1}"
            tables += ["", *_fields(party.fields, f"shape.{shapes[key]}")]
        at = document if party.at == document else _below(party.at, document)
        claims += [
            "[[operation.party]]",
            f"at = {_quoted(at)}",
            f'shape = "{shapes[key]}"',
            f"role = {_role(party)}",
            "",
        ]
    return [*claims, *tables]


def _role(party: _Party) -> str:
    if not party.by:
        return f'"{party.roles[""].value}"'
    return (
        "{ "
        + ", ".join([f'by = "{party.by}"', *(f'"{value}" = "{role.value}"' for value, role in party.roles.items())])
        + " }"
    )
