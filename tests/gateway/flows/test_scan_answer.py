"""What a courier's app is told: the parcel as far as it is theirs to see, and what they can do next."""

from __future__ import annotations

import pytest

from gateway.flows.scan_answer import MAY_REPORT, told
from gateway.identity import Courier
from gateway.store.reads import Outcome, Shipped
from gateway.store.scan_reads import Parcel
from masking.disclosure import Record, Scope, View
from masking.personal import MaskedParty, PostalAddress, RelayNumber
from masking.policy import Decision, Level
from masking.stage import Stage

PARCEL = Parcel(
    Shipped("shp_1", "shop_a", "sf-express", {}, 0),
    Record("shop_a", "shp_1", b"", {}),
    Outcome(1, "booked", "SF1", "571W", None),
    [],
    0,
    [],
)


def answer(stage: Stage, role: str, refused: str = "", **parties: MaskedParty) -> dict[str, object]:
    scope = Scope({"recipient.street": Decision(Level.MASKED, "r", refused)})
    return told("scan_1", PARCEL, stage, View(stage, scope, parties), Courier("cou_1", "sf-express", role))


def test_what_is_hidden_is_absent() -> None:
    assert answer(Stage.CREATED, "linehaul", recipient=MaskedParty()) == {
        "scan": "scan_1", "waybill": "SF1", "routing_code": "571W", "carrier": "sf-express", "stage": "created",
        "recipient": {}, "actions": [],
    }  # fmt: skip


def test_the_recipient_s_relay_number_is_the_one_to_dial() -> None:
    party = MaskedParty("麦**", relay=RelayNumber("95013990001", "1234"), address=PostalAddress("CN", "浙江省"))
    told_now = answer(Stage.OUT_FOR_DELIVERY, "delivery", recipient=party)
    assert told_now["dial"] == "95013990001-1234" and "call" in told_now["actions"]
    assert told_now["recipient"] == {
        "name": "麦**", "dial": "95013990001-1234", "address": {"country": "CN", "state": "浙江省"},
    }  # fmt: skip


@pytest.mark.parametrize("role", MAY_REPORT)
@pytest.mark.parametrize("stage", Stage)
def test_an_action_is_offered_only_where_the_role_may_report_it_and_it_would_be_new(role: str, stage: Stage) -> None:
    offered = set(answer(stage, role)["actions"])
    assert offered <= {event.value for event in MAY_REPORT[role]} - {stage.value}
    if stage in (Stage.CREATED, Stage.PICKED_UP, Stage.IN_TRANSIT, Stage.CLOSED):
        assert offered == set()


def test_a_reveal_is_offered_where_only_the_reason_is_missing() -> None:
    assert "reveal" in answer(Stage.AT_STATION, "station", "reason_missing")["actions"]
    assert "reveal" not in answer(Stage.AT_STATION, "station", "reveal_quota")["actions"]
    assert answer(Stage.AT_STATION, "station", "reveal_quota")["refused"] == {"recipient.street": "reveal_quota"}
