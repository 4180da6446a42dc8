"""What of a label nobody can read without eyes: pictures that are no code, pages that say nothing as text, parts that lie elsewhere.

A file that says what it shows as text is taken at its word, its logos included; one that is drawn dot by dot may show anybody. Judges
whether, never what: the caller decides what becomes of such a label.
"""

from __future__ import annotations

from masking.labels.grid import is_one_code
from masking.labels.sinks import Picture, Reading

SPEAKS = 12
"""Letters and digits from which a page says something; a page number alone says nothing."""
_PRINTED = {"html": "html line", "zpl": "zpl field", "tspl": "tspl text"}
"""The sinks whose text stands on the printed page."""


def unread(reading: Reading) -> tuple[str, ...]:
    """The sinks that may show anything, in order; empty where the file is what it says."""
    match reading.format:
        case "png" | "image":
            mute = list(reading.pictures)
        case "pdf":
            mute = [
                page
                for page in reading.pictures
                if not _is_blank(page) and not _says(reading, f"pdf text of {page.sink}")
            ]
        case other:
            mute = [] if _says(reading, _PRINTED.get(other, ""), whole=False) else list(reading.pictures)
    return (*(picture.sink for picture in mute if not is_one_code(picture.image)), *reading.elsewhere)


def _is_blank(page: Picture) -> bool:
    darkest, lightest = page.image.getextrema()
    return darkest == lightest


def _says(reading: Reading, sink: str, *, whole: bool = True) -> bool:
    """Whether something stands as text in `sink`, or in the sinks that begin so."""
    printed = [
        item for item in reading.said if (item.sink == sink if whole else item.sink.startswith(sink)) and not item.code
    ]
    said = "".join(item.text for item in printed if not item.sink.endswith("(comment)"))
    return sum(map(str.isalnum, said)) >= SPEAKS
