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
_PLACE_WORDS = {
    "country": "country countries nation land pays pais paese kraj 国家".split(),
    "state": "state province prov provstate region territory bundesland provincia estado uf 省 省份".split(),
    "city": "city cityname town suburb stadt ort ville ciudad cidade citta localidad localita 市 城市".split(),
    "district": "district county area subdistrict 区 县 区县 街道 镇".split(),
    "postcode": "postcode postal zip zipcode plz cp cep cap postalcode pincode 邮编 codepostal".split(),
}
_WAYBILL = frozenset("waybill waybillno mailno billcode awb trackingnumber trackingno tracking".split())


@dataclass(slots=True)
class _Party:
    role: Role
    fields: dict[str, list[str]] = field(default_factory=dict)
    """Word -> paths below `at`."""


def draft(name: str, fmt: str, found: Sequence[Leaf], findings: Sequence[Finding]) -> str:
    """TOML text of a profile with one create operation, made from one request sample. `name` becomes the id."""
    document = _common_document([leaf.path for leaf in found])
    parties: dict[tuple[str, Role], _Party] = {}
    rest: dict[str, list[str]] = {}
    blocks = _blocks(found, findings)
    for leaf, finding in zip(found, findings):
        path = _profile_path(leaf.path)
        word = _word(leaf, finding)
        block = blocks.get(leaf.group)
        role = finding.party or block
        if role and word not in ("plain", "free_text", "credential"):
            at = _profile_path(leaf.group)
            party = parties.setdefault((at, role), _Party(role))
            _add(party.fields, word, _below(path, at))
        else:
            _add(rest, word, _below(path, document))
    return "\n".join([*_head(name, fmt, document), *_fields(rest, "operation.fields"), "", *_parties(parties, document)]) + "\n"


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
    for word, names in _PLACE_WORDS.items():
        if any(part in names for part in key) and any("place" in concepts(part) for part in key):
            return word
    if "".join(key) in ("orderid", "orderno", "ordercode", "reference", "customerreference", "orderreference", "orderserialno"):
        return "reference"
    return "waybill" if _WAYBILL & {"".join(key), *key} and not leaf.text.lower().startswith("http") else "plain"


def _profile_path(path: str) -> str:
    """Without positions: `$.a[0].b` is `$.a[].b`; XML repeats by itself."""
    return _INDEX.sub("" if path.startswith("/") or "~/" in path else "[]", path)


def _common_document(paths: Iterable[str]) -> str:
    """The place of the business document: the last opened string that all but envelope fields stand in."""
    heads = [path.rpartition("~")[0] + "~" + ("$" if "~$" in path else "") for path in paths if "~" in path]
    if heads:
        return max(set(heads), key=heads.count).replace("[0]", "[]")
    return "$" if all(path.startswith("$") for path in paths) else ""


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
        "# set = { \"header:Authorization\" = \"Bearer {secret:token}\" }",
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


def _parties(parties: dict[tuple[str, Role], _Party], document: str) -> list[str]:
    """Each block of a party as a claim, blocks of one shape sharing it."""
    shapes: dict[str, str] = {}
    claims, tables = [], []
    for (at, role), party in parties.items():
        key = repr(sorted(party.fields.items()))
        if key not in shapes:
            shapes[key] = f"party{len(shapes) + 1}"
            tables += ["", *_fields(party.fields, f"shape.{shapes[key]}")]
        claims += ["[[operation.party]]", f"at = {_quoted(_below(at, document) if at != document else '')}", f'shape = "{shapes[key]}"', f'role = "{role.value}"', ""]
    return [*claims, *tables]


