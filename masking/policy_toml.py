"""A compiled scope policy written out as TOML, whole: what `policy_load.py` reads back to the very same rules and terms.

Knows the file's grammar; decides nothing. The rules of a base are written like the house's own, so that a text kept for years means
what it meant, whatever the built-in policy says by then.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import MISSING, fields
from datetime import datetime
from typing import Any

from masking.policy import Conditions, Rule, ScopePolicy, Terms

_NAMES = {"fields": "see"}
"""Where a key of the file is called otherwise than the value it gives."""


def written(policy: ScopePolicy) -> str:
    """The policy as a file of its own, without a base."""
    lines = [f"name = {_value(policy.name)}"]
    for rule in policy.rules:
        lines += ["", "[[rule]]", *_entries(rule)]
    for carrier, terms in policy.terms.items():
        lines += ["", f"[terms.{_value(carrier)}]", *_entries(terms)]
    return "\n".join(lines) + "\n"


def _entries(value: Rule | Terms | Conditions) -> Iterator[str]:
    """One line a key; what is at its default is left out, as in a file that a person wrote."""
    for described in fields(value):
        held = getattr(value, described.name)
        if isinstance(held, Conditions):
            yield from _entries(held)
        elif (
            described.init
            and described.name != "carrier"
            and (described.default is MISSING or held != described.default)
        ):
            yield f"{_NAMES.get(described.name, described.name)} = {_value(held)}"


def _value(held: Any) -> str:
    if isinstance(held, frozenset):
        return f"[{', '.join(_value(word) for word in sorted(held))}]"
    if isinstance(held, datetime):
        return held.isoformat()
    # A string of JSON is one of TOML, but for the one character that JSON lets stand.
    return json.dumps(held, ensure_ascii=False).replace("\x7f", "\\u007f")
