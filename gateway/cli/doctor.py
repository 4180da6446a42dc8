"""`veilway doctor`: look this machine and folder over; exit 1 where something would fail, warnings are only told."""

from __future__ import annotations

import sqlite3
import stat
import sys

import click

from gateway.cli import Context
from gateway.cli.shop import json_option

FIXED_SQLITE = (3, 51, 3)


@click.command()
@json_option
@click.pass_obj
def doctor(context: Context, as_json: bool) -> None:
    """Versions, fonts, keys, settings."""
    from gateway.cli.show import emit

    found = [_python(), _sqlite(), _parser(), _font(), _carriers()]
    if context.dir is not None:
        found += _folder(context)
    emit(found, as_json=as_json)
    sys.exit(1 if any(row["state"] == "bad" for row in found) else 0)


def _row(what: str, state: str, note: str) -> dict[str, str]:
    return {"what": what, "state": state, "note": note}


def _python() -> dict[str, str]:
    return _row("python", "ok" if sys.version_info >= (3, 11) else "bad", sys.version.split()[0])


def _sqlite() -> dict[str, str]:
    version = sqlite3.sqlite_version_info
    if version >= FIXED_SQLITE:
        return _row("sqlite", "ok", sqlite3.sqlite_version)
    note = f"{sqlite3.sqlite_version}: before 3.51.3 two connections can corrupt a WAL file; serve opens one only"
    return _row("sqlite", "warning", note)


def _parser() -> dict[str, str]:
    from aiohttp.http_parser import HttpRequestParser

    fast = HttpRequestParser.__module__ == "aiohttp._http_parser"
    return _row(
        "aiohttp", "ok" if fast else "bad", "C parser" if fast else "pure-Python parser: serve refuses to start"
    )


def _font() -> dict[str, str]:
    from masking.labels.fonts import printable

    try:
        printable("张三 Zhang")
    except Exception as error:  # noqa: BLE001 - whatever is wrong with a font is what this verb is to find
        return _row("label font", "bad", type(error).__name__)
    return _row("label font", "ok", "found")


def _carriers() -> dict[str, str]:
    from carriers.profile import load_profiles

    return _row("profiles", "ok", f"{len(load_profiles())} carriers")


def _folder(context: Context) -> list[dict[str, str]]:
    from gateway.keys import KEYS, load_keys
    from gateway.settings import load_settings
    from masking.errors import VeilwayError

    folder, out = context.need_dir(), []
    for what, check in (("settings", load_settings), ("keys", load_keys)):
        try:
            check(folder)
        except VeilwayError as error:
            out.append(_row(what, "bad", f"{error.code}: {error}"))
        else:
            out.append(_row(what, "ok", ""))
    mode = (folder / KEYS).stat().st_mode if (folder / KEYS).exists() else 0
    out.append(_row("keys.json mode", "ok" if stat.S_IMODE(mode) == 0o600 else "warning", oct(stat.S_IMODE(mode))))
    settings = load_settings(folder)
    if settings.relay_sandbox:
        out.append(
            _row("relay_sandbox", "warning", "practice calls are on; set relay_sandbox = false before real parcels")
        )
    return out
