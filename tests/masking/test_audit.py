"""The audit log's values: canonical entries, the chain, the frontier."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from hashlib import sha256
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from masking.audit import (
    MAX_ENTRY,
    AuditError,
    Chain,
    entry,
    first_link,
    fold,
    leaf_hash,
    next_link,
    node_hash,
    prewritten,
    reference,
)
from masking.audit_proof import tree_root

GOLDEN = json.loads((Path(__file__).parents[1] / "golden" / "audit_v1.json").read_text("utf-8"))
NOW = datetime(2026, 11, 25, 8, tzinfo=UTC)
ORIGIN = "veilway.example/audit"


def made(**changed: Any) -> bytes:
    told: dict[str, Any] = {"at": NOW, "tenant": "t", "actor": "a", "subject": "s", "detail": {}}
    return entry("tag", **{**told, **changed})


def rfc8785(value: Any) -> str:
    """RFC 8785 by its own words: an independent writer to compare with."""
    if value is None or isinstance(value, bool | int):
        return json.dumps(value)
    if isinstance(value, str):
        return '"' + "".join(map(_escaped, value)) + '"'
    if isinstance(value, list):
        return "[" + ",".join(map(rfc8785, value)) + "]"
    ordered = sorted(value.items(), key=lambda item: item[0].encode("utf-16-be"))
    return "{" + ",".join(f"{rfc8785(key)}:{rfc8785(item)}" for key, item in ordered) + "}"


def _escaped(sign: str) -> str:
    short = {'"': '\\"', "\\": "\\\\", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
    return short.get(sign) or (f"\\u{ord(sign):04x}" if sign < " " else sign)


texts = st.text(st.characters(codec="utf-8"), max_size=12)
keys = st.text(st.characters(max_codepoint=127), max_size=6)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3),
    max_leaves=12,
)


@settings(max_examples=150)
@given(st.dictionaries(keys, values, max_size=5), texts, texts)
def test_an_entry_is_canonical_json(detail: dict[str, Any], actor: str, subject: str) -> None:
    written = made(detail=detail, actor=actor, subject=subject)
    told = json.loads(written)
    assert told["detail"] == detail
    assert written.decode() == rfc8785(told)
    assert b"\n" not in written


def test_every_character_that_json_escapes_is_escaped_as_the_rfc_says() -> None:
    every = "".join(map(chr, range(0x80))) + "\u2028\u2029é€𝄞\ufffd"
    assert (
        made(detail={"x": every})
        .decode()
        .endswith(rfc8785({"x": every}) + ',"subject":"s","tag":"tag","tenant":"t","v":1}')
    )


def test_entries_leaves_links_and_rows_of_the_first_release_never_change() -> None:
    entries = [text.encode() for text in GOLDEN["entries"]]
    assert [rfc8785(json.loads(text)) for text in entries] == GOLDEN["entries"]
    assert [leaf_hash(text).hex() for text in entries] == GOLDEN["leaves"]
    first, chain = Chain.empty(GOLDEN["origin"]).extend(entries[:2])
    second, chain = chain.extend(entries[2:])
    for row, told in zip((first, second), GOLDEN["rows"], strict=True):
        assert (row.first_seq, row.count, row.entries.decode(), row.link.hex()) == tuple(told.values())
    assert (chain.root().hex(), chain.link.hex()) == (GOLDEN["root"], GOLDEN["link"])
    told = GOLDEN["reference"]
    assert reference(bytes.fromhex(told["key"]), told["value"]) == told["reference"]


def test_the_hashes_are_what_the_docstring_says() -> None:
    leaf = sha256(b"\x00" + b"e").digest()
    assert leaf_hash(b"e") == leaf
    assert node_hash(leaf, leaf) == sha256(b"\x01" + leaf + leaf).digest()
    assert first_link("o") == sha256(b"\x03o").digest()
    assert next_link(first_link("o"), leaf) == sha256(b"\x02" + first_link("o") + leaf).digest()


def test_a_time_is_told_in_utc_with_microseconds() -> None:
    east = datetime(2026, 11, 25, 16, tzinfo=timezone(timedelta(hours=8)))
    assert made(at=east) == made(at=NOW)
    assert b'"at":"2026-11-25T08:00:00.000000Z"' in made()


@given(
    st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=-9, minutes=30)), ZoneInfo("Asia/Shanghai")]))
)
@example(datetime(2026, 11, 25, 8, 0, 0, 10, tzinfo=UTC))
@example(datetime(7, 1, 1, tzinfo=UTC))
def test_every_moment_is_told_in_one_form(at: datetime) -> None:
    try:
        utc = at.astimezone(UTC)
    except OverflowError:
        return  # the first and the last day of all dates have no such moment in UTC
    told = json.loads(made(at=at))["at"]
    assert told == f"{utc.replace(tzinfo=None).isoformat(timespec='microseconds')}Z"


@pytest.mark.parametrize(
    "detail",
    [
        {"x": 1.0},
        {"x": float("nan")},
        {"x": [1, {"y": 0.5}]},
        {"x": 2**53},
        {"x": -(2**53)},
        {"x": b"bytes"},
        {"x": NOW},
        {"x": {1: 2}},
        {"é": 1},
        {"x": {"é": 1}},
        {"x": {1, 2}},
        {"x": object()},
        {"x": ["\ud800"]},
        {"x": "y" * MAX_ENTRY},
    ],
    ids=lambda detail: ascii(detail)[:24],
)
def test_what_canonical_json_cannot_tell_is_refused(detail: dict[str, Any]) -> None:
    with pytest.raises(AuditError) as refused:
        made(detail=detail)
    assert refused.value.code == "audit_entry_invalid"


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(AuditError):
        made(at=datetime(2026, 11, 25))


def test_the_largest_exact_integers_are_told() -> None:
    assert b"9007199254740991" in made(detail={"x": 2**53 - 1})
    assert b"-9007199254740991" in made(detail={"x": -(2**53) + 1})


@settings(max_examples=40)
@given(
    st.lists(
        st.lists(st.binary(min_size=1, max_size=8).filter(lambda e: b"\n" not in e), min_size=1, max_size=6), max_size=6
    )
)
def test_batches_give_the_same_chain_as_single_entries(batches: list[list[bytes]]) -> None:
    chain = alone = Chain.empty(ORIGIN)
    for batch in batches:
        row, chain = chain.extend(batch)
        assert row.entries.split(b"\n") == batch
        for written in batch:
            _, alone = alone.extend([written])
    assert chain == alone
    assert chain.root() == tree_root([leaf_hash(written) for batch in batches for written in batch])
    assert len(chain.frontier) == chain.size.bit_count()


def test_a_row_keeps_a_mark_for_each_entry_and_the_last_link_whole() -> None:
    link, marks = first_link(ORIGIN), b""
    for written in (b"a", b"b", b"c"):
        link = next_link(link, leaf_hash(written))
        marks += link[:4]
    row, chain = Chain.empty(ORIGIN).extend([b"a", b"b", b"c"])
    assert row.link == marks[:8] + link
    assert chain.link == link


def test_extending_leaves_the_old_chain_as_it_was() -> None:
    _, chain = Chain.empty(ORIGIN).extend([b"a", b"b", b"c"])
    before = (chain.size, chain.link, chain.frontier)
    chain.extend([b"d"])
    assert (chain.size, chain.link, chain.frontier) == before


@pytest.mark.parametrize("entries", [[], [b"a\nb"], [b"a", b"\n"]], ids=str)
def test_a_batch_without_entries_or_with_a_line_feed_in_one_is_refused(entries: list[bytes]) -> None:
    with pytest.raises(AuditError):
        Chain.empty(ORIGIN).extend(entries)


def test_two_logs_of_the_same_entries_differ_by_their_origin() -> None:
    one, other = (Chain.empty(origin).extend([b"a"])[1] for origin in ("a.example", "b.example"))
    assert one.root() == other.root()
    assert one.link != other.link


@pytest.mark.parametrize("origin", ["", "a b", "a\nb", "a+b"], ids=repr)
def test_an_origin_that_a_note_could_not_hold_is_refused(origin: str) -> None:
    with pytest.raises(AuditError):
        Chain.empty(origin)


def test_a_chain_is_kept_and_taken_up_again() -> None:
    chain = Chain.empty(ORIGIN)
    for i in range(70):
        assert Chain.from_bytes(ORIGIN, chain.to_bytes()) == chain
        _, chain = chain.extend([b"%d" % i])


@pytest.mark.parametrize("cut", [0, 1, 39, 71, 73])
def test_a_kept_chain_of_the_wrong_length_is_refused(cut: int) -> None:
    held = Chain.empty(ORIGIN).extend([b"a"])[1].to_bytes() + b"x"
    with pytest.raises(AuditError):
        Chain.from_bytes(ORIGIN, held[:cut])


def test_an_empty_tree_has_the_hash_of_nothing() -> None:
    assert Chain.empty(ORIGIN).root() == fold([]) == tree_root([]) == sha256(b"").digest()


def test_a_reference_is_keyed() -> None:
    assert reference(bytes(32), "x") == reference(bytes(32), "x")
    assert len({reference(bytes(32), "x"), reference(b"1" * 32, "x"), reference(bytes(32), "y")}) == 3
    assert len(reference(bytes(32), "x")) == 26


def test_repr_tells_state_and_no_hash() -> None:
    assert repr(Chain.empty(ORIGIN)) == "<Chain veilway.example/audit size=0>"


def test_a_part_written_once_stands_in_an_entry_as_if_written_there() -> None:
    detail = {"shown": {"masked": ["a", "b"], "full": ["姓"]}, "rules": ["r2", "r1"], "n": 1, "refused": {}}
    kept = {
        "shown": prewritten(detail["shown"]),
        "rules": prewritten(detail["rules"]),
        "n": 1,
        "refused": prewritten({}),
    }
    said = {"at": datetime(2026, 11, 25, 12, 0, 0, 1, tzinfo=UTC), "tenant": "t", "actor": "a", "subject": "s"}
    assert entry("x", **said, detail=kept) == entry("x", **said, detail=detail)  # type: ignore[arg-type]


@pytest.mark.parametrize("wrong", [{"x": 1.5}, [{"é": 1}], 2**53, object()])
def test_a_part_is_held_to_what_an_entry_is(wrong: object) -> None:
    with pytest.raises(AuditError):
        prewritten(wrong)
