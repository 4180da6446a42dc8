"""Practice providers report as real ones do: some reports twice, some late, none lost."""

from __future__ import annotations

import random

from virtual_numbers.fakes import disorder


def test_disorder_doubles_and_shuffles_and_loses_nothing() -> None:
    reports = [bytes([n]) for n in range(50)]

    arriving = disorder(reports, random.Random(1))

    assert set(arriving) == set(reports)
    assert len(arriving) > len(reports)
    assert arriving != sorted(arriving)
