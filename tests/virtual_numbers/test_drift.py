"""Drift: a reconciliation names every difference between a provider's view and ours, the dangerous ones first."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from virtual_numbers.drift import RANK, Drift, Finding, Reported, drift
from virtual_numbers.legs import LATE, Leg, LegState

NOW = datetime(2026, 11, 25, tzinfo=UTC)
SOON = NOW + timedelta(days=15)


def leg(provider: str, state: LegState = LegState.UP, **rest: object) -> Leg:
    return replace(Leg("b1", provider, state, f"h-{provider}", "17000000001", "0421", SOON), **rest)  # type: ignore[arg-type]


def test_agreement_is_no_finding() -> None:
    assert (
        drift("alibaba", [leg("alibaba"), leg("huawei")], [Reported("h-alibaba", "17000000001", "0421", SOON + LATE)])
        == []
    )


@pytest.mark.parametrize(
    ("legs", "reported", "kind"),
    [
        ([leg("alibaba")], [], Drift.MISSING),
        ([], [Reported("h9", "17000000001")], Drift.STRAY),
        ([leg("alibaba", LegState.ENDING)], [Reported("h-alibaba", "17000000001", "0421", SOON)], Drift.STILL_BOUND),
        (
            [leg("alibaba", LegState.ENDED, handle="h-alibaba")],
            [Reported("h-alibaba", "17000000001", "0421", SOON)],
            Drift.STILL_BOUND,
        ),
        (
            [leg("alibaba")],
            [Reported("h-alibaba", "17000000001", "0421", SOON, right_target=False)],
            Drift.OTHER_TARGET,
        ),
        ([leg("alibaba")], [Reported("h-alibaba", "17000000002", "0421", SOON)], Drift.OTHER_NUMBER),
        ([leg("alibaba")], [Reported("h-alibaba", "17000000001", "0422", SOON)], Drift.OTHER_NUMBER),
        (
            [leg("alibaba")],
            [Reported("h-alibaba", "17000000001", "0421", SOON - timedelta(days=1))],
            Drift.ENDS_EARLIER,
        ),
        ([leg("alibaba")], [Reported("h-alibaba", "17000000001", "0421", SOON + timedelta(days=1))], Drift.ENDS_LATER),
    ],
)
def test_every_kind_of_drift_is_named(legs: list[Leg], reported: list[Reported], kind: Drift) -> None:
    (finding,) = drift("alibaba", legs, reported)

    assert finding.drift is kind
    assert finding.binding == ("" if not legs else "b1")


def test_the_most_dangerous_comes_first() -> None:
    found = drift("alibaba", [leg("alibaba")], [Reported("h9", "1")])

    assert [finding.drift for finding in found] == [Drift.STRAY, Drift.MISSING]
    assert found[1] == Finding(Drift.MISSING, "alibaba", "h-alibaba", "b1")


def test_every_kind_has_its_rank() -> None:
    assert sorted(RANK.values()) == list(range(len(Drift)))
