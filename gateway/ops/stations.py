"""Verbs about carriers' stations: which regions each serves and in which country it is. Rules of place decide by nothing else."""

from __future__ import annotations

import json
from typing import Any

import msgspec
from sqlalchemy import Connection, delete, insert, select

from gateway.flows import Flows
from gateway.ops.registry import OpRefused, Params, named, now_ms, op
from gateway.service import Service
from gateway.store.tables import stations
from masking.region import country_code, region_named

REGIONS = 100  # a station that serves more is none; a scan compares each


@op("station.add")
async def station_add(service: Service, _flows: Flows, params: Params) -> Any:
    """What is known of a station, new or in place of what was known. In force on every process within a second."""
    carrier, code = str(params["carrier"]), named({"name": params.get("code", "")}, "station")
    service.profile(carrier)
    regions = sorted({region_named(str(region)) for region in params.get("regions") or []})
    if len(regions) > REGIONS:
        raise OpRefused(f"a station serves at most {REGIONS} regions", path="regions")
    country = country_code(str(params.get("country") or ""))
    if params.get("country") and not country:
        raise OpRefused("a country is two letters, such as CN", path="country")
    row = {"carrier": carrier, "code": code, "regions": json.dumps(regions, ensure_ascii=False), "country": country}

    def work(connection: Connection) -> None:
        connection.execute(_this(carrier, code))
        connection.execute(insert(stations).values(row | {"updated_at": now_ms(service)}))

    detail = {"carrier": carrier, "regions": regions, "country": country}
    await service.change(
        work, service.record("station.set", tenant="", actor=params["actor"], subject=code, detail=detail)
    )
    return {"carrier": carrier, "station": code, "regions": regions, "country": country}


@op("station.list")
async def station_list(service: Service, _flows: Flows, params: Params) -> Any:
    """Every station that somebody entered, of one carrier where it is named."""
    wanted = select(stations).order_by(stations.c.carrier, stations.c.code)
    if params.get("carrier"):
        wanted = wanted.where(stations.c.carrier == str(params["carrier"]))
    return await service.database.read(
        lambda c: [
            {"carrier": r.carrier, "station": r.code, "regions": msgspec.json.decode(r.regions), "country": r.country}
            for r in c.execute(wanted)
        ]
    )


@op("station.remove")
async def station_remove(service: Service, _flows: Flows, params: Params) -> Any:
    """Forget a station's place: rules that ask for it close to its people."""
    carrier, code = str(params["carrier"]), str(params["code"])

    def work(connection: Connection) -> None:
        if not connection.execute(_this(carrier, code)).rowcount:
            raise OpRefused("no station of this carrier has this code", path="code")

    detail = {"carrier": carrier}
    entry = service.record("station.removed", tenant="", actor=params["actor"], subject=code, detail=detail)
    await service.change(work, entry)
    return {"carrier": carrier, "station": code, "removed": True}


def _this(carrier: str, code: str) -> Any:
    return delete(stations).where(stations.c.carrier == carrier, stations.c.code == code)
