"""Every field and what it is taken for."""

from __future__ import annotations

from pathlib import Path

import pytest

from carriers.coverage import CLASSES, check_sample, rows
from carriers.errors import CarrierRefusal
from carriers.profile import load_profiles

PAYLOADS = Path(__file__).parents[1] / "payloads"
PROFILES = load_profiles()


def test_every_operation_says_what_becomes_of_the_rest() -> None:
    for profile in PROFILES.values():
        told = {row.operation: row.kind for row in rows(profile) if row.group == "unclassified"}
        assert told == {operation.id: operation.unclassified for operation in profile.operations.values()}


def test_every_row_is_of_a_known_class_and_personal_rows_say_whose() -> None:
    for profile in PROFILES.values():
        for row in rows(profile):
            assert row.group in CLASSES
            assert bool(row.party) == (row.group == "personal")


def test_paths_are_written_as_profiles_write_them() -> None:
    paths = {row.path for row in rows(PROFILES["zto"])}
    assert {"$.senderInfo.senderName", "$.orderItems[].name", "form:data~$.courier"} <= paths
    assert "/ShipmentRequest/Consignee/Contact/PersonName" in {row.path for row in rows(PROFILES["dhl-express"])}
    assert "part:labelMetadata$.labelAddress.firstName" in {row.path for row in rows(PROFILES["usps"])}


def test_a_role_that_a_value_tells_is_named_by_that_value() -> None:
    assert "by contactType" in {row.party for row in rows(PROFILES["sf-express"])}


def test_a_sample_is_judged_leaf_by_leaf() -> None:
    body = (PAYLOADS / "zto" / "create_request.json").read_bytes()
    found = {row.path: row for row in check_sample(PROFILES["zto"].operations["create"], body, "json")}
    assert (found["$.senderInfo.senderName"].group, found["$.senderInfo.senderName"].party) == ("personal", "sender")
    assert found["$.remark"].group == "free_text"
    assert found["$.accountInfo.accountId"].group == "credential"
    assert found["$.partnerOrderCode"].kind == "plain (reference)"


def test_a_leaf_that_no_line_names_is_unclassified() -> None:
    body = b'{"partnerOrderCode": "1", "surprise": {"phone": "13800138000"}}'
    found = {row.path: row.group for row in check_sample(PROFILES["zto"].operations["create"], body, "json")}
    assert found == {"$.partnerOrderCode": "plain", "$.surprise.phone": "unclassified"}


def test_a_document_of_another_sort_is_refused() -> None:
    with pytest.raises(CarrierRefusal):
        check_sample(PROFILES["zto"].operations["create"], b"<a/>", "json")
