"""The laws that hold for every masker: idempotent, blind to spelling, silent about what it hides, quick on hostile texts."""

from __future__ import annotations

import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from masking.party import mask_party
from masking.personal import Party, PostalAddress
from masking.reasons import REASONS
from tests.masking.maskers import MASKERS, PIECES, Vector, disguises, masker, texts, vectors

KINDS = sorted(MASKERS)
WITHOUT_SPELLING = [kind for kind in KINDS if kind != "text"]  # free text keeps what it does not hide, as it is
HOSTILE_MS = 5
PATIENCE = 8  # a busy test machine; a quadratic rule is hundreds of times slower


@pytest.mark.parametrize("vector", list(vectors()), ids=lambda vector: vector.id)
def test_vectors_hold(vector: Vector) -> None:
    assert masker(vector.kind)(vector.given).text == vector.expected


@pytest.mark.parametrize("vector", list(vectors()), ids=lambda vector: vector.id)
def test_vectors_masked_again_stay(vector: Vector) -> None:
    assert masker(vector.kind)(vector.expected).text == vector.expected


@pytest.mark.parametrize(
    "vector", [v for v in vectors() if not v.kind.startswith("text")], ids=lambda vector: vector.id
)
def test_vectors_hold_in_every_spelling(vector: Vector) -> None:
    for spelling in disguises(vector.given):
        assert masker(vector.kind)(spelling).text == vector.expected, ascii(spelling)


def test_every_reason_has_a_vector_and_sentences() -> None:
    seen = {masker(vector.kind)(vector.given).reason for vector in vectors()}
    unshown = {"empty", "relay_in_clear", "plain_under_full_scope", "text_crowded"}
    assert seen | unshown == set(REASONS)
    assert not seen & unshown


def stays_masked(kind: str, text: str) -> None:
    once = MASKERS[kind](text).text
    assert MASKERS[kind](once).text == once


def reads_every_spelling(kind: str, text: str) -> None:
    expected = MASKERS[kind](text).text
    assert [MASKERS[kind](spelling).text for spelling in disguises(text)] == [expected] * len(disguises(text))


@pytest.mark.parametrize("kind", KINDS)
@given(text=texts)
@example(text="一/AA先生")
@settings(max_examples=60, deadline=None)
def test_masking_twice_is_masking_once(kind: str, text: str) -> None:
    stays_masked(kind, text)


@pytest.mark.parametrize("kind", WITHOUT_SPELLING)
@given(text=texts)
@settings(max_examples=40, deadline=None)
def test_spellings_of_one_value_give_one_output(kind: str, text: str) -> None:
    reads_every_spelling(kind, text)


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("kind", KINDS)
@given(text=texts)
@settings(max_examples=4000, deadline=None)
def test_masking_twice_is_masking_once_at_length(kind: str, text: str) -> None:
    stays_masked(kind, text)
    if kind != "text":
        reads_every_spelling(kind, text)


@pytest.mark.parametrize("kind", KINDS)
@given(blank=st.sampled_from(["", " ", "\t\n", "\u3000"]))
def test_nothing_gives_nothing(kind: str, blank: str) -> None:
    masked = MASKERS[kind](blank)
    assert masked.text.strip() == ""
    assert masked.reason in ("empty", "text_clean")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "piece", [*PIECES, "1 ", "路1", "12 A ", "a@a.", "(", "村12-", "\u0301", "\ufdfa", "unit ", "一", "1-", "st "]
)
def test_ten_hostile_kilobytes_are_done_in_milliseconds(kind: str, piece: str) -> None:
    text = piece * (10_240 // len(piece.encode()) or 1)
    spent = []
    for _ in range(2):
        start = time.perf_counter()
        MASKERS[kind](text)
        spent.append(time.perf_counter() - start)
    assert min(spent) * 1000 < HOSTILE_MS * PATIENCE


@given(
    name=st.text("张三李四王欧阳娜", min_size=2, max_size=4),
    phone=st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True),
    street=texts,
)
@example(name="张三", phone="13812345678", street="深圳大学张三 13812345678")
@settings(max_examples=60, deadline=None)
def test_no_field_shows_another(name: str, phone: str, street: str) -> None:
    given_street = f"{street}{name}{phone}"
    masked = mask_party(
        Party(name=name, phone=phone, email=f"{phone}@qq.com", address=PostalAddress(street=given_street))
    )
    for shown in (masked.name, masked.phone, masked.email, masked.address.street):
        assert phone not in shown
        assert name not in shown
