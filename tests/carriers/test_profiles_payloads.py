"""The built-in profiles as a whole: which there are, what they say of themselves, and how much of the payloads they name."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qs

import pytest

from carriers.coverage import check_sample, rows
from carriers.finish import finish
from carriers.leaves import format_of
from carriers.order import open_order
from carriers.profile import BUILT_IN, CarrierProfile, load_profiles
from carriers.veil import veil
from carriers.wire import WireRequest
from masking.personal import RelayNumber, Role
from tests.carriers import unseen_samples

PAYLOADS = Path(__file__).parents[1] / "payloads"
PROFILES = load_profiles()
PROMISED = "sf-express zto yto sto yunda jd cainiao ems jt deppon kuaidi100 kdniao ups fedex dhl-express mydhl dhl-parcel-de usps easypost shippo canadapost australiapost purolator gls hermes sendle asendia"
CHINESE = PROMISED.split()[:12]
FOLDERS = {"jd_logistics": "jd"}


def test_every_promised_carrier_has_a_profile_in_a_file_of_its_name() -> None:
    assert set(PROFILES) >= set(PROMISED.split())
    assert {file.stem for file in BUILT_IN.glob("*.toml")} == set(PROFILES)


@pytest.mark.parametrize("profile", PROFILES.values(), ids=PROFILES)
def test_a_profile_books_cancels_and_traces(profile: CarrierProfile) -> None:
    effects = {operation.effect for operation in profile.operations.values()}
    assert "create" in effects
    assert effects & {"cancel"} or profile.id in ("dhl-express", "mydhl")  # DHL cancels a pickup and no shipment
    assert effects & {"trace", "lookup"}


@pytest.mark.parametrize("profile", PROFILES.values(), ids=PROFILES)
def test_a_cancel_that_succeeds_is_told_from_silence_so_that_the_number_is_released(profile: CarrierProfile) -> None:
    for operation in profile.operations.values():
        if operation.effect == "cancel" and operation.method != "DELETE":  # a deletion is answered with nothing
            assert operation.answer.booked, operation.id


@pytest.mark.parametrize("profile", PROFILES.values(), ids=PROFILES)
def test_couriers_who_scan_get_masked_addresses_and_nobody_else(profile: CarrierProfile) -> None:
    assert profile.last_mile == ("ticket" if profile.id in CHINESE else "label")


@pytest.mark.parametrize("profile", PROFILES.values(), ids=PROFILES)
def test_a_shape_that_nobody_verified_never_lets_unknown_fields_pass_unread(profile: CarrierProfile) -> None:
    for operation in profile.operations.values():
        assert operation.unclassified in ("block", "mask")


@pytest.mark.parametrize("profile", PROFILES.values(), ids=PROFILES)
def test_upstreams_are_named_and_secrets_are_words(profile: CarrierProfile) -> None:
    assert profile.base_url.startswith("https://")
    assert all(secret.replace("_", "").isalnum() for secret in profile.secrets)


def requests() -> list[tuple[str, str, str]]:
    found = []
    for truth in sorted(PAYLOADS.glob("*/pii.json")):
        carrier = FOLDERS.get(truth.parent.name, truth.parent.name.replace("_", "-"))
        for name, facts in json.loads(truth.read_text(encoding="utf-8"))["files"].items():
            if facts["direction"] == "shop_to_carrier" and carrier in PROFILES:
                found.append((carrier, truth.parent.name, name))
    return found


@pytest.mark.parametrize(("carrier", "folder", "name"), requests())
def test_no_leaf_of_a_sample_request_is_unclassified(carrier: str, folder: str, name: str) -> None:
    effect = "return" if name.startswith("return") else "create"
    operation = next(one for one in PROFILES[carrier].operations.values() if one.effect == effect)
    rows = check_sample(operation, (PAYLOADS / folder / name).read_bytes(), format_of(name))
    assert [row.path for row in rows if row.group == "unclassified"] == []


def test_every_operation_can_read_its_answer() -> None:
    unread = [
        (profile.id, operation.id)
        for profile in PROFILES.values()
        for operation in profile.operations.values()
        if operation.answer.root.inner is None
    ]
    assert unread == []


JT_TEST_KEY = "0258d71b55fc45e3ad7a7f38bf4b201a"
"""The key of J&T's published test account; its customer digest is published, too."""


def test_the_customer_digest_of_jt_is_hashed_inside_the_document_before_the_document_is_signed() -> None:
    secrets = {
        "api_account": "A",
        "private_key": JT_TEST_KEY,
        "customer_code": "J0086474299",
        "customer_password": "H5CD3zE6",
    }
    body, _, _ = unseen_samples.load("jt.form")
    operation = PROFILES["jt"].operations["create"]
    shop = WireRequest("POST", operation.path, "", {"content-type": "application/x-www-form-urlencoded"}, body)
    relays = {role: RelayNumber("17055500001", "1001") for role in Role}
    sent = finish(
        veil(open_order(operation, shop), relays=relays), secrets, now=datetime(2026, 1, 1, tzinfo=UTC), nonce="0" * 32
    )
    content = parse_qs(sent.body.decode())["bizContent"][0]
    outer = base64.b64encode(hashlib.md5((content + JT_TEST_KEY).encode()).digest()).decode()
    assert (json.loads(content)["digest"], sent.headers["digest"]) == ("qonqb4O1eNr6VCWS07Ieeg==", outer)


UNSEEN = {
    "cainiao.form": "cainiao",
    "deppon.form": "deppon",
    "fedex.json": "fedex",
    "jt.form": "jt",
    "kdniao.form": "kdniao",
    "mydhl.json": "mydhl",
    "shippo.json": "shippo",
    "sto.form": "sto",
    "yto_param.json": "yto",
    "yunda.json": "yunda",
}
"""Labelled samples of carriers that have no payload folder."""


@pytest.mark.parametrize(("sample", "carrier"), UNSEEN.items())
def test_profiles_without_a_payload_folder_name_what_is_personal_and_whose(sample: str, carrier: str) -> None:
    body, fmt, truth = unseen_samples.load(sample)
    operation = next(one for one in PROFILES[carrier].operations.values() if one.effect == "create")
    rows = {row.path: row for row in check_sample(operation, body, fmt)}
    assert [path for path in truth if rows[path].group != "personal"] == []
    # A single field outside a party's block, such as an address to notify, is nobody's in particular: a third party's.
    assert [
        path for path, (_, party) in truth.items() if rows[path].party not in (party, "third_party") and party != "*"
    ] == []
    assert [path for path, row in rows.items() if row.group == "unclassified"] == []


@pytest.mark.parametrize("profile", PROFILES.values(), ids=PROFILES)
def test_a_cargo_name_is_no_remark(profile: CarrierProfile) -> None:
    """Whoever may see the goods may not see the remark, so a create call claims the two apart."""
    named = {
        "goods",
        "goodsname",
        "cargoname",
        "cargodesc",
        "cargo",
        "itemdescription",
        "goodsdescription",
        "packagecontents",
    }
    for operation in profile.operations.values():
        for row in rows(profile):
            if (row.operation, row.direction) == (operation.id, "request") and operation.effect in (
                "create",
                "update",
                "return",
            ):
                word = re.split(r"[./]", row.path)[-1].removesuffix("[]").replace("_", "").lower()
                assert not (word in named and row.kind == "free_text"), row.path
