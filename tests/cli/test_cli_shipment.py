"""A shipment is shown without anything personal, and only one in doubt is resolved."""

from __future__ import annotations

from tests.cli.conftest import Here


async def test_a_shipment_is_shown_and_one_that_is_in_no_doubt_is_not_resolved(
    here: Here, order: tuple[str, str]
) -> None:
    shown = await here.told("shipment", "show", order[0])
    assert shown["status"] == "booked" and shown["relay"]["recipient"] == order[1]
    assert (await here.told("shipment", "disclosures", order[0])) == {"shipment": order[0], "disclosures": []}
    done = await here.run("shipment", "resolve", order[0], "--not-booked")
    assert (done.code, done.err.split(":")[0]) == (1, "not_resolvable")
    for words in ((), ("--waybill", "W", "--not-booked")):
        assert (await here.run("shipment", "resolve", order[0], *words)).code == 2


async def test_a_shop_s_shipments_are_listed(here: Here, order: tuple[str, str]) -> None:
    shop = (await here.told("shop", "list"))[0]["name"]
    assert [row["shipment"] for row in await here.told("shipment", "list", shop)] == [order[0]]
    people = await here.run("shipment", "list", shop, "--carrier", "sf-express")
    assert people.code == 0 and order[0] in people.out
    assert (await here.run("shipment", "list", shop, "--waybill", "SF1")).code == 1
