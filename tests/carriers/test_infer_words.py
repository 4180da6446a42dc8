"""Keys cut into words, words into concepts."""

from __future__ import annotations

import pytest

from carriers import infer_words
from carriers.infer_words import concepts, fold, forgetting, words


@pytest.mark.parametrize(
    ("key", "cut"),
    [
        ("shipToPostalCode", ("shipto", "postalcode")),
        ("ship-to_postal.code", ("shipto", "postalcode")),
        ("SHIPTOPOSTALCODE", ("shipto", "postalcode")),
        ("receivername", ("receiver", "name")),
        ("EMailAddress", ("emailaddress",)),
        ("e-mail", ("email",)),
        ("addressLine2", ("addressline",)),
        ("ConsigneeEIN", ("consignee", "ein")),
        ("收件人联系电话", ("收件人", "联系电话")),
        ("shoujianrenxingming", ("shoujianren", "xingming")),
        ("UserName", ("username",)),
        ("orderid", ("order", "id")),
        ("Prénom", ("prenom",)),
        ("xyzzy", ("xyzzy",)),
        ("", ()),
    ],
)
def test_a_key_is_cut_into_words(key: str, cut: tuple[str, ...]) -> None:
    assert words(key) == cut


def test_folding_ignores_accents_case_and_width() -> None:
    assert [fold(text) for text in ("Straße", "Ｎａｍｅ", "Złoty", "Adresse électronique")] == [
        "strasse",
        "name",
        "zloty",
        "adresse electronique",
    ]


def test_a_word_may_stand_for_several_things_and_an_unknown_one_for_none() -> None:
    assert {"person", "recipient"} <= concepts("signatory")
    assert concepts("frobnicate") == frozenset()


def test_forgetting_ends_with_the_block() -> None:
    before = concepts("fax")
    with forgetting(["fax"]):
        assert (concepts("fax"), words("FaxNumber")) == (frozenset(), ("fax", "number"))
    assert concepts("fax") == before


def test_no_carrier_is_named_in_the_vocabulary() -> None:
    from carriers.infer_words import CONCEPTS
    from carriers.profile import BUILT_IN

    brands = {file.stem for file in BUILT_IN.glob("*.toml")} | {
        "fedex",
        "ups",
        "dhl",
        "usps",
        "zto",
        "yto",
        "sto",
        "jd",
        "ems",
        "gls",
    }
    assert brands & set(CONCEPTS) == {"landmark"}  # what an Indian address line calls a place nearby


def test_the_keys_of_strangers_do_not_grow_memory() -> None:
    for number in range(10_000):
        words(f"key{number}" + "x" * 10_000)
    held = infer_words._words.cache_info()
    assert held.currsize == held.maxsize and held.maxsize is not None and held.maxsize <= 4096
    assert sum(map(len, words("x" * 100_000))) <= infer_words.LONGEST_KEY
