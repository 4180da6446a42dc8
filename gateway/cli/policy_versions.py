"""`veilway policy history | apply | rollback | approve | export`: the versions of the policy, each kept whole, and who changed it and why."""

from __future__ import annotations

from typing import Any

import click

from gateway.cli import Context
from gateway.cli.shop import _emit, json_option
from gateway.cli.values import read_text

_WHY = click.option("--reason", default="", help="Why; needed where the change shows somebody more. No personal data.")


@click.command()
@json_option
@click.pass_obj
def history(context: Context, as_json: bool) -> None:
    """Every version: who, when, why, whether it opened anything, and which one is in force."""
    _emit(context, "policy.history", as_json)


@click.command()
@click.argument("file")
@_WHY
@json_option
@click.pass_obj
def apply(context: Context, file: str, reason: str, as_json: bool) -> None:
    """Put FILE (or `-`) in force on every process, within a second. `policy diff` tells first who would see more."""
    _emit(context, "policy.apply", as_json, source=read_text(file), why=reason)


@click.command()
@click.argument("version", type=int)
@_WHY
@json_option
@click.pass_obj
def rollback(context: Context, version: int, reason: str, as_json: bool) -> None:
    """Put an earlier VERSION in force again, as a new version; what was in between stays on record."""
    _emit(context, "policy.rollback", as_json, version=version, why=reason)


@click.command()
@click.argument("version", type=int)
@json_option
@click.pass_obj
def approve(context: Context, version: int, as_json: bool) -> None:
    """Approve the VERSION that waits for a second person (setting `policy_two_persons`); never one's own."""
    _emit(context, "policy.approve", as_json, version=version)


@click.command()
@click.argument("version", type=int, required=False)
@click.pass_obj
def export(context: Context, version: int | None) -> None:
    """The whole text of a VERSION, or of the policy in force: a file that `policy apply` takes."""
    click.echo(version_source(context, version), nl=False)


VERBS = (history, apply, rollback, approve, export)


def version_source(context: Context, version: int | None) -> str:
    """The text of a version of the folder's policy; of the one in force where None."""
    from gateway.cli import remote

    return str(remote.run(context.need_dir(), "policy.version", version=version)["source"])


def decisions(context: Context, wanted: int) -> list[dict[str, Any]]:
    """The last decisions on record, oldest first, at most so many."""
    from gateway.cli import remote

    found: list[dict[str, Any]] = []
    before: int | None = 0
    while before is not None and len(found) < wanted:
        page = remote.run(context.need_dir(), "policy.decisions", before=before, limit=wanted - len(found))
        found += page["decisions"]
        before = page["next"]
    return found[::-1]
