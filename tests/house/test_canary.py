"""The canary helper finds a value in every disguise it claims to know, and nothing where nothing is."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from urllib.parse import quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.canary import RECIPIENT, Canaries, disguises

SAMPLES = sorted(RECIPIENT.values.items())


@pytest.mark.parametrize(("kind", "value"), SAMPLES)
def test_each_disguise_is_found_inside_other_bytes(kind: str, value: str) -> None:
    for how, code in disguises(value):
        found = RECIPIENT.seen_in(b"before " + code + b" after")
        assert kind in [found_kind for found_kind, _ in found], how


@given(before=st.binary(max_size=7), after=st.binary(max_size=7))
def test_base64_is_found_at_every_alignment(before: bytes, after: bytes) -> None:
    for kind, value in SAMPLES:
        output = base64.b64encode(before + value.encode() + after)
        assert kind in [found for found, _ in RECIPIENT.seen_in(output)]


def test_json_forms_and_spaced_numbers_are_found() -> None:
    name, phone = RECIPIENT.values["name"], RECIPIENT.values["phone"]
    assert RECIPIENT.seen_in(json.dumps({"contact": name}))
    assert RECIPIENT.seen_in("msgData=" + quote_plus(json.dumps({"contact": name}, ensure_ascii=False)))
    spaced = Canaries({"phone": f"{phone[:3]}-{phone[3:7]} {phone[7:]}"})
    assert spaced.seen_in(phone) == [("phone", "without separators")]


def test_clean_output_has_no_find() -> None:
    assert RECIPIENT.seen_in("麦**, 139****0817, 夜航街", b"\x00" * 4096) == []


def test_a_find_never_shows_the_value() -> None:
    finds = RECIPIENT.seen_in(RECIPIENT.values["phone"])
    assert finds and RECIPIENT.values["phone"] not in repr(finds)


def test_files_are_searched_by_name(tmp_path: Path) -> None:
    (tmp_path / "clean").write_text("nothing")
    (tmp_path / "leaky").write_text(RECIPIENT.values["email"])
    assert {name for name, _, _ in RECIPIENT.seen_in_files(tmp_path.iterdir())} == {"leaky"}


def test_a_value_too_short_to_search_for_is_refused() -> None:
    with pytest.raises(ValueError, match="name"):
        Canaries({"name": "Li"})
