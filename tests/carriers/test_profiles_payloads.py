"""The built-in profiles as a whole: which there are, what they say of themselves, and how much of the payloads they name."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from carriers.coverage import check_sample
from carriers.leaves import format_of
from carriers.profile import BUILT_IN, CarrierProfile, load_profiles
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
    assert effects & {"cancel"} or profile.id == "dhl-express"  # DHL has no cancel in this interface
    assert effects & {"trace", "lookup"}


@pytest.mark.parametrize("profile", PROFILES.values(), ids=PROFILES)
def test_couriers_who_scan_get_masked_addresses_and_nobody_else(profile: CarrierProfile) -> None:
    assert profile.last_mile == ("ticket" if profile.id in CHINESE else "label")


@pytest.mark.parametrize("profile", PROFILES.values(), ids=PROFILES)
def test_a_shape_that_nobody_verified_never_lets_unknown_fields_pass_unread(profile: CarrierProfile) -> None:
    for operation in profile.operations.values():
        assert operation.unclassified in ("block", "mask")


@pytest.mark.parametrize("profile", PROFILES.values(), ids=PROFILES)
def test_upstreams_are_named_and_secrets_are_words(profile: CarrierProfile) -> None:
    assert profile.base_url.startswith("https://") or profile.id == "cainiao"
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
