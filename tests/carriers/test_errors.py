"""A refusal has a code and a path, and shows a foreign key only where it is a plain word."""

from __future__ import annotations

from carriers.errors import CarrierRefusal, shown_key


def test_a_refusal_has_code_and_path() -> None:
    refusal = CarrierRefusal("no", code="too_deep", path="$.a")
    assert (refusal.code, refusal.path, str(refusal)) == ("too_deep", "$.a", "no")


def test_only_a_plain_key_is_shown() -> None:
    assert [shown_key(key) for key in ("name_1", "x" * 41, "13800138000", "林徽", "a b")] == [
        "name_1",
        "<key of 41 characters>",
        "<key of 11 characters>",
        "<key of 2 characters>",
        "<key of 3 characters>",
    ]
