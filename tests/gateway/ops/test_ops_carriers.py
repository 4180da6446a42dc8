"""Carriers and couriers: what is enabled counts at once, roles and stations are checked, suspensions reach everybody."""

from __future__ import annotations

from typing import Any

import pytest

from masking.errors import VeilwayError
from tests.gateway.orders import sf_document, ups_document
from tests.gateway.world import FORM, SECRETS, World


async def test_new_secrets_count_from_the_next_order_on(own_world: World) -> None:
    wrong = SECRETS["sf-express"] | {"check_word": "x" * 32}
    await own_world.op("carrier.enable", carrier="sf-express", base_url=own_world.sf.url, secrets=wrong)
    refused = await own_world.sf_order(sf_document())
    assert refused.json["apiResultCode"] == "A1006"
    await own_world.op("carrier.enable", carrier="sf-express", base_url=own_world.sf.url, secrets=SECRETS["sf-express"])
    assert (await own_world.sf_order(sf_document())).waybill


KUAIDI = dict.fromkeys(("key", "secret", "customer", "salt"), "practice-secret")


async def enabled(world: World, **hosts: str) -> Any:
    url = world.sf.url
    return await world.op("carrier.enable", carrier="kuaidi100", base_url=url, secrets=KUAIDI, hosts=hosts)


async def test_a_call_to_a_host_without_a_url_is_refused_and_leaves_nothing(own_world: World) -> None:
    assert (await enabled(own_world))["hosts_missing"] == ["label"]
    before = await own_world.tags()
    refused = await own_world.call("POST", "/c/kuaidi100/label/order", body=b"method=order&param={}", headers=FORM)
    assert (refused.status, refused.code) == (503, "carrier_host_missing")
    assert refused.json["errors"] == [{"pointer": "hosts.label"}]
    assert await own_world.tags() == before and own_world.sf.received == []


async def test_a_host_s_url_is_kept_until_another_or_none_is_given(own_world: World) -> None:
    assert (await enabled(own_world, label="https://labels.example/"))["hosts"] == {"label": "https://labels.example"}
    assert (await enabled(own_world))["hosts"] == {"label": "https://labels.example"}
    assert own_world.service.route("kuaidi100").base("label") == "https://labels.example"
    assert (await enabled(own_world, label=""))["hosts_missing"] == ["label"]


@pytest.mark.parametrize("hosts", [{"label": "http://labels.example"}, {"moon": "https://moon.example"}])
async def test_a_host_is_one_of_the_profile_s_and_speaks_https(own_world: World, hosts: dict[str, str]) -> None:
    with pytest.raises(VeilwayError) as refused:
        await enabled(own_world, **hosts)
    assert refused.value.code == "config_invalid"


async def test_documents_inside_requests_pass_where_an_operator_names_a_place_that_the_profile_has(
    own_world: World,
) -> None:
    place = "$.ShipmentRequest.Shipment.ShipmentServiceOptions.InternationalForms.UserCreatedForm"
    common = {"carrier": "ups", "base_url": own_world.ups.url, "secrets": SECRETS["ups"]}
    document = ups_document()
    document["ShipmentRequest"]["Shipment"].setdefault("ShipmentServiceOptions", {})["InternationalForms"] = {
        "UserCreatedForm": {"DocumentID": ["2013-12-04-00.15.33.207814"]}
    }
    assert (await own_world.ups_order(document)).code == "attachment_refused"
    with pytest.raises(VeilwayError):
        await own_world.op(
            "carrier.enable", **common, options={"attachments": ["$.ShipmentRequest.Shipment.Elsewhere"]}
        )
    await own_world.op("carrier.enable", **common, options={"attachments": [place]})
    assert (await own_world.ups_order(document)).status == 200
    page = await own_world.op("audit.export", chain="veilway/main")
    sealed = [one["entry"]["detail"] for one in page["entries"] if one["entry"]["tag"] == "order.sealed"][-1]
    assert any(granted.startswith("third_party plain $") and "DocumentID" in granted for granted in sealed["granted"])


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
