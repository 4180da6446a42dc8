"""A scope policy from TOML: every word checked, then compiled once. What is not understood is refused with its place.

Knows the file's grammar; the meaning is `policy.py`'s. Top level: `name`, optional `base = "built-in"` with `drop = [rule ids]`,
`[[rule]]` and `[terms.CARRIER]`. There is no key that only weakens silently: an unknown one is an error, like a misspelt stage.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import Any, TypeVar

import msgspec

from masking.errors import VeilwayError
from masking.policy import FIELDS, PARTIES, PARTS, Conditions, Level, Reader, Rule, ScopePolicy, Terms
from masking.stage import Stage

BUILT_IN = "built-in"
_MAX_RULES = 1000
_RULE_KEYS = {"id", "readers", "see", "level", "stages", "carriers", "why", "why_zh"}
_TERM_KEYS = {
    "processor",
    "starts",
    "ends",
    "consent",
    "basis",
    "reveals_per_parcel",
    "people_per_100_parcels",
    "people_grace",
}
_WHEN_KEYS = {
    "purposes",
    "reveal",
    "opened",
    "hours_after_delivery",
    "own_station",
    "own_region",
    "own_country",
    "countries",
}
_TOP_KEYS = {"name", "base", "drop", "rule", "terms"}
_OPEN = frozenset(Stage) - {Stage.CLOSED}

_E = TypeVar("_E", Level, Reader, Stage)


class PolicyInvalid(VeilwayError):
    """A policy file that does not say clearly what it means."""

    code = "policy_invalid"


@cache
def built_in() -> ScopePolicy:
    """The policy of a house that has set none."""
    return load_policy(files("masking").joinpath("scopes.toml").read_text("utf-8"))


def load_policy(text: str) -> ScopePolicy:
    """The compiled policy of a TOML text. Raises `policy_invalid` with the path of the first entry that is wrong."""
    try:
        source = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise PolicyInvalid(f"not TOML: {error}") from None
    except RecursionError:
        raise PolicyInvalid("nested too deeply") from None
    _only(source, _TOP_KEYS, "")
    name = _text(source.get("name", ""), "name")
    if not name:
        raise PolicyInvalid("a policy has a name", path="name")
    base = _base(source)
    own = [_rule(entry, f"rule[{i}]") for i, entry in enumerate(_list(source.get("rule", []), "rule"))]
    rules = (*base, *own)
    _check_ids(rules)
    terms = {carrier: _terms(carrier, entry) for carrier, entry in _table(source.get("terms", {}), "terms").items()}
    return ScopePolicy(name, digest_of(rules, terms), rules, terms)


def digest_of(rules: Iterable[Rule], terms: Mapping[str, Terms]) -> str:
    """What a policy is known by: the same grants give the same digest, in whatever order they are written."""
    told = [
        sorted((_plain(rule) for rule in rules), key=lambda rule: str(rule["id"])),
        {k: _plain(v) for k, v in terms.items()},
    ]
    return sha256(msgspec.json.encode(told, order="sorted")).hexdigest()[:16]


def _base(source: Mapping[str, Any]) -> tuple[Rule, ...]:
    drop = _words(source.get("drop", []), "drop")
    if "base" not in source:
        if drop:
            raise PolicyInvalid("only a base's rules can be dropped", path="drop")
        return ()
    if source["base"] != BUILT_IN:
        raise PolicyInvalid(f'the only base is "{BUILT_IN}"', path="base")
    rules = built_in().rules
    unknown = drop - {rule.id for rule in rules}
    if unknown:
        raise PolicyInvalid("the base has no rule of this id", path=f"drop.{min(unknown)}")
    return tuple(rule for rule in rules if rule.id not in drop)


def _rule(entry: Any, path: str) -> Rule:
    entry = _table(entry, path)
    _only(entry, _RULE_KEYS | _WHEN_KEYS, path)
    for key in ("id", "readers", "see", "level", "stages"):
        if not entry.get(key):
            raise PolicyInvalid("a rule says who sees what, how much of it, and when", path=f"{path}.{key}")
    return Rule(
        id=_text(entry["id"], f"{path}.id"),
        level=_one(Level, entry["level"], f"{path}.level"),
        readers=_many(Reader, entry["readers"], f"{path}.readers"),
        fields=_fields(entry["see"], f"{path}.see"),
        stages=_stages(entry["stages"], f"{path}.stages"),
        carriers=_words(entry.get("carriers", []), f"{path}.carriers"),
        when=_conditions(entry, path),
        why=_text(entry.get("why", ""), f"{path}.why"),
        why_zh=_text(entry.get("why_zh", ""), f"{path}.why_zh"),
    )


def _terms(carrier: str, entry: Any) -> Terms:
    path = f"terms.{carrier}"
    entry = _table(entry, path)
    _only(entry, _TERM_KEYS | _WHEN_KEYS, path)
    processor = _text(entry.get("processor", ""), f"{path}.processor")
    if processor not in ("", "entrusted", "independent"):
        raise PolicyInvalid("a processor is entrusted or independent", path=f"{path}.processor")
    starts, ends = _moment(entry.get("starts"), f"{path}.starts"), _moment(entry.get("ends"), f"{path}.ends")
    if starts and ends and ends <= starts:
        raise PolicyInvalid("an agreement ends after it starts", path=f"{path}.ends")
    return Terms(
        carrier,
        processor,
        starts,
        ends,
        consent=_text(entry.get("consent", ""), f"{path}.consent"),
        basis=_text(entry.get("basis", ""), f"{path}.basis"),
        when=_conditions(entry, path),
        reveals_per_parcel=_count(entry.get("reveals_per_parcel"), f"{path}.reveals_per_parcel"),
        people_per_100_parcels=_count(entry.get("people_per_100_parcels"), f"{path}.people_per_100_parcels"),
        people_grace=_count(entry.get("people_grace", 20), f"{path}.people_grace") or 0,
    )


def _conditions(entry: Mapping[str, Any], path: str) -> Conditions:
    return Conditions(
        purposes=_words(entry.get("purposes", []), f"{path}.purposes"),
        reveal=_flag(entry.get("reveal", False), f"{path}.reveal"),
        opened=_flag(entry.get("opened", False), f"{path}.opened"),
        hours_after_delivery=_count(entry.get("hours_after_delivery"), f"{path}.hours_after_delivery"),
        own_station=_flag(entry.get("own_station", False), f"{path}.own_station"),
        own_region=_flag(entry.get("own_region", False), f"{path}.own_region"),
        own_country=_flag(entry.get("own_country", False), f"{path}.own_country"),
        countries=_words(entry.get("countries", []), f"{path}.countries"),
    )


def _fields(see: Any, path: str) -> frozenset[str]:
    found: set[str] = set()
    for word in _words(see, path):
        party, _, part = word.partition(".")
        parties, parts = PARTIES if party == "*" else (party,), PARTS if part == "*" else (part,)
        named = {f"{one}.{other}" for one in parties for other in parts} if part else {word}
        if not named <= set(FIELDS):
            raise PolicyInvalid("there is no such field", path=f"{path}.{word}")
        found |= named
    return frozenset(found)


def _stages(stages: Any, path: str) -> frozenset[Stage]:
    if stages == "any":
        return frozenset(Stage)
    return _OPEN if stages == "open" else _many(Stage, stages, path)


def _check_ids(rules: tuple[Rule, ...]) -> None:
    if len(rules) > _MAX_RULES:
        raise PolicyInvalid(f"a policy has at most {_MAX_RULES} rules", path="rule")
    seen: set[str] = set()
    for rule in rules:
        if rule.id in seen:
            raise PolicyInvalid("two rules have one id", path=f"rule.{rule.id}")
        seen.add(rule.id)


def _only(entry: Mapping[str, Any], allowed: set[str], path: str) -> None:
    for key in entry:
        if key not in allowed:
            raise PolicyInvalid("there is no such key", path=f"{path}.{key}" if path else key)


def _one(kind: type[_E], word: Any, path: str) -> _E:
    try:
        return kind(word)
    except ValueError:
        raise PolicyInvalid(f"one of {', '.join(kind)}", path=path) from None


def _many(kind: type[_E], words: Any, path: str) -> frozenset[_E]:
    return frozenset(_one(kind, word, path) for word in _list(words, path))


def _words(words: Any, path: str) -> frozenset[str]:
    return frozenset(_text(word, path) for word in _list(words, path))


def _list(value: Any, path: str) -> list[Any]:
    if not isinstance(value, list):
        raise PolicyInvalid("a list", path=path)
    return value


def _table(value: Any, path: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise PolicyInvalid("a table", path=path)
    return value


def _text(value: Any, path: str) -> str:
    if not isinstance(value, str):
        raise PolicyInvalid("a text", path=path)
    return value


def _flag(value: Any, path: str) -> bool:
    if not isinstance(value, bool):
        raise PolicyInvalid("true or false", path=path)
    return value


def _count(value: Any, path: str) -> int | None:
    if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 0):
        raise PolicyInvalid("a number from 0", path=path)
    return value


def _moment(value: Any, path: str) -> datetime | None:
    """A TOML date is the beginning of that day in UTC; a date-time without a zone is refused."""
    if value is None:
        return None
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise PolicyInvalid("a time with its zone", path=path)
        return value.astimezone(UTC)
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day, tzinfo=UTC)
    raise PolicyInvalid("a date", path=path)


def _plain(value: Rule | Terms | Conditions) -> dict[str, Any]:
    told: dict[str, Any] = {}
    for name, described in value.__dataclass_fields__.items():
        if not described.init:
            continue  # derived from the others
        item = getattr(value, name)
        if item == described.default:
            continue  # a condition that a later release adds must not rename the policies that do not set it
        if isinstance(item, frozenset):
            item = sorted(item)
        elif isinstance(item, Conditions):
            item = _plain(item)
        if name not in ("why", "why_zh"):
            told[name] = item
    return told
