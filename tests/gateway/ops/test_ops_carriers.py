"""Carriers and couriers: what is enabled counts at once, roles and stations are checked, suspensions reach everybody."""

from __future__ import annotations

import pytest

from masking.errors import VeilwayError
from tests.gateway.orders import sf_document
from tests.gateway.world import SECRETS, World


async def test_new_secrets_count_from_the_next_order_on(own_world: World) -> None:
    wrong = SECRETS["sf-express"] | {"check_word": "x" * 32}
    await own_world.op("carrier.enable", carrier="sf-express", base_url=own_world.sf.url, secrets=wrong)
    refused = await own_world.sf_order(sf_document())
    assert refused.json["apiResultCode"] == "A1006"
    await own_world.op("carrier.enable", carrier="sf-express", base_url=own_world.sf.url, secrets=SECRETS["sf-express"])
    assert (await own_world.sf_order(sf_document())).waybill


async def test_the_record_names_the_secrets_and_tells_none(own_world: World) -> None:
    page = await own_world.op("audit.export", chain="veilway/main")
    entry = next(one["entry"] for one in page["entries"] if one["entry"]["tag"] == "carrier.enabled")
    assert entry["detail"]["secrets"] == ["check_word", "partner_id"]
    assert SECRETS["sf-express"]["check_word"] not in str(page)


@pytest.mark.parametrize(
    ("params", "path"),
    [({"role": "king"}, "role"), ({"name": "a/b"}, "name"), ({"phone": "none"}, "phone")],
)
async def test_a_courier_that_makes_no_sense_is_refused(own_world: World, params: dict[str, str], path: str) -> None:
    with pytest.raises(VeilwayError) as refused:
        await own_world.op("courier.add", **({"carrier": "sf-express", "name": "A"} | params))
    assert refused.value.path == path


async def test_only_carriers_stations_and_couriers_are_suspended(own_world: World) -> None:
    with pytest.raises(VeilwayError) as refused:
        await own_world.op("suspend", kind="shop", name="First Shop")
    assert refused.value.path == "kind"
