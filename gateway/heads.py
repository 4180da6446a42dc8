"""The head of a message as bytes: a start line and its fields, each in a line of its own. Knows nothing of who speaks.

Whatever would break out of its line, and be read by the other side as a field or a message of its own, is refused.
"""

from __future__ import annotations


class BrokenHead(ValueError):
    """A value would have broken out of its line. Tells no value."""


def head(lines: list[str]) -> bytes:
    """The lines, each ended, and the empty line, in UTF-8. Raises `BrokenHead`."""
    text = "".join(lines)
    if "\r" in text or "\n" in text or "\0" in text:
        raise BrokenHead("a line break or NUL in a message's head")
    try:
        return ("\r\n".join(lines) + "\r\n\r\n").encode()
    except UnicodeEncodeError:
        raise BrokenHead("a message's head is not UTF-8") from None
