"""The command line run in this process, as a shell would: arguments in; exit code, stdout and stderr out."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gateway.cli import main


@dataclass(frozen=True)
class Done:
    """What a shell sees of a verb that ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@contextmanager
def _stdin(text: str | None) -> Iterator[None]:
    kept = sys.stdin
    sys.stdin = io.TextIOWrapper(io.BytesIO((text or "").encode()))
    try:
        yield
    finally:
        sys.stdin = kept


def veilway(*words: str, folder: Path | None = None, stdin: str | None = None) -> Done:
    """Run one verb to its end."""
    out, err = io.StringIO(), io.StringIO()
    arguments = [*(["--dir", str(folder)] if folder else []), *words]
    with _stdin(stdin), redirect_stdout(out), redirect_stderr(err):
        try:
            main(arguments)
            code: Any = 0
        except SystemExit as stop:
            code = stop.code or 0
    return Done(int(code), out.getvalue(), err.getvalue())
