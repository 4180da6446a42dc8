"""An address line that was kept whole: whether a door of it can stand anywhere but in the line itself. Knows one line and one text; masks nothing.

Which part of a line is its door takes a tenth of a millisecond to tell, which the gate has not. Nearly always the line stands in the text where
it was kept, and nothing of it anywhere else: then no door can be a hit, whichever it is.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from masking.guard_text import Text, squeeze, usual

DOOR = 4
"""Characters from which a door part is looked for."""
_PIECES = re.compile(rb"(?s)(?=(?![a-z]{%d})(.{%d}))" % (DOOR, DOOR))
"""Every piece of a squeezed line that is as long as the shortest door and no mere letters: each door has one."""


class KeptLine(NamedTuple):
    """A line made ready for a glance."""

    line: str
    edges: str
    """What is left where the line is cut out: enough for a piece that reaches across an edge, and a sign between that no door has."""
    pieces: list[bytes]

    def __repr__(self) -> str:
        return "<KeptLine>"


def kept_line(line: str) -> KeptLine | None:
    """None where a glance would not do: in an unusual spelling, or where the line's beginning or end stands in it twice.

    A door could reach further than an edge into the line only where it shares more than that edge with it.
    """
    if not usual(line) or '"' in line:
        return None
    held = squeeze(line)
    if held.find(held[:DOOR], 1) >= 0 or held[:-1].find(held[-DOOR:]) >= 0:
        return None
    spelt, edge = held.decode("utf-8", "surrogatepass"), DOOR - 1
    return KeptLine(line, f'{spelt[:edge]}"{spelt[-edge:]}', _PIECES.findall(held))


def may_show(kept: KeptLine, form: Text) -> bool:
    """Whether any piece of a door stands in the text beside the line."""
    if not form.folds():
        return True
    text = form.squeezed
    if kept.line in form.text:
        text = squeeze(form.text.replace(kept.line, kept.edges))
    return any(text.find(piece) >= 0 for piece in kept.pieces)
