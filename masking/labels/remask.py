"""A carrier's own label, with the people on it masked and every barcode as it was. ZPL, PDF and HTML text is rewritten; what cannot be
read is covered by boxes that a template names, or refused.

Afterwards the result is read as a stranger would: a value that is still there, or a code that says something else, is a
refusal. Knows no carrier: which kinds stay plain (`keep`) is the caller's word.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from masking.labels.errors import LabelRefused
from masking.labels.grid import codes_in
from masking.labels.lint import Plain, personal_sinks
from masking.labels.remask_text import Remasker
from masking.labels.sinks import Reading, format_of, read
from masking.personal import MaskedParty, Party


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle of a carrier's label to be made white, in mm from the top left corner."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True, repr=False)
class Remasked:
    """The label to print, and how many texts were changed."""

    data: bytes
    changed: int

    def __repr__(self) -> str:
        return f"<Remasked {len(self.data)} bytes changed={self.changed}>"


@dataclass(frozen=True, slots=True)
class Cover:
    """What may be done about pictures: boxes to make white, and pictures known to be logos (SHA-256, hex)."""

    boxes: tuple[Box, ...] = ()
    trusted: frozenset[str] = frozenset()
    dpi: int = 203
    """Of a ZPL label, which does not say it."""

    def refuse_unknown(self, picture: bytes, code: bool, where: str) -> None:
        """Raise (`picture_unreadable`) for a picture that is neither a code nor trusted nor under a box."""
        mark = hashlib.sha256(picture).hexdigest()
        if not code and not self.boxes and mark not in self.trusted:
            message = f"A picture may hold anything. Name boxes to cover, or trust the picture {mark} if it is a logo."
            raise LabelRefused(message, code="picture_unreadable", path=where)


def remask(
    data: bytes,
    parties: Sequence[Party] = (),
    masked: Sequence[MaskedParty] | None = None,
    *,
    keep: Collection[str] = (),
    cover: Cover | None = None,
) -> Remasked:
    """Mask these people on a label. Raises `LabelRefused` where that cannot be done completely."""
    from masking.labels.html import rewrite
    from masking.labels.remask_pdf import remask_pdf
    from masking.labels.remask_picture import remask_picture
    from masking.labels.remask_zpl import remask_zpl

    cover = cover or Cover()
    before = read(data)
    contents = code_contents(before)
    replace = Remasker(parties, masked, keep=keep, codes=contents)
    match format_of(data):
        case "zpl":
            done = remask_zpl(data, replace, cover)
        case "pdf":
            done = remask_pdf(data, replace, cover)
        case "html":
            done = Remasked(*rewrite(data, replace))
        case "png" | "image":
            done = remask_picture(data, cover)
        case _:
            raise LabelRefused("Only ZPL, PDF, HTML and pictures can be masked afterwards.", code="file_unreadable")
    after = read(done.data)
    _confirm(after, contents, Plain(parties, keep=keep))
    if not parties and (sinks := personal_sinks(after)):
        raise LabelRefused("The label would still show something personal.", code="value_left", path=sinks[0])
    return done


def code_contents(reading: Reading) -> Counter[str]:
    """What the codes of a label say, and how often."""
    seen = Counter(item.text for item in reading.said if item.code)
    for picture in reading.pictures:
        seen.update(code.text for code in codes_in(picture.image, on_grid=picture.on_grid) if code.text)
    return seen


def _confirm(after: Reading, contents: Counter[str], leftover: Plain) -> None:
    if code_contents(after) != contents:
        raise LabelRefused("A code would no longer say the same.", code="code_changed")
    for item in after.said:
        if hits := leftover.guard.check(item.text):
            where = "code_holds_personal" if item.code else "value_left"
            raise LabelRefused(f"The label would still show a {hits[0].kind}.", code=where, path=item.sink)
    for text in contents:
        if hits := leftover.guard.check(text):
            raise LabelRefused(f"A code holds a {hits[0].kind} in clear.", code="code_holds_personal", path="code")
