"""Providers to practise on: each keeps its own bindings, checks its own signature and answers with its own codes.

Requests and answers are values (no socket), so a test, a demo or an HTTP server of three lines can put them on a wire. They are
written from the vendors' documents and not from our adapters; they report as the real ones do: late, twice and out of order.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import NamedTuple


class Answer(NamedTuple):
    """An HTTP answer."""

    status: int
    body: bytes


def disorder(reports: list[bytes], chance: random.Random) -> list[bytes]:
    """Reports as they arrive: some twice, some late, none lost."""
    arriving = [report for report in reports for _ in range(1 + (chance.random() < 0.3))]
    chance.shuffle(arriving)
    return arriving


Entropy = Callable[[], float]
