"""The demo lives the whole product on real sockets, and what it tells is true."""

from __future__ import annotations

from pathlib import Path

from gateway.demo.story import SLIPPED, Told, demo, differences


async def live(tmp_path: Path) -> Told:
    folder = tmp_path / "folder"
    folder.mkdir()
    async with demo(folder, tmp_path / "out") as story:
        return story.told


async def test_the_demo_keeps_every_promise_it_shows(tmp_path: Path) -> None:
    told = await live(tmp_path)

    assert told.ok
    assert told.leaks == 0
    assert [order.carrier for order in told.orders] == ["sf-express", "ups"]
    assert all(order.status in (200, 201) and order.waybill for order in told.orders)
    assert told.seconds < 15
    assert told.as_json()["leaks"] == 0
    _label_scans_and_calls(told)
    _second_tries(told)


def _label_scans_and_calls(told: Told) -> None:
    assert Path(told.label).read_bytes().startswith(b"\x89PNG")
    station, delivery = told.scans
    assert station["stage"] == "at_station"
    assert station["recipient"]["address"]["street"].endswith("****")
    assert delivery["stage"] == "out_for_delivery"
    assert "1501" in delivery["recipient"]["address"]["street"]
    assert [call["action"] for call in told.calls] == ["connect", "reject"]


def _second_tries(told: Told) -> None:
    assert told.retry == {"identical": True, "replayed": True, "waybills_at_the_courier": 1}
    assert SLIPPED in told.remark["sent"]
    assert SLIPPED not in told.remark["received"]
    assert (told.refused["status"], told.refused["code"], told.refused["forwarded"]) == (422, "unclaimed_field", 0)
    assert told.refused["path"] == "form:msgData~$.spouseName"


async def test_the_sides_differ_where_somebody_is_named_and_nowhere_that_routes(tmp_path: Path) -> None:
    told = await live(tmp_path)

    changed = {row.path for row in differences(told.orders[0])}
    assert "form:msgData~$.contactInfoList[1].contact" in changed
    assert "form:msgData~$.contactInfoList[1].postCode" not in changed
    assert "form:msgData~$.orderId" not in changed
