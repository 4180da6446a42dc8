"""A glance at a line that was kept whole never overlooks a door of it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from masking.guard import Guard
from masking.guard_kept import KeptLine, kept_line, may_show
from masking.guard_text import Text
from masking.personal import Kind

LINE = "12 Main Street Apt 4B"


def ready(line: str) -> KeptLine:
    kept = kept_line(line)
    assert kept is not None
    return kept


def test_a_line_where_it_was_kept_shows_no_door() -> None:
    assert not may_show(ready(LINE), Text(f'{{"a":"{LINE}","b":"Main Street"}}'))
    assert not may_show(ready("Rue 12, 3e étage"), Text('<a>Rue 12, 3e étage</a><b country="FR">Rue</b>'))


@pytest.mark.parametrize("beside", ["to APT 4B", "apt-4b", "1 2 MAIN", "Apt\n4B", "Ａｐｔ 4Ｂ", "x 12Main"])
def test_a_piece_of_it_anywhere_else_is_seen(beside: str) -> None:
    assert may_show(ready(LINE), Text(f'{{"a":"{LINE}","b":"{beside}"}}'))


@pytest.mark.parametrize("text", ["z1abq z1ab w", "w1 ab1z qab1z"])
def test_a_door_across_an_edge_of_the_line_is_seen(text: str) -> None:
    line = text[1:] if text[0] == "z" else text[:-1]
    assert may_show(ready(line), Text(text)) and not may_show(ready(line), Text(line))


def test_the_line_in_another_spelling_is_not_the_line_that_was_kept() -> None:
    assert may_show(ready(LINE), Text(LINE.upper()))
    assert not may_show(ready(LINE), Text(LINE))


@pytest.mark.parametrize(
    "line", ["Ｍａｉｎ 12", "Ελαιών 1200", "Main 12 Main Rd", "4B12 Main 4B12", "12 Main Apt 2 Mai", 'The "Oaks" 12']
)
def test_an_unusual_line_is_left_to_a_closer_look(line: str) -> None:
    assert kept_line(line) is None


def test_a_text_whose_small_letters_are_not_its_own_is_looked_at_closely() -> None:
    assert may_show(ready(LINE), Text("\u0130"))


def test_its_repr_tells_nothing() -> None:
    assert repr(ready(LINE)) == "<KeptLine>"


lines = st.text("ab1é", min_size=4, max_size=12)


@settings(max_examples=1000)
@given(lines, st.data())
def test_no_door_outside_the_line_is_overlooked(line: str, data: st.DataObject) -> None:
    kept = kept_line(line)
    if kept is None:
        return
    cuts = st.tuples(st.integers(0, len(line)), st.integers(0, len(line))).map(lambda cut: line[min(cut) : max(cut)])
    text = "".join(data.draw(st.lists(st.one_of(st.just(line), cuts, st.text("ab1", max_size=2)), max_size=5)))
    whole = [at for at in range(len(text)) if text.startswith(line, at)]
    for start in range(len(line)):
        for end in range(start + 4, len(line) + 1):
            door = line[start:end]
            stands = [at for at in range(len(text)) if text.startswith(door, at)]
            inside = [at for at in stands if any(one <= at and at + len(door) <= one + len(line) for one in whole)]
            if not (door.isascii() and door.isalpha()) and stands != inside:
                assert may_show(kept, Text(text)), (line, text, door)


words = st.sampled_from(
    ["12", "1200", "Main", "St", "Apt", "4B", "Floor 3", "Suite 240", "No. 77", "étage", "楼", "1501"]
)


@settings(max_examples=300)
@given(
    st.lists(words, min_size=1, max_size=5).map(" ".join),
    st.lists(st.one_of(words, st.sampled_from(["@", "@", '"', ",", "\n", "-"])), max_size=6),
    st.sampled_from([" ", ", ", '","']),
)
def test_the_gate_finds_the_same_with_and_without_the_glance(line: str, parts: list[str], between: str) -> None:
    text = between.join(line if part == "@" else part for part in parts)
    closely = Guard([], [line])
    closely._needles._doors(Kind.ADDRESS_LINE, line)
    assert Guard([("address_line", line)], [line]).check(text) == closely.check(text)
