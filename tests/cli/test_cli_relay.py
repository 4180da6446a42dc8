"""A call is decided without being placed, on record, and without a phone in the record."""

from __future__ import annotations

from tests.canary import Canaries
from tests.cli.conftest import Here
from tests.gateway.orders import CONSIGNEE

CALLER = "13811112222"


async def test_a_call_is_decided_without_being_placed(here: Here, order: tuple[str, str]) -> None:
    x, _, ext = order[1].partition("-")
    told = await here.told("relay", "route", "--caller", "-", "--called", x, "--ext", ext, stdin=f"{CALLER}\n")
    assert (told["action"], told["callee"]) == ("connect", "+86" + CONSIGNEE.phone)
    wrong = await here.told("relay", "route", "--caller", CALLER, "--called", "95099999999")
    assert (wrong["action"], wrong["callee"]) == ("reject", None)
    log = (await here.run("audit", "export")).out
    assert Canaries({"caller": CALLER, "callee": CONSIGNEE.phone}).seen_in(log) == []
