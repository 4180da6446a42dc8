"""How verbs show data: JSON for machines, a table for people; always on stdout."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from typing import Any

import click


def emit(data: Any, *, as_json: bool) -> None:
    """Print a mapping or a list of mappings. A mapping that nobody looks at (a pipe, a script) is JSON without being asked."""
    if as_json or (isinstance(data, Mapping) and not sys.stdout.isatty()):
        click.echo(json.dumps(data, ensure_ascii=False))
    elif isinstance(data, Mapping):
        width = max((len(str(name)) for name in data), default=0)
        for name, value in data.items():
            click.echo(f"{name!s:<{width}}  {_cell(value)}")
    elif isinstance(data, Sequence) and not isinstance(data, str):
        _table(data)
    else:
        click.echo(_cell(data))


def _table(rows: Sequence[Any]) -> None:
    if not rows:
        click.echo("nothing yet", err=True)
        return
    names = list(rows[0])
    cells = [[_cell(row.get(name)) for name in names] for row in rows]
    widths = [max(len(name), *(len(row[i]) for row in cells)) for i, name in enumerate(names)]
    click.echo("  ".join(f"{name:<{widths[i]}}" for i, name in enumerate(names)).rstrip())
    for row in cells:
        click.echo("  ".join(f"{cell:<{widths[i]}}" for i, cell in enumerate(row)).rstrip())


def _cell(value: Any) -> str:
    if value is None or value == "":
        return "-"
    if isinstance(value, Mapping | list | tuple):
        return json.dumps(value, ensure_ascii=False)
    return str(value)
