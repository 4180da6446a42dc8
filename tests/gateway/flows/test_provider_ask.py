"""A provider is asked what it holds; whose phone stands behind it is seen by keyed index."""

from __future__ import annotations

import pytest

from gateway.flows.provider_ask import ProviderAsk
from gateway.store import push_reads
from tests.gateway.pushed import Town, Towns
from virtual_numbers.binding import Slot
from virtual_numbers.providers.pushed import Seen
from virtual_numbers.providers.wire import Bound


async def asked(town: Town) -> tuple[ProviderAsk, push_reads.Case]:
    """Somebody to ask, and the case of a fresh order that is up."""
    _, _, x, ext = await town.order()
    await town.drain()
    case = await town.world.service.database.read(lambda c: push_reads.case(c, Slot(x, ext, 0)))
    assert case is not None
    line = town.world.running.flows.provider_line
    return ProviderAsk(line, town.world.service.keys.keyring), case


@pytest.mark.parametrize("kind", ["alibaba", "huawei"])
async def test_our_own_binding_is_found_among_those_of_its_place(towns: Towns, kind: str) -> None:
    async with towns(kind) as town:
        ask, case = await asked(town)
        account = town.world.service.accounts.by_name[kind]
        (sub,) = town.first.live
        async with town.world.running.flows.provider_line.open() as http:
            seen = await ask.find(http, account, case.binding, case.out_id, set())
            assert seen is not None and seen.handle == sub.id
            assert await ask.find(http, account, case.binding, case.out_id, {sub.id}) is None
            sub.a = "13700000003" if kind == "alibaba" else "+8613700000003"
            sub_id_tells = kind == "huawei"  # it echoes our id, so that the phone need not be compared
            found = await ask.find(http, account, case.binding, case.out_id, set())
            assert (found is not None) is sub_id_tells
            assert await ask.about(http, account, Bound("4711", case.binding.x, case.binding.ext)) is None


async def test_the_phone_behind_a_binding_is_compared_however_it_is_spelled(towns: Towns) -> None:
    async with towns() as town:
        ask, case = await asked(town)
        (sub,) = town.first.live
        for spelled in (sub.a, f"+86{sub.a}", f"86{sub.a}", f"{sub.a[:3]} {sub.a[3:7]} {sub.a[7:]}"):
            assert ask.right_target(Seen("1", a=spelled), case.binding), "one phone"
        assert not ask.right_target(Seen("1", a="13700000003"), case.binding)
        assert not ask.right_target(Seen("1", a="***"), case.binding)
        assert ask.right_target(Seen("1"), case.binding), "who does not tell is believed"
