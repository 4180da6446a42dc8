"""Where in a TOML file a table or a key stands, for error messages. TOML's reader does not tell; knows brackets and equal signs only."""

from __future__ import annotations

import re

_HEADER = re.compile(r"^\s*(\[\[|\[)\s*([^\]]+?)\s*\]{1,2}\s*(?:#.*)?$")
_STEP = re.compile(r"([\w\-]+)|\[(\d+)\]")
_QUOTED = re.compile(r"`([^`]+)`")


def line_of(text: str, where: str, needle: str = "") -> int:
    """The line of what `where` names (`operation[1].fields`, or a validation message that holds `$.operation[1]`), nearest to `needle`."""
    quoted = _QUOTED.findall(where)
    path = next((word[2:] for word in quoted if word.startswith("$.")), "" if quoted else where)
    if not needle and "unknown field" in where:
        needle = quoted[0]
    lines = text.splitlines()
    start, end = _section(lines, _STEP.findall(path))
    words = [needle] if needle else [name for name, _ in reversed(_STEP.findall(path)) if name]
    for word in words:
        for number in range(start, end):
            if word in lines[number]:
                return number + 1
    return start + 1


def _section(lines: list[str], steps: list[tuple[str, str]]) -> tuple[int, int]:
    """First and last line of the innermost table that `steps` leads to."""
    start, end = 0, len(lines)
    name = ""
    at = 0
    while at < len(steps):
        name = f"{name}.{steps[at][0]}" if name else steps[at][0]
        index = int(steps[at + 1][1]) if at + 1 < len(steps) and steps[at + 1][1] else 0
        at += 2 if at + 1 < len(steps) and steps[at + 1][1] else 1
        found = [number for number in range(start, end) if _header(lines[number]) == name]
        if index < len(found):
            start = found[index]
            end = found[index + 1] if index + 1 < len(found) else _next_other(lines, start, end, name)
    return start, end


def _header(line: str) -> str:
    found = _HEADER.match(line)
    return found[2].replace('"', "") if found else ""


def _next_other(lines: list[str], start: int, end: int, name: str) -> int:
    return next(
        (n for n in range(start + 1, end) if _header(lines[n]) and not _header(lines[n]).startswith(name + ".")), end
    )
