"""Values on a command line: as they stand, `-` for standard input, `@FILE` for a file. Secrets need not be in argv."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path


def read_values(arguments: Iterable[str]) -> Iterator[str]:
    """One value an argument; `-` and `@FILE` give one value a line. Bytes that are not UTF-8 become U+FFFD."""
    for argument in arguments:
        if argument == "-":
            raw = sys.stdin.buffer
            for line in raw:
                yield line.decode("utf-8", "replace").rstrip("\r\n")
        elif argument.startswith("@") and len(argument) > 1:
            with Path(argument[1:]).open("rb") as file:
                for line in file:
                    yield line.decode("utf-8", "replace").rstrip("\r\n")
        else:
            yield argument


def read_value(argument: str) -> str:
    """A single value: the argument, or the first line of standard input (`-`) or of a file (`@FILE`)."""
    return next(read_values([argument]), "")


def read_text(argument: str) -> str:
    """A whole text: standard input (`-`), or a file by its name, with `@` before it or without. Raises a usage error where it cannot be read."""
    import click

    try:
        raw = sys.stdin.buffer.read() if argument == "-" else Path(argument.removeprefix("@")).read_bytes()
        return raw.decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise click.UsageError(f"{argument}: cannot be read as text ({type(error).__name__})") from None
