"""The line of a table or key is found in TOML text."""

from __future__ import annotations

import pytest

from carriers.profile_lines import line_of

TEXT = """\
id = "a"

[[operation]]
id = "one"

[operation.fields]
plain = ["x"]

[[operation]]
id = "two"

[operation.fields]
plain = [
  "y",
]
"""


@pytest.mark.parametrize(
    ("where", "needle", "line"),
    [
        ("id", "", 1),
        ("operation[0]", "one", 4),
        ("operation[0].fields", "x", 7),
        ("operation[1].fields", "y", 14),
        ("operation[1].fields", "plain", 13),
        ("operation[1]", "nowhere", 9),
        ("Expected `str`, got `int` - at `$.operation[1].id`", "", 10),
        ("Object contains unknown field `colour`", "", 1),
    ],
)
def test_a_place_has_its_line(where: str, needle: str, line: int) -> None:
    assert line_of(TEXT, where, needle) == line
