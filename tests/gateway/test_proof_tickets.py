"""The proof against guessing, in small; `python -m gateway.proof_tickets` runs it in full."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.proof_tickets import GENUINE, Found, prove


async def test_no_guess_reaches_the_store_and_no_near_miss_is_answered(tmp_path: Path) -> None:
    found = await prove(tmp_path, 2_000, 600, seed=3)
    assert found.ok and (found.guess_reads, found.hits, found.locked_out_after) == (0, 0, 100)
    assert 0 < found.near_reads < found.near


@pytest.mark.parametrize(
    "spoilt", [{"hits": 1}, {"guess_reads": 1}, {"unearned_reads": 1}, {"genuine_reads": 0}, {"locked_out_after": 0}]
)
def test_a_single_hit_or_a_dead_control_fails_the_proof(spoilt: dict[str, int]) -> None:
    clean = Found(genuine_reads=GENUINE, locked_out_after=100)
    assert clean.ok and not replace(clean, **spoilt).ok


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_whole_proof_holds() -> None:
    done = subprocess.run([sys.executable, "-m", "gateway.proof_tickets"], capture_output=True, check=False)
    assert json.loads(done.stdout)["ok"] and done.returncode == 0
