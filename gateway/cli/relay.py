"""`veilway relay route`: the decision on a call, without a call. A disclosure like any other: audited with the local user."""

from __future__ import annotations

import sys

import click

from gateway.cli import Context
from gateway.cli.shop import json_option


@click.group()
def relay() -> None:
    """Decide a call without placing it."""


@relay.command()
@click.option("--caller", required=True, help="The caller's number (or - or @FILE).")
@click.option("--called", required=True, help="The relay number X.")
@click.option("--ext", default="", help="The extension, where one was dialled.")
@click.option("--reveal", is_flag=True, help="Show the real number on a terminal, too.")
@json_option
@click.pass_obj
def route(context: Context, caller: str, called: str, ext: str, reveal: bool, as_json: bool) -> None:
    """Who would be rung: action, callee, display, reason."""
    from gateway.cli import remote
    from gateway.cli.show import emit
    from gateway.cli.values import read_value

    answer = remote.run(
        context.need_dir(),
        "relay.route",
        caller=read_value(caller),
        called=read_value(called),
        ext=read_value(ext) if ext else "",
    )
    if answer["callee"] and sys.stdout.isatty() and not reveal:
        answer["callee"] = "hidden; --reveal shows it"
    emit(answer, as_json=as_json)
    # A refused call is an answer, not a failure of the verb.
