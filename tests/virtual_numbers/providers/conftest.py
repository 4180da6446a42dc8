"""What the provider tests share: decisions as the gateway tells them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest


@dataclass(frozen=True)
class ToldHere:
    action: str
    reason: str = ""
    callee: str = ""
    display: str = ""
    ring_seconds: int = 25
    longest_seconds: int = 600


@pytest.fixture
def told() -> Callable[..., ToldHere]:
    """told("connect") is a decision to ring a reserved number behind X; told("reject", reason) a refusal."""

    def make(action: str, reason: str = "shipment_closed") -> ToldHere:
        if action == "connect":
            return ToldHere("connect", "connected", "+8613800000001", "17000000001")
        return ToldHere(action, reason)

    return make
