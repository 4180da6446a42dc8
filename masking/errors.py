"""The root of every error that Veilway raises on purpose. Knows codes and field paths; never holds a personal value.

Each package has a small tree of its own below `VeilwayError`; `gateway/http/problems.py` turns a code into a status, and
`docs/errors.md` has a paragraph for each code.
"""

from __future__ import annotations


class VeilwayError(Exception):
    """An error with a stable `code` (kebab or snake words), a message for people, and where it stands (`path`).

    The message says what, where and what to do. It never quotes the offending value: kind, path and length are enough.
    """

    code = "internal"

    def __init__(self, message: str, *, code: str | None = None, path: str | None = None) -> None:
        super().__init__(message)
        if code is not None:
            self.code = code
        self.path = path
