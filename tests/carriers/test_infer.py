"""What the leaves of an unknown API are, and whose."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from carriers.infer import PERSONAL, Finding, infer, judge_alone, meaning
from carriers.infer_words import words
from masking.personal import Kind, Role
from tests.carriers import unseen_samples


def judged(document: Any) -> dict[str, Finding]:
    return {finding.path: finding for finding in infer(json.dumps(document, ensure_ascii=False).encode(), "json")}


def kinds(document: Any) -> dict[str, str]:
    return {path.removeprefix("$."): finding.kind.value for path, finding in judged(document).items()}


@pytest.mark.parametrize(
    ("key", "promises"),
    [
        ("senderName", "owned"),
        ("StreetName", "street"),
        ("CityName", "place"),
        ("companyName", "company"),
        ("serviceName", "thing"),
        ("addressName", "name"),
        ("firstName", "given"),
        ("contact_person", "person"),
        ("addressType", "code"),
        ("tipoDireccion", "code"),
        ("phoneCountryCode", "code"),
        ("PhoneExtension", "phone"),
        ("taxIdentificationNumber", "identity"),
        ("shipmentIdentificationNumber", "code"),
        ("收件人详细地址", "street"),
        ("shoujianren_dianhua", "phone"),
        ("apiKey", "secret"),
        ("deliveryInstructions", "free"),
        ("receivedBy", "person"),
        ("houseNumber", "street"),
        ("ORDERID", "code"),
    ],
)
def test_the_last_word_of_a_key_rules(key: str, promises: str) -> None:
    assert meaning(words(key)) in (promises, {"person": "role"}.get(promises))


def test_a_bare_name_is_a_persons_only_in_a_partys_block() -> None:
    found = kinds(
        {
            "consignee": {"name": "Ada Quist", "phone": "+4670555012"},
            "service": {"name": "Next Day"},
            "items": [{"name": "Lamp Shade"}],
        }
    )
    assert found == {
        "consignee.name": "name",
        "consignee.phone": "phone",
        "service.name": "plain",
        "items[0].name": "plain",
    }


def test_a_name_beside_a_contact_person_is_the_companys() -> None:
    found = kinds({"shipTo": {"Name": "Brandt Gardens", "AttentionName": "Octavio Brandt", "zip": "53703"}})
    assert (found["shipTo.Name"], found["shipTo.AttentionName"]) == ("company", "name")


def test_an_empty_value_is_nobodys() -> None:
    assert kinds({"receiver": {"name": "", "phone": " "}}) == {"receiver.name": "plain", "receiver.phone": "plain"}


def test_a_value_that_cannot_be_what_its_key_says_is_not() -> None:
    found = kinds(
        {
            "receiver": {
                "phone": "not given",
                "email": "none@",
                "receivedBy": "2024-03-01T10:00:00Z",
                "address": "浙江省杭州市",
            }
        }
    )
    assert set(found.values()) == {"plain"}


def test_a_key_beside_a_value_names_it() -> None:
    document = {"fields": [{"name": "receiver_phone", "value": "0551-62647793"}, {"name": "weight", "value": "2.5"}]}
    found = judged(document)["$.fields[0].value"]
    assert (found.kind, found.party) == (Kind.PHONE, Role.RECIPIENT)
    assert judged(document)["$.fields[1].value"].kind is Kind.PLAIN


def test_a_value_without_a_telling_key_is_known_by_its_shape() -> None:
    found = kinds(
        {
            "consignee": {
                "zip": "10002",
                "q1": "Teresa Bloom",
                "q2": "+1 212 555 0177",
                "q3": "9 Orchard St, Apt 4",
                "q4": "11010519491231002X",
            }
        }
    )
    assert [found[f"consignee.q{n}"] for n in (1, 2, 3, 4)] == ["name", "phone", "address_line", "id"]


@pytest.mark.parametrize(
    ("document", "party"),
    [
        ({"shipFrom": {"phone": "+441144960183"}}, Role.SENDER),
        ({"寄件人": {"电话": "13800138000"}}, Role.SENDER),
        ({"ship_to": {"sender_note": {"phone": "+441144960183"}}}, Role.SENDER),
        ({"orders": [{"driver": {"phone": "+441144960183"}}]}, Role.THIRD_PARTY),
        ({"billTo": {"phone": "+441144960183"}}, Role.THIRD_PARTY),
        ({"delivery_man": {"phone": "+441144960183"}}, Role.THIRD_PARTY),
        ({"pickup_location": {"contact": {"phone": "+441144960183"}}}, Role.SENDER),
        ({"parties": [{"role": "CZ", "address": "1 High Street", "phone": "+441144960183"}]}, Role.SENDER),
        ({"notification": {"phone": "+441144960183"}}, Role.RECIPIENT),
    ],
)
def test_the_nearest_key_says_whose_a_value_is(document: Any, party: Role) -> None:
    phone = next(finding for finding in judged(document).values() if finding.kind is Kind.PHONE)
    assert phone.party is party


def test_numbered_roles_are_believed_only_side_by_side() -> None:
    one = {"contactType": 1, "tel": "13800138000", "address": "湖滨南路9号"}
    two = {"contactType": 2, "tel": "13900139000", "address": "东街口2号"}
    both = judged({"list": [one, two]})
    alone = judged({"list": [one]})
    assert [both[f"$.list[{n}].tel"].party for n in (0, 1)] == [Role.SENDER, Role.RECIPIENT]
    assert alone["$.list[0].tel"].party is Role.RECIPIENT


def test_plain_leaves_belong_to_nobody() -> None:
    assert {finding.party for finding in judged({"receiver": {"city": "Oslo", "zip": "0150"}}).values()} == {None}


def test_apis_that_no_rule_was_made_for_are_read_as_well() -> None:
    counts: Counter[str] = Counter()
    for name in unseen_samples.names():
        body, fmt, truth = unseen_samples.load(name)
        findings = {finding.path: finding for finding in infer(body, fmt)}
        assert set(truth) <= set(findings), name
        named = {path for path, finding in findings.items() if finding.kind in PERSONAL}
        counts.update(wanted=len(truth), found=len(named & set(truth)), named=len(named))
        counts["kind"] += sum(findings[path].kind == kind for path, (kind, _) in truth.items())
        counts["party"] += sum(
            party in ("*", findings[path].party) for path, (_, party) in truth.items() if path in named
        )
    assert counts["found"] >= 0.97 * counts["wanted"]
    assert counts["found"] >= 0.95 * counts["named"]
    assert counts["kind"] >= 0.95 * counts["wanted"]
    assert counts["party"] >= 0.95 * counts["found"]


@settings(max_examples=60, deadline=None)
@given(
    st.dictionaries(
        st.text(max_size=12),
        st.text(max_size=20) | st.integers() | st.floats(allow_nan=False, allow_infinity=False),
        max_size=6,
    )
)
def test_whatever_the_document_says_each_leaf_gets_one_finding(document: dict[str, Any]) -> None:
    findings = infer(json.dumps({"receiver": document}).encode(), "json")
    assert len({finding.path for finding in findings}) == len(findings)
    assert all(
        (finding.party is not None) == (finding.kind in PERSONAL) and 0 < finding.confidence <= 1
        for finding in findings
    )


@pytest.mark.parametrize(
    ("path", "text", "kind", "party"),
    [
        ("$.shipment.consignee.fullName", "Ada Quist", Kind.NAME, Role.RECIPIENT),
        ("form:msgData~$.senderInfo[0].backupPhone", "0551-62647793", Kind.PHONE, Role.SENDER),
        ("/Order/ShipTo/Street", "Hauptstraße 5", Kind.ADDRESS_LINE, Role.RECIPIENT),
        ("$.receiver['postal code']", "10115", Kind.PLAIN, None),
        ("$.items[0].name", "Lamp Shade", Kind.PLAIN, None),
        ("$.receiver.name", "", Kind.PLAIN, None),
    ],
)
def test_a_leaf_that_no_profile_claims_is_judged_alone(path: str, text: str, kind: Kind, party: Role | None) -> None:
    assert judge_alone(path, text) == (kind, party)
