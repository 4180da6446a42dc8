"""Pushes: verified as the carrier signs, read into events, masked, told apart."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from carriers import envelope_json
from carriers.envelope_cipher import CIPHERS
from carriers.errors import CarrierRefusal
from carriers.profile import load_profile
from carriers.push import PushReading, read_push
from carriers.tracking import stage_of
from carriers.wire import WireRequest
from masking.stage import Stage
from tests.carriers.acme import acme

SECRETS = {"app": "a", "key": "k"}
EVENTS = {
    "events": [
        {"waybill": "W1", "code": "10", "at": "2026-11-25 21:00:00", "text": "快递员苗振宇 13918842760 已取件"},
        {"waybill": "W1", "code": "30", "at": "2026-11-25T15:00:00+00:00", "text": "", "signer": "林徽"},
    ]
}


def pushed(document: Any, *, key: bytes = b"k") -> PushReading:
    body = envelope_json.dumps(document)
    headers = {"x-push-sign": hmac.new(key, body, "sha256").hexdigest()}
    return read_push(acme(), WireRequest("POST", "/", "", headers, body), SECRETS)


def test_events_are_read_in_their_order() -> None:
    reading = pushed(EVENTS)
    assert [(event.waybill, event.stage) for event in reading.events] == [
        ("W1", Stage.PICKED_UP),
        ("W1", Stage.DELIVERED),
    ]
    assert reading.events[0].at == datetime(2026, 11, 25, 13, 0, tzinfo=UTC)
    assert (reading.verified, reading.ack, reading.ack_type) == (True, b"ok", "text/plain")


def test_courier_and_signer_are_masked() -> None:
    reading = pushed(EVENTS)
    events = json.loads(reading.body)["events"]
    assert events[0]["text"].startswith("快递员苗**") and "13918842760" not in events[0]["text"]
    assert events[1]["signer"] == "林**"
    assert reading.masked == 2


def test_a_repeated_event_has_the_same_id_and_another_has_not() -> None:
    one, two = pushed(EVENTS).events, pushed({"events": EVENTS["events"][:1]}).events
    assert one[0].id == two[0].id != one[1].id


@pytest.mark.parametrize("key", [b"x", b""])
def test_a_push_under_another_key_is_refused(key: bytes) -> None:
    with pytest.raises(CarrierRefusal) as refusal:
        pushed(EVENTS, key=key)
    assert refusal.value.code == "bad_signature"


def test_a_push_without_a_signature_is_refused() -> None:
    with pytest.raises(CarrierRefusal) as refusal:
        read_push(acme(), WireRequest("POST", "/", "", {}, envelope_json.dumps(EVENTS)), SECRETS)
    assert refusal.value.code == "bad_signature"


@pytest.mark.parametrize("body", [b"{}", b'{"other":1}'])
def test_a_message_that_nobody_described_is_no_push(body: bytes) -> None:
    with pytest.raises(CarrierRefusal) as refusal:
        read_push(acme(), WireRequest("POST", "/", "", {}, body), SECRETS)
    assert refusal.value.code == "unknown_push"


def ups_event(date: str, clock: str) -> PushReading:
    profile = load_profile("ups")
    assert profile is not None
    told = {"trackingNumber": "1Z", "gmtActivityDate": date, "gmtActivityTime": clock, "activityStatus": {"type": "O"}}
    return read_push(profile, WireRequest("POST", "/", "", {}, json.dumps(told).encode()), {})


def test_a_time_without_a_zone_is_read_in_the_carrier_s_and_with_its_time_of_day() -> None:
    assert ups_event("20261125", "130501").events[0].at == datetime(2026, 11, 25, 13, 5, 1, tzinfo=UTC)
    assert ups_event("20261125", "130501").events[0].id != ups_event("20261125", "170000").events[0].id
    assert ups_event("20261125", "").events[0].at == datetime(2026, 11, 25, tzinfo=UTC)


EMS_KEY = "MDEyMzQ1Njc4OWFiY2RlZg=="
EMS_EVENT = '{"waybillNo":"1295780512499","opCode":"203","opTime":"2026-04-25 13:50:14","operatorName":"苗振宇"}'


def ems_push(field: str) -> PushReading:
    profile = load_profile("ems")
    assert profile is not None
    body = json.dumps({"method": "040002", "logitcsInterface": field}).encode()
    return read_push(profile, WireRequest("POST", "/", "", {}, body), {"sign_key": EMS_KEY})


def test_a_ciphered_push_is_read_under_the_carriers_key_and_handed_on_in_clear() -> None:
    reading = ems_push(CIPHERS["ems_sm4_push"].encrypt(EMS_EVENT.encode(), EMS_KEY).decode())
    assert [(event.waybill, event.stage) for event in reading.events] == [("1295780512499", Stage.PICKED_UP)]
    assert json.loads(json.loads(reading.body)["logitcsInterface"])["operatorName"] == "苗**"


@pytest.mark.parametrize("key", ["", "ZmVkY2JhOTg3NjU0MzIxMA=="])
def test_a_push_in_clear_or_under_another_key_is_refused_where_a_ciphered_one_belongs(key: str) -> None:
    field = CIPHERS["ems_sm4_push"].encrypt(EMS_EVENT.encode(), key).decode() if key else EMS_EVENT
    with pytest.raises(CarrierRefusal) as refusal:
        ems_push(field)
    assert refusal.value.code in ("cipher_broken", "bad_json")


def test_status_codes_are_found_whole_then_by_prefix() -> None:
    events = {"10": "picked_up", "2*": "in_transit", "21*": "exception"}
    assert [stage_of(events, code) for code in ("10", "2", "20", "215", "3", "")] == [
        Stage.PICKED_UP,
        Stage.IN_TRANSIT,
        Stage.IN_TRANSIT,
        Stage.EXCEPTION,
        None,
        None,
    ]


def test_a_push_without_time_or_id_is_told_apart_by_all_it_says() -> None:
    profile = load_profile("ups")
    assert profile is not None

    def read(text: str) -> str:
        body = json.dumps({"trackingNumber": "1Z", "activityStatus": {"type": "I", "description": text}}).encode()
        return read_push(profile, WireRequest("POST", "/", "", {}, body), {}).events[0].id

    assert read("a") == read("a") != read("b")
    assert hashlib.sha256(b"").hexdigest()[:32] != read("a")
