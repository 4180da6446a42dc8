"""A view as a courier's app reads it: what is hidden is absent, and what the courier can do next is named. Decides no level."""

from __future__ import annotations

from functools import lru_cache
from itertools import compress
from typing import Any

from gateway.identity import Courier
from gateway.store.scan_reads import Parcel
from masking.disclosure import View
from masking.personal import MaskedParty
from masking.stage import Stage

# What a scan by this role reports, unless it says otherwise. A delivery courier's scan takes the parcel out only from the
# last-mile station: a photographed label scanned elsewhere opens nothing.
REPORTS = {
    "pickup": Stage.PICKED_UP,
    "linehaul": Stage.IN_TRANSIT,
    "station": Stage.AT_STATION,
    "delivery": Stage.OUT_FOR_DELIVERY,
}
MAY_REPORT = {
    "pickup": {Stage.PICKED_UP, Stage.EXCEPTION},
    "linehaul": {Stage.IN_TRANSIT, Stage.EXCEPTION},
    "station": {Stage.IN_TRANSIT, Stage.AT_STATION, Stage.DELIVERED, Stage.RETURNED, Stage.EXCEPTION},
    "delivery": {Stage.OUT_FOR_DELIVERY, Stage.DELIVERED, Stage.RETURNED, Stage.EXCEPTION},
}
AFTER_STATION = {Stage.AT_STATION, Stage.OUT_FOR_DELIVERY, Stage.EXCEPTION, Stage.DELIVERED}

_OFFERED = (Stage.OUT_FOR_DELIVERY, Stage.DELIVERED, Stage.EXCEPTION, Stage.RETURNED)
_ADDRESS = ("country", "state", "city", "district", "street", "postcode")


def told(scan: str, seen: Parcel, stage: Stage, view: View, courier: Courier) -> dict[str, Any]:
    """The answer. `refused` names, as codes, what stands between this courier and more: a stage, a quota, a reason to give."""
    booked = seen.outcome
    out: dict[str, Any] = {
        "scan": scan,
        "waybill": booked.waybill if booked else "",
        "routing_code": booked.routing_code if booked else "",
        "carrier": seen.shipment.carrier,
        "stage": str(stage),
    }
    for role, party in view.parties.items():
        out[role] = _party(party)
    dial = out.get("recipient", {}).get("dial")
    if dial:
        out["dial"] = dial
    if view.remark:
        out["remark"] = view.remark
    if view.goods:
        out["goods"] = view.goods
    refusals = view.scope.refusals()
    if refusals:
        out["refused"] = refusals
    out["actions"] = [*_actions(stage, courier.role, bool(dial), "reason_missing" in refusals.values())]
    return out


def _party(party: MaskedParty) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    if party.name:
        shown["name"] = party.name
    if party.company:
        shown["company"] = party.company
    if party.relay is not None:
        shown["dial"] = party.relay.dial
    at = party.address
    parts = at.country, at.state, at.city, at.district, at.street, at.postcode
    address = dict(compress(zip(_ADDRESS, parts, strict=True), parts))
    if address:
        shown["address"] = address
    return shown


@lru_cache(1024)
def _actions(stage: Stage, role: str, dial: bool, reveal: bool) -> tuple[str, ...]:
    """What a courier of this role can do next: call, report an event, reveal with a reason."""
    out = ["call"] if dial else []
    if stage in AFTER_STATION:
        may = MAY_REPORT.get(role, set())
        out += [event.value for event in _OFFERED if event in may and event is not stage]
    return (*out, "reveal") if reveal else tuple(out)
