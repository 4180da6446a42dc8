"""A station's place decides what its people see, from the next scan on, and nothing that a scan says of itself does."""

from __future__ import annotations

import asyncio
import dataclasses
import json
from pathlib import Path

import pytest

from gateway.server import running
from masking.errors import VeilwayError
from masking.policy_load import load_policy
from tests.gateway.orders import sf_document
from tests.gateway.world import World, open_world

OWN_REGION = """
name = "own region"
[[rule]]
id = "r"
readers = ["station", "delivery"]
see = ["recipient.region"]
level = "full"
stages = "any"
own_region = true
"""
OWN_COUNTRY = OWN_REGION.replace("own_region", "own_country")


def document() -> dict[str, object]:
    made = sf_document()
    made["contactInfoList"][1] |= {"province": "浙江省", "city": "杭州市", "county": "余杭区"}
    return made


async def test_a_rule_of_region_opens_to_the_stations_that_serve_it_alone(own_world: World) -> None:
    own_world.service.policy = load_policy(OWN_REGION)
    number = (await own_world.sf_order(document())).waybill
    ours, elsewhere, nowhere, unknown = [
        await own_world.courier("station", station=code) for code in ("571A", "755A", "", "999Z")
    ]
    await own_world.op("station.add", carrier="sf-express", code="571A", regions=["CN/浙江/杭州"])
    await own_world.op("station.add", carrier="sf-express", code="755A", regions=["CN/广东/深圳"])
    await own_world.op("station.add", carrier="ups", code="999Z", regions=["CN/浙江/杭州"])
    assert (await own_world.scan(ours, waybill=number)).json["recipient"]["address"]["city"] == "杭州市"
    for token in (elsewhere, nowhere, unknown):
        view = (await own_world.scan(token, waybill=number, station="571A")).json
        assert "address" not in view["recipient"]
        assert view["refused"]["recipient.region"] == "other_region"
    await own_world.op("station.remove", carrier="sf-express", code="571A")
    assert "address" not in (await own_world.scan(ours, waybill=number)).json["recipient"]


async def test_data_stays_in_its_country_by_station_or_by_carrier(own_world: World) -> None:
    own_world.service.policy = load_policy(OWN_COUNTRY)
    number, token = (await own_world.sf_order(document())).waybill, await own_world.courier("station", station="571A")

    async def sees() -> bool:
        return "address" in (await own_world.scan(token, waybill=number)).json["recipient"]

    async def enable(country: str | None) -> None:
        secrets = dict(own_world.service.routes["sf-express"].secrets)
        options = {"country": country}
        await own_world.op(
            "carrier.enable", carrier="sf-express", base_url=own_world.sf.url, secrets=secrets, options=options
        )

    assert not await sees()
    await enable("CN")
    assert await sees()
    await enable(None)
    assert await sees()
    await own_world.op("station.add", carrier="sf-express", code="571A", country="DE")
    assert not await sees()
    await own_world.op("station.add", carrier="sf-express", code="571A")
    assert await sees()
    await enable("")
    assert not await sees()


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"code": ""}, "bad_argument"),
        ({"code": "a/b"}, "bad_argument"),
        ({"code": "A", "country": "Nowhere"}, "bad_argument"),
        ({"code": "A", "regions": ["Hangzhou"]}, "region_invalid"),
        ({"code": "A", "regions": [f"CN:{number}" for number in range(101)]}, "bad_argument"),
        ({"code": "A", "carrier": "nobody"}, "unknown_carrier"),
    ],
)
async def test_a_place_that_is_none_is_refused(own_world: World, params: dict[str, object], code: str) -> None:
    with pytest.raises(VeilwayError) as refused:
        await own_world.op("station.add", **({"carrier": "sf-express"} | params))
    assert refused.value.code == code


@pytest.mark.pg
async def test_a_place_and_a_policy_count_on_the_other_process_within_a_second(pg_url: str, tmp_path: Path) -> None:
    async with open_world(tmp_path, database=pg_url, numbers=[f"9501399{n:04d}" for n in range(40)]) as one:
        settings = dataclasses.replace(one.settings, port=0)
        async with running(settings, keys=one.keys, clock=one.clock) as other:
            number, token = (await one.sf_order(document())).waybill, await one.courier("station", station="571A")

            async def shown() -> bool:
                body, headers = json.dumps({"waybill": number}).encode(), {"Authorization": f"Bearer {token}"}
                async with one.client.post(other.url + "/v1/scans", data=body, headers=headers) as reply:
                    assert reply.status == 200
                    return "address" in (await reply.json())["recipient"]

            async def within_a_second(wanted: bool) -> None:
                begun = asyncio.get_running_loop().time()
                while await shown() is not wanted:
                    assert asyncio.get_running_loop().time() - begun < 1.2
                    await asyncio.sleep(0.05)

            await within_a_second(True)
            await one.op("policy.apply", source=OWN_REGION, why="only where they serve")
            await within_a_second(False)
            await one.op("station.add", carrier="sf-express", code="571A", regions=["CN/浙江/杭州"])
            await within_a_second(True)
            await one.op("station.remove", carrier="sf-express", code="571A")
            await within_a_second(False)
