"""The table of exemptions shrinks and never grows."""

from __future__ import annotations

import tomllib

from tests.house.tree import ROOT

# Lower a figure when an entry goes. Raising one is a decision about the house, not about a test.
CEILING = {"twins": 0, "random": 3, "environment": 1, "unseal": 1}


def test_no_rule_has_more_exemptions_than_its_ceiling() -> None:
    table = tomllib.loads((ROOT / "tests/house/exemptions.toml").read_text("utf-8"))
    assert {rule: len(entries) for rule, entries in table.items()} == CEILING


def test_every_exemption_gives_its_reason() -> None:
    table = tomllib.loads((ROOT / "tests/house/exemptions.toml").read_text("utf-8"))
    assert [path for entries in table.values() for path, reason in entries.items() if len(reason) < 15] == []
