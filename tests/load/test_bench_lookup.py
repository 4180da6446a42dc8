"""The look-up benchmark fills what it says and finds what it asks for."""

from __future__ import annotations

from load.bench_lookup import known, run, slot


async def test_every_size_is_filled_and_every_look_up_answered() -> None:
    told = await run([300, 12_000], 60, "")
    assert [row["bindings"] for row in told["sizes"]] == [300, 12_000]
    assert all(row["p99_us"] >= row["p50_us"] > 0 for row in told["sizes"])
    assert told["store"] == "sqlite" and told["p99_ratio"] > 0


def test_slots_run_over_numbers_of_ten_thousand_extensions() -> None:
    assert [slot(i) for i in (0, 9_999, 10_000)] == [
        ("17000000000", "0000"),
        ("17000000000", "9999"),
        ("17000000001", "0000"),
    ]
    assert len(known(10_000_000)) == 2_000
