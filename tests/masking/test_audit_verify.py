"""Tampering, by every hand the log is meant to show: flip, delete, swap, insert, truncate, roll back, sign anew."""

from __future__ import annotations

import dataclasses
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from masking.audit import MARK, Batch, Chain
from masking.audit_note import Checkpoint
from masking.audit_verify import Fault, Verdict, verify_rows

ORIGIN = "veilway.example/audit"
SIZES = (1, 3, 2, 5, 1, 4)
TOTAL = sum(SIZES)


def log(entries: list[bytes], sizes: tuple[int, ...] = SIZES, origin: str = ORIGIN) -> tuple[list[Batch], list[Chain]]:
    chain, rows, states = Chain.empty(origin), [], [Chain.empty(origin)]
    at = 0
    for size in sizes:
        row, chain = chain.extend(entries[at : at + size])
        at += size
        rows.append(row)
        states.append(chain)
    return rows, states


ENTRIES = [b'{"entry":%d}' % i for i in range(TOTAL)]
ROWS, STATES = log(ENTRIES)
CHECKPOINTS = [Checkpoint.of(STATES[2]), Checkpoint.of(STATES[4]), Checkpoint.of(STATES[-1])]
CHECKED = [held.size for held in CHECKPOINTS]


def verified(rows: list[Batch], checkpoints: list[Checkpoint] | None = None) -> Verdict:
    return verify_rows(rows, origin=ORIGIN, checkpoints=CHECKPOINTS if checkpoints is None else checkpoints)


def with_entries(rows: list[Batch], number: int, entries: list[bytes], count: int | None = None) -> list[Batch]:
    row = replace(rows[number], entries=b"\n".join(entries), count=len(entries) if count is None else count)
    return [*rows[:number], row, *rows[number + 1 :]]


def row_of(seq: int) -> tuple[int, int]:
    number = next(i for i, row in enumerate(ROWS) if row.first_seq <= seq < row.first_seq + row.count)
    return number, seq - ROWS[number].first_seq


def test_an_honest_log_holds() -> None:
    verdict = verified(ROWS)
    assert verdict.ok
    assert (verdict.chain, verdict.covered, verdict.seq) == (STATES[-1], TOTAL, None)
    assert verified(ROWS, []).covered == 0
    assert verified([], []).ok
    assert verified(ROWS, CHECKPOINTS[::-1]).ok
    assert verified(ROWS, [Checkpoint.of(STATES[0])]).covered == 0


@settings(max_examples=100)
@given(st.integers(0, TOTAL - 1), st.data())
def test_a_flipped_byte_is_named_by_its_entry(seq: int, data: st.DataObject) -> None:
    number, place = row_of(seq)
    entries = ROWS[number].entries.split(b"\n")
    at = data.draw(st.integers(0, len(entries[place]) - 1))
    flipped = bytearray(entries[place])
    flipped[at] ^= data.draw(st.integers(1, 255).filter(lambda bits: flipped[at] ^ bits != 0x0A))
    entries[place] = bytes(flipped)
    verdict = verified(with_entries(ROWS, number, entries))
    assert (verdict.fault, verdict.seq) == (Fault.ALTERED, seq)
    assert verified(with_entries(ROWS, number, entries), []).seq == seq


@pytest.mark.parametrize("seq", range(TOTAL))
def test_a_deleted_entry_is_named(seq: int) -> None:
    number, place = row_of(seq)
    entries = ROWS[number].entries.split(b"\n")
    kept = entries[:place] + entries[place + 1 :]
    if not kept:
        verdict = verified(ROWS[:number] + ROWS[number + 1 :])
        assert (verdict.fault, verdict.seq) == (Fault.GAP, seq) if seq < TOTAL - 1 else (Fault.TRUNCATED, seq)
        return
    for count in (len(entries), len(kept)):
        verdict = verified(with_entries(ROWS, number, kept, count))
        assert verdict.fault in {Fault.ALTERED, Fault.COUNT}
        assert verdict.seq == seq


@pytest.mark.parametrize("seq", range(TOTAL))
def test_an_inserted_entry_is_named(seq: int) -> None:
    number, place = row_of(seq)
    entries = ROWS[number].entries.split(b"\n")
    more = [*entries[:place], b'{"entry":"false"}', *entries[place:]]
    for count in (len(entries), len(more)):
        verdict = verified(with_entries(ROWS, number, more, count))
        assert verdict.fault in {Fault.ALTERED, Fault.COUNT}
        assert verdict.seq == seq


@pytest.mark.parametrize("number", [n for n, size in enumerate(SIZES) if size > 1])
def test_swapped_entries_are_named_by_the_first(number: int) -> None:
    entries = ROWS[number].entries.split(b"\n")
    entries[0], entries[-1] = entries[-1], entries[0]
    assert verified(with_entries(ROWS, number, entries)).seq == ROWS[number].first_seq


def test_swapped_doubled_and_missing_rows_are_gaps() -> None:
    swapped = [ROWS[0], ROWS[2], ROWS[1], *ROWS[3:]]
    assert (verified(swapped).fault, verified(swapped).seq) == (Fault.GAP, 1)
    doubled = [*ROWS[:2], ROWS[1], *ROWS[2:]]
    assert (verified(doubled).fault, verified(doubled).seq) == (Fault.GAP, 1)
    missing = [*ROWS[:2], *ROWS[3:]]
    assert (verified(missing).fault, verified(missing).seq) == (Fault.GAP, 4)
    assert verified(ROWS[1:]).seq == 0


def test_rows_renumbered_after_a_removal_still_tell_the_place() -> None:
    at = ROWS[2].first_seq
    rows, seq = list(ROWS[:2]), at
    for row in ROWS[3:]:
        rows.append(replace(row, first_seq=seq))
        seq += row.count
    assert (verified(rows).fault, verified(rows).seq) == (Fault.ALTERED, at)


@pytest.mark.parametrize("keep", range(len(ROWS)))
def test_a_truncated_log_is_shown_by_a_checkpoint_beyond_its_end(keep: int) -> None:
    verdict = verified(ROWS[:keep])
    end = STATES[keep].size
    assert (verdict.fault, verdict.seq) == (Fault.TRUNCATED, end)
    assert verdict.checkpoint == next(size for size in CHECKED if size > end)
    assert verdict.covered == max([size for size in CHECKED if size <= end], default=0)


def test_a_tail_that_no_checkpoint_covers_can_be_cut_and_the_verdict_says_what_is_covered() -> None:
    verdict = verified(ROWS[:-1], CHECKPOINTS[:2])
    assert verdict.ok
    assert verdict.covered == CHECKED[1] < TOTAL


def test_a_log_rolled_back_to_an_old_copy_and_gone_on_is_shown() -> None:
    rows, _ = log([*ENTRIES[:6], *[b"other %d" % i for i in range(TOTAL - 6)]])
    verdict = verified(rows)
    assert (verdict.fault, verdict.checkpoint) == (Fault.REWRITTEN, CHECKED[1])
    assert CHECKED[0] == verdict.seq == verdict.covered


@settings(max_examples=60)
@given(st.integers(0, TOTAL - 1), st.sampled_from([SIZES, (TOTAL,), (1,) * TOTAL]))
def test_a_log_rewritten_with_all_its_links_fails_the_first_checkpoint_after_it(
    seq: int, sizes: tuple[int, ...]
) -> None:
    rows, _ = log([*ENTRIES[:seq], b"false", *ENTRIES[seq + 1 :]], sizes)
    verdict = verified(rows)
    assert verdict.fault is Fault.REWRITTEN
    assert verdict.checkpoint == next(size for size in CHECKED if size > seq)
    assert verified(rows, []).ok  # that is why checkpoints are anchored outside


def test_the_same_entries_in_other_batches_are_the_same_log() -> None:
    rows, states = log(ENTRIES, (TOTAL,))
    assert verified(rows).ok
    assert states[-1] == STATES[-1]


def test_a_checkpoint_of_another_log_is_foreign() -> None:
    _, states = log(ENTRIES, origin="other.example")
    verdict = verified(ROWS, [Checkpoint.of(states[-1])])
    assert verdict.fault is Fault.FOREIGN


@pytest.mark.parametrize("part", ["root", "link"])
def test_a_checkpoint_must_meet_root_and_link(part: str) -> None:
    wrong = dataclasses.replace(CHECKPOINTS[-1], **{part: bytes(32)})
    assert verified(ROWS, [wrong]).fault is Fault.REWRITTEN


@settings(max_examples=80)
@given(st.integers(0, len(ROWS) - 1), st.data())
def test_a_changed_link_is_found(number: int, data: st.DataObject) -> None:
    links = bytearray(ROWS[number].link)
    at = data.draw(st.integers(0, len(links) - 1))
    links[at] ^= data.draw(st.integers(1, 255))
    verdict = verified([*ROWS[:number], replace(ROWS[number], link=bytes(links)), *ROWS[number + 1 :]])
    assert verdict.fault is Fault.ALTERED
    assert verdict.seq == ROWS[number].first_seq + min(at // MARK, ROWS[number].count - 1)


@pytest.mark.parametrize("links", [b"", b"x", ROWS[1].link[:-1], ROWS[1].link + b"x", ROWS[1].link[-32:]])
def test_links_of_another_length_are_found(links: bytes) -> None:
    verdict = verified([ROWS[0], replace(ROWS[1], link=links), *ROWS[2:]])
    assert verdict.fault in {Fault.COUNT, Fault.ALTERED}
    assert verdict.seq is not None
    assert ROWS[1].first_seq <= verdict.seq <= ROWS[2].first_seq


def test_ten_thousand_random_tamperings_are_all_found() -> None:
    dice = random.Random(8)
    assert sum(verified(tampered(dice)).ok for _ in range(10_000)) == 0


def tampered(dice: random.Random) -> list[Batch]:
    """Rows changed by one of the hands above, links rewritten or not."""
    entries = list(ENTRIES)
    seq = dice.randrange(TOTAL)
    match dice.choice(["flip", "delete", "swap", "insert", "truncate"]):
        case "flip":
            entries[seq] = entries[seq][:-1] + b"~"
        case "delete":
            del entries[seq]
        case "swap":
            other = (seq + 1) % TOTAL
            entries[seq], entries[other] = entries[other], entries[seq]
        case "insert":
            entries.insert(seq, b"false")
        case _:
            del entries[seq:]
    if dice.random() < 0.5 and entries:
        return log(entries, (len(entries),))[0]
    out, at = [], 0
    for row in ROWS:
        size = min(row.count, len(entries) - at)
        if size <= 0:
            break
        out.append(replace(row, entries=b"\n".join(entries[at : at + size]), count=dice.choice([size, row.count])))
        at += size
    if at < len(entries):
        last = out[-1]
        out[-1] = replace(last, entries=last.entries + b"\n" + b"\n".join(entries[at:]))
    return out
