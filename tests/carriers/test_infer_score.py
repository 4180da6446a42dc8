"""The figures that onboarding promises, over every labelled payload."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from carriers.infer import PERSONAL
from carriers.infer_score import Score, main, score

PAYLOADS = Path(__file__).parents[1] / "payloads"
WANTED, RIGHT = 0.97, 0.85


@cache
def total() -> Score:
    return score(PAYLOADS)


def test_of_the_personal_values_at_least_97_in_100_are_found() -> None:
    assert total().recall() >= WANTED


def test_of_what_is_called_personal_at_least_85_in_100_is() -> None:
    assert total().precision() >= RIGHT


@pytest.mark.parametrize("kind", sorted(PERSONAL))
def test_each_kind_is_found_as_that_kind(kind: str) -> None:
    assert total().wanted[kind] > 0
    assert total().recall(kind) >= 0.95


def test_whose_a_value_is_is_right_nearly_always() -> None:
    assert total().recall("party") >= 0.97


def test_free_text_is_found() -> None:
    assert total().recall("free_text") >= 0.95


def test_without_the_words_that_only_one_carrier_uses_it_still_finds_95_in_100() -> None:
    blind = score(PAYLOADS, leave_one_out=True)
    assert blind.recall() >= 0.95
    assert blind.precision() >= RIGHT


def test_the_verb_reports_and_tells_by_its_exit_code(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main([str(PAYLOADS), "--wrong"]) == 0
    told = capsys.readouterr().out
    assert "personal" in told
    assert "address_line" in told
    folder = tmp_path / "bad"
    folder.mkdir()
    (folder / "a.json").write_text('{"q": "zzz"}')
    (folder / "pii.json").write_text(
        '{"carrier": "bad", "files": {"a.json": {}}, "free_text": [], "pii": [{"file": "a.json", "path": "$.q", "value": "zzz", "kind": "name", "role": "sender", "match": "whole"}]}'
    )
    assert main([str(tmp_path)]) == 1
