"""What values look like."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from carriers import infer_shapes as shape


@pytest.mark.parametrize(
    "text",
    ["13800138000", "+46 70 555 01 23", "0551-62647793", "(212) 555-0100", "17092514673-3481", "0592-5088417转4026"],
)
def test_phones_are_certain_without_a_key(text: str) -> None:
    assert shape.is_certain_phone(text)


@pytest.mark.parametrize(
    "text", ["1596008063000", "2024-03-01", "12.50", "20240301", "364605947787801", "1Z7R04W20390817745", "10.0.0.1"]
)
def test_timestamps_dates_prices_and_waybills_are_no_certain_phones(text: str) -> None:
    assert not shape.is_certain_phone(text)


@pytest.mark.parametrize("text", ["519", "4417", "5550174", "159*****608", "1 520 5550164", "32-42-251736"])
def test_parts_and_starred_phones_may_be_phones_where_the_key_says_so(text: str) -> None:
    assert shape.is_phone(text)


@pytest.mark.parametrize(
    "text",
    [
        "珠江路67号谷阳大厦21层",
        "3100 Elm Tower Drive Suite 240",
        "12 rue des Forges",
        "Hauptstraße 5",
        "ул. Блюхера, 32, кв. 7",
        "神宮前1丁目2番3号",
    ],
)
def test_streets_with_a_number_are_lines(text: str) -> None:
    assert shape.is_street_line(text)


@pytest.mark.parametrize("text", ["浙江省杭州市", "浙江省 杭州市 西湖区", "余杭区"])
def test_places_without_a_door_are_routing(text: str) -> None:
    assert shape.is_han_place(text)


@pytest.mark.parametrize(
    ("text", "company"),
    [
        ("Kontor Hessenweg GmbH", True),
        ("榕树下书店", True),
        ("Oyelaran & Daughters", True),
        ("Octavio Brandt", False),
        ("林徽", False),
    ],
)
def test_firms_are_told_from_people(text: str, company: bool) -> None:
    assert shape.is_company(text) is company


@pytest.mark.parametrize(
    "text",
    [
        "Dr. Aurelio Santangelo",
        "Sönke Petersen-Lühr",
        "Joost van Dijk",
        "诸葛文静",
        "阿依古丽·买买提",
        "Fergus O’Connell",
    ],
)
def test_people_are_known_by_the_look_of_their_names(text: str) -> None:
    assert shape.is_person(text)


@pytest.mark.parametrize("text", ["label_created", "tracker.updated", "senderName", "REF-602868", "piece-shipment"])
def test_words_for_machines_are_identifiers(text: str) -> None:
    assert shape.is_identifier(text)


@pytest.mark.parametrize(
    ("text", "right"), [("11010519491231002X", True), ("110105194912310021", False), ("11010519491331002X", False)]
)
def test_an_identity_number_needs_its_check_digit(text: str, right: bool) -> None:
    assert shape.is_certain_id(text) is right


def test_blobs_and_links_are_opaque() -> None:
    assert all(
        map(
            shape.is_opaque,
            [
                "https://x.example/a",
                "JVBERi0x" * 20,
                "f47af629-16ff-2cb2-9e19-d9f566949515",
                "12.5",
                "2024-03-01T10:00:00Z",
            ],
        )
    )
    assert not shape.is_opaque("To the neighbour, please. " * 5)


@pytest.mark.timeout(20)
@settings(max_examples=80, deadline=None)
@given(
    st.text(max_size=400)
    | st.text("0123456789 -()", max_size=400)
    | st.from_regex(r"([A-Z][a-z]+ ){1,60}", fullmatch=True)
)
def test_no_shape_takes_long_over_any_text(text: str) -> None:
    for name in (
        "is_email",
        "is_opaque",
        "is_phone",
        "is_certain_phone",
        "is_identifier",
        "is_han_place",
        "is_street_line",
        "is_sentence",
        "is_company",
        "is_person",
        "can_be_name",
        "can_be_id",
    ):
        assert getattr(shape, name)(text) in (True, False)
