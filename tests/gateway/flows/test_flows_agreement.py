"""A call that the terms with its carrier do not cover goes nowhere, is on record, and names its clause."""

from __future__ import annotations

from datetime import timedelta

import pytest

from gateway.flows.agreement import CLAUSES
from masking.policy import agreement_fails
from masking.policy_load import load_policy
from tests.gateway.orders import sf_document, sf_form
from tests.gateway.world import FORM, SF_PATH, World

HOUSE = 'name="house"\nbase="built-in"\n[terms.sf-express]\n'


async def order(world: World, terms: str) -> tuple[int, str, str]:
    """(status, code, clause) of an order under these terms."""
    world.service.policy = load_policy(HOUSE + terms)
    answer = await world.sf_order(sf_document())
    return answer.status, answer.code, answer.json["errors"][0]["pointer"] if answer.code else ""


@pytest.mark.parametrize(
    ("terms", "clause"),
    [
        ('processor="independent"\n', "consent_missing"),
        ('processor="independent"\nconsent="form-3"\n', ""),
        ('processor="entrusted"\n', ""),
        ("starts=2027-01-01\n", "agreement_not_begun"),
        ("ends=2026-11-25\n", "agreement_over"),
        ("starts=2026-01-01\nends=2026-12-31\n", ""),
        ('countries=["CN"]\n', "border_without_basis"),
        ('countries=["CN"]\nbasis="scc-7"\n', ""),
        ("own_country=true\n", "border_without_basis"),
        ("opened=true\nreveals_per_parcel=1\n", ""),
    ],
)
async def test_an_order_outside_the_terms_is_refused_before_anything_leaves(
    own_world: World, terms: str, clause: str
) -> None:
    status, code, told = await order(own_world, terms)
    assert (status, code, told) == ((403, "agreement_refused", clause) if clause else (200, "", ""))
    assert len(own_world.sf.received) == (0 if clause else 1)
    tags = await own_world.tags()
    assert ("call.barred" in tags, "order.sealed" in tags) == (bool(clause), not clause)


async def test_the_period_ends_to_the_second(own_world: World) -> None:
    ends = (own_world.clock.now + timedelta(seconds=2)).isoformat()
    assert (await order(own_world, f"ends={ends}\n"))[0] == 200
    own_world.clock.turn(timedelta(seconds=1))
    assert (await order(own_world, f"ends={ends}\n"))[0] == 200
    own_world.clock.turn(timedelta(seconds=1))
    assert (await order(own_world, f"ends={ends}\n"))[2] == "agreement_over"


async def test_a_carrier_of_the_recipients_country_may_have_the_order(own_world: World) -> None:
    secrets = dict(own_world.service.routes["sf-express"].secrets)
    for country, status in (("DE", 403), ("CN", 200)):
        options = {"country": country}
        await own_world.op(
            "carrier.enable", carrier="sf-express", base_url=own_world.sf.url, secrets=secrets, options=options
        )
        assert (await order(own_world, "own_country=true\n"))[0] == status


async def test_a_call_that_books_nothing_is_held_to_the_period_but_speaks_of_nobody(own_world: World) -> None:
    lookup = sf_form({"orderId": "X1", "searchType": "1"}, service="EXP_RECE_SEARCH_ORDER_RESP")
    own_world.service.policy = load_policy(HOUSE + "own_country=true\n")
    assert (await own_world.call("POST", SF_PATH, body=lookup, headers=FORM)).status == 200
    own_world.service.policy = load_policy(HOUSE + "ends=2026-01-01\n")
    assert (await own_world.call("POST", SF_PATH, body=lookup, headers=FORM)).code == "agreement_refused"


async def test_other_carriers_and_a_house_without_terms_are_asked_nothing(own_world: World) -> None:
    own_world.service.policy = load_policy('name="x"\nbase="built-in"\n[terms.ups]\nends=2026-01-01\n')
    assert (await own_world.sf_order(sf_document())).status == 200


def test_every_clause_has_its_sentence() -> None:
    import inspect
    import re

    codes = set(re.findall(r'"([a-z_]+_[a-z_]+)"', inspect.getsource(agreement_fails)))
    assert codes == set(CLAUSES)
