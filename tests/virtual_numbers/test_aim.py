"""What is wanted of a binding's providers follows from the binding alone, and from the courier it was narrowed to."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from msgspec import structs

from virtual_numbers.aim import Aim, aim
from virtual_numbers.binding import Binding, Scheme, Slot, State, bind, narrow, release

NOW = datetime(2026, 11, 25, 8, 0, tzinfo=UTC)
A, B = b"a" * 16, b"b" * 16


def one(scheme: Scheme = Scheme.AXN_EXT, state: State = State.BOUND) -> Binding:
    slot = Slot("17000000001", "042" if scheme.by_extension else "", 0)
    return bind(
        slot, tenant="t", shipment="s", carrier="c", role="recipient", party=A, now=NOW, scheme=scheme, state=state
    )


@pytest.mark.parametrize("state", [State.BOUND, State.CALLABLE])
def test_an_extension_is_wanted_from_the_beginning_to_the_end(state: State) -> None:
    binding = one(state=state)
    assert aim(binding, "", NOW) == Aim(1, binding.expires_at, "")
    assert binding.expires_at and aim(binding, "", binding.expires_at).wanted == 0


@pytest.mark.parametrize("state", [State.SUSPENDED, State.RELEASED, State.QUARANTINED])
def test_what_carries_no_call_is_wanted_nowhere(state: State) -> None:
    assert aim(structs.replace(one(), state=state), "", NOW).wanted == 0
    assert aim(release(one(), NOW), "", NOW).wanted == 0


def test_a_narrowed_extension_names_the_courier_while_it_lasts() -> None:
    until = NOW + timedelta(hours=9)
    binding = narrow(one(), B, until)
    assert aim(binding, "cou_1", NOW) == Aim(1, binding.expires_at, "cou_1")
    assert aim(binding, "cou_1", until).courier == "" and aim(binding, "cou_1", until).wanted == 1
    assert aim(one(), "cou_1", NOW).courier == "", "narrowed once, and wide again"


@pytest.mark.parametrize("scheme", [Scheme.AXN, Scheme.AXN700, Scheme.AXB])
def test_a_whole_number_waits_for_its_courier_and_goes_with_them(scheme: Scheme) -> None:
    until = NOW + timedelta(hours=9)
    binding = one(scheme)
    assert aim(binding, "", NOW).wanted == 0
    narrowed = narrow(binding, B, until)
    assert aim(narrowed, "cou_1", NOW) == Aim(1, until, "cou_1")
    assert aim(narrowed, "cou_1", until).wanted == 0
    assert aim(narrowed, "", NOW).wanted == 0, "whom, nobody knows"
