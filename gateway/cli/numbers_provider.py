"""`veilway numbers provider | pushes | retry | reconcile`: accounts that bindings are pushed to, what they were told, what they hold."""

from __future__ import annotations

import sys
from typing import Any

import click

from gateway.cli import Context
from gateway.cli.shop import _emit, json_option


@click.group()
def provider() -> None:
    """Accounts with providers that bindings are pushed to: add, list, use, suspend, remove."""


@provider.command()
@click.argument("name")
@click.option("--kind", type=click.Choice(["alibaba", "huawei"]), required=True)
@click.option(
    "--endpoint", default=None, help="https://HOST; plain http for loopback only. Default is the provider's own."
)
@click.option("--rate", type=click.IntRange(1, 5000), default=None, help="Requests a second; default 50.")
@click.option(
    "--secret",
    "secrets",
    multiple=True,
    metavar="NAME=VALUE",
    help="VALUE may be - or @FILE. alibaba: access_key, access_secret, pool_key; huawei: app_key, app_secret.",
)
@json_option
@click.pass_obj
def add(
    context: Context, name: str, kind: str, endpoint: str | None, rate: int | None, secrets: tuple[str, ...], as_json: bool
) -> None:  # fmt: skip
    """Add an account NAME, or change its endpoint, rate and secrets."""
    from gateway.cli.values import read_value

    given = {}
    for pair in secrets:
        key, found, value = pair.partition("=")
        if not found or not key:
            raise click.UsageError("--secret takes NAME=VALUE")
        given[key] = read_value(value)
    _emit(context, "numbers.provider.add", as_json, name=name, kind=kind, endpoint=endpoint, rate=rate, secrets=given)


@provider.command(name="list")
@json_option
@click.pass_obj
def list_(context: Context, as_json: bool) -> None:
    """Every account: the pools it carries (1 is pushed to first), the bindings it holds, and how it does."""
    _emit(context, "numbers.provider.list", as_json)


@provider.command()
@click.argument("pool")
@click.argument("account", nargs=-1)
@json_option
@click.pass_obj
def use(context: Context, pool: str, account: tuple[str, ...], as_json: bool) -> None:
    """Push POOL's bindings to ACCOUNT, and to the next one named when it fails. Without ACCOUNT nothing new is pushed."""
    _emit(context, "numbers.provider.use", as_json, pool=pool, accounts=account)


@provider.command()
@click.argument("name")
@click.option("--lift", is_flag=True, help="Take it into use again.")
@json_option
@click.pass_obj
def suspend(context: Context, name: str, lift: bool, as_json: bool) -> None:
    """Push nothing new to NAME, and what it carries to the next account of each pool."""
    _emit(context, "numbers.provider.suspend", as_json, name=name, lift=lift)


@provider.command()
@click.argument("name")
@json_option
@click.pass_obj
def remove(context: Context, name: str, as_json: bool) -> None:
    """Forget an account that carries no pool and holds nothing of ours."""
    _emit(context, "numbers.provider.remove", as_json, name=name)


@click.command()
@click.option("--state", type=click.Choice(["waiting", "dead", "done"]), default="dead", show_default=True)
@click.option("--after", default="", help="The last push of the page before.")
@click.option("--limit", type=int, default=50, show_default=True)
@json_option
@click.pass_obj
def pushes(context: Context, state: str, after: str, limit: int, as_json: bool) -> None:
    """What providers were told of bindings, newest first; above all the dead letters, which none of them took."""
    _emit(context, "numbers.pushes", as_json, state=state, after=after, limit=limit)


@click.command()
@click.argument("push", default="")
@click.option("--all", "every", is_flag=True, help="Every dead letter.")
@json_option
@click.pass_obj
def retry(context: Context, push: str, every: bool, as_json: bool) -> None:
    """Ask the providers of a dead letter again, or of all of them."""
    if bool(push) == every:
        raise click.UsageError("say either PUSH or --all")
    _emit(context, "numbers.retry", as_json, push=push)


@click.command()
@click.option("--provider", "account", default=None, help="One account; default all.")
@click.option("--repair", is_flag=True, help="Push again what is missing there, take back what should not be.")
@json_option
@click.pass_obj
def reconcile(context: Context, account: str | None, repair: bool, as_json: bool) -> None:
    """Ask providers what they hold, at each account's rate; exit 1 where it is not what we hold, repaired or not."""
    from gateway.cli import remote
    from gateway.cli.show import emit

    folder = context.need_dir()
    names = [account] if account else [row["account"] for row in remote.run(folder, "numbers.provider.list")]
    asked, found = 0, list[dict[str, Any]]()
    for name in names:
        after = ""
        while True:
            page = remote.run(folder, "numbers.reconcile", account=name, after=after, repair=repair)
            asked, after = asked + page["asked"], page["after"]
            found += page["found"]
            if not after:
                break
    if as_json:
        emit({"asked": asked, "drift": len(found), "repaired": repair, "found": found}, as_json=True)
    else:
        if found:
            emit(found, as_json=False)
        click.echo(f"{asked} asked, {len(found)} differ", err=True)
    if found:
        sys.exit(1)
