"""The table of carriers and calls: its marks follow the profiles, and both guides hold it as it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from carriers.overview import EFFECTS, NONE, PROVEN, RECALLED, marks, overview
from carriers.profile import load_profiles
from carriers.profile_compile import compile_text

DOCS = Path(__file__).parents[2] / "docs"
TERN = """
id = "tern"
name = { en = "Tern Parcel", zh = "燕鸥快递" }
verified = true
last_mile = "label"
base_url = "https://api.tern.example"

[[operation]]
id = "create"
effect = "create"
match = { path = "/orders" }
fields = { name = ["$.name"] }

[[operation]]
id = "trace"
verified = false
effect = "trace"
match = { path = "/trace" }
fields = { waybill = ["$.number"] }

[[push]]
id = "event"
verified = false
fields = { waybill = ["$.number"] }
"""


def test_a_call_is_proven_recalled_or_missing() -> None:
    told = dict(zip((*EFFECTS, "push"), marks(compile_text(TERN, "tern.toml")), strict=True))
    assert (told["create"], told["trace"], told["push"], told["rate"]) == (PROVEN, RECALLED, RECALLED, NONE)


def test_a_recalled_profile_proves_nothing_and_a_second_operation_may() -> None:
    recalled = compile_text(TERN.replace("verified = true", "verified = false", 1), "tern.toml")
    assert set(marks(recalled)) == {RECALLED, NONE}
    both = TERN.replace(
        "[[push]]", '[[operation]]\nid = "traces"\neffect = "trace"\nmatch = { path = "/traces" }\n\n[[push]]'
    )
    assert marks(compile_text(both, "tern.toml"))[EFFECTS.index("trace")] == PROVEN


def test_every_line_has_a_cell_for_every_head_and_names_the_carrier_in_its_reader_s_language() -> None:
    for lang, name in (("en", "Tern Parcel"), ("zh", "燕鸥快递")):
        lines = overview({"tern": compile_text(TERN, "tern.toml")}, lang).splitlines()
        assert {line.count("|") for line in lines} == {len(EFFECTS) + 3}
        assert name in lines[-1]


@pytest.mark.parametrize(("page", "lang"), [("carriers.md", "en"), ("carriers.zh-CN.md", "zh")])
def test_the_guide_holds_the_table_as_the_profiles_have_it(page: str, lang: str) -> None:
    """Made anew by `veilway carrier list --markdown en` (or `zh`)."""
    assert f"\n{overview(load_profiles(), lang)}\n" in (DOCS / page).read_text(encoding="utf-8")


def test_every_kind_of_call_has_a_column() -> None:
    assert {
        operation.effect for profile in load_profiles().values() for operation in profile.operations.values()
    } <= set(EFFECTS)
