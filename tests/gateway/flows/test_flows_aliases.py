"""Aliases over the wire: two carriers and two orders of one person share nothing but what their scope grants; the shop gets its own back."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest

from gateway.flows.aliases import order_aliases
from masking.alias import email_token
from masking.personal import Kind
from tests.gateway.orders import CONSIGNEE, SHIPPER, Person, fresh_reference, sf_document, ups_document
from tests.gateway.world import World, open_world

DIAL = re.compile(r"9501399\d{4}-?\d{4}")


def pieces(body: bytes) -> set[str]:
    """Whatever a reader of the body could compare with another body's: every run of five characters of every value."""
    text = body.decode()
    document = json.loads(parse_qs(text)["msgData"][0] if "msgData=" in text else text)

    def values(node: Any) -> Iterator[str]:
        for below in node.values() if isinstance(node, dict) else node:
            if isinstance(below, dict | list):
                yield from values(below)
            else:
                yield str(below)

    found = set(values(document))
    dials = {
        value for value in found if DIAL.fullmatch(value)
    }  # X is everybody's: a dial string tells as a whole or not at all
    return dials | {value[at : at + 5] for value in found - dials for at in range(max(1, len(value) - 4))}


def granted(piece: str) -> bool:
    """Of a mask, or of what the address masker or the label scope leaves of the way to the door."""
    return "*" in piece or piece in CONSIGNEE.address


async def test_two_carriers_hear_nothing_by_which_they_could_tell_one_recipient(tmp_path: Path) -> None:
    async with open_world(tmp_path, alias_domain="alias.example") as own:

        async def orders(person: Person) -> tuple[set[str], set[str]]:
            assert (await own.sf_order(sf_document(to=person, remark=person.email))).status == 200
            document = ups_document(to=person, description=f"for {person.email}")
            assert (await own.ups_order(document, idempotency=fresh_reference())).status == 200
            return pieces(own.sf.last.body), pieces(own.ups.last.body)

        sf, ups = await orders(CONSIGNEE)
        other_sf, other_ups = await orders(SHIPPER)
        again, _ = await orders(CONSIGNEE)
        assert CONSIGNEE.door[:5] in sf & ups  # both have the street: the comparison sees what two bodies share
        assert [piece for piece in (sf & ups) - other_sf - other_ups if not granted(piece)] == []
        # Nor from one order to the next: each has a relay number of its own.
        assert [piece for piece in (sf & again) - other_sf if not granted(piece)] == []


async def test_a_carrier_sees_only_the_orders_routed_to_it(own_world: World) -> None:
    made = await own_world.sf_order(sf_document())
    assert own_world.ups.received == []
    theirs = await own_world.courier("station", carrier="ups")
    foreign = await own_world.scan(theirs, waybill=made.waybill)
    absent = await own_world.scan(theirs, waybill="SF7000000999999")
    assert (foreign.status, foreign.code) == (absent.status, absent.code) == (404, "ticket_refused")
    told = json.dumps({"mailno": made.waybill}).encode()
    before = (await own_world.call("GET", f"/v1/shipments/{made.shipment}")).json["stage"]
    await own_world.call("POST", own_world.hooks["ups"], key="", body=told)
    assert (await own_world.call("GET", f"/v1/shipments/{made.shipment}")).json["stage"] == before
    assert len(own_world.sf.received) == 1


@pytest.mark.parametrize("kind", [Kind.EMAIL, Kind.ID])
async def test_an_alias_is_one_in_an_order_and_differs_by_carrier_order_and_shop(tmp_path: Path, kind: Kind) -> None:
    async with open_world(tmp_path, alias_domain="alias.example") as own:
        value = "Wang@Example.com" if kind is Kind.EMAIL else "M-1001"
        made = [
            order_aliases(own.service, tenant, carrier, shipment)(kind, value)
            for tenant in ("a", "b")
            for carrier in ("zto", "sto")
            for shipment in ("p1", "p2", "", "")
        ]
        assert len(set(made)) == len(made)
        stand_in = order_aliases(own.service, "a", "zto", "p1")
        assert stand_in(kind, value) == stand_in(kind, f" {value} ") == made[0]
        if kind is Kind.EMAIL:
            assert stand_in(kind, value.lower()) == made[0]
            assert email_token(made[0], "alias.example")
        else:
            assert stand_in(kind, value.lower()) != made[0]


async def test_without_a_domain_no_address_stands_in(own_world: World) -> None:
    stand_in = order_aliases(own_world.service, "a", "zto", "p1")
    assert stand_in(Kind.EMAIL, "wang@example.com") == ""
    assert stand_in(Kind.ID, "M-1001")
