"""Every reader of foreign bytes takes a short walk through what nobody thought of, the same each time; `make fuzz` walks for minutes."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from masking.errors import VeilwayError
from tests.fuzz import run
from tests.fuzz.mutate import LONGEST, mutated
from tests.fuzz.run import Run, by_chance
from tests.fuzz.targets import Target, targets

TURNS = 40


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", sorted(targets()))
def test_a_reader_refuses_with_a_typed_error_or_reads(name: str) -> None:
    target, chance = targets()[name], random.Random(name)
    for data in [*target.seeds[:5], *(mutated(target.seeds, chance)[:4096] for _ in range(TURNS))]:
        try:
            target.read(data)
        except VeilwayError:
            continue


def test_no_input_is_longer_than_it_may_be_and_the_same_seed_makes_the_same() -> None:
    made = [
        [mutated([b'{"a":[1]}', b"x"], chance) for _ in range(500)] for chance in (random.Random(3), random.Random(3))
    ]
    assert made[0] == made[1] and len(set(made[0])) > 250
    assert max(map(len, made[0])) <= LONGEST


def test_what_a_reader_lets_fall_is_found_and_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "OUT", tmp_path)

    def fragile(data: bytes) -> None:
        if b"x" in data:
            raise VeilwayError("refused", code="bad_request")
        data.decode("ascii")

    report = by_chance(Run("fragile", Target(fragile, [b"plain", b"x"]), "chance", 0.5), 1)
    assert report.runs > report.refused > 0
    assert len(report.findings) == 1 and "UnicodeDecodeError" in report.findings[0]
    kept = next(path for path in tmp_path.iterdir() if not path.suffix)
    with pytest.raises(UnicodeDecodeError):
        fragile(kept.read_bytes())
