"""`veilway numbers …`: relay numbers in pools."""

from __future__ import annotations

import importlib
from pathlib import Path

import click

from gateway.cli import Context
from gateway.cli.shop import _emit, json_option

ELSEWHERE = {"plan": "numbers_plan"} | dict.fromkeys(("provider", "pushes", "retry", "reconcile"), "numbers_provider")
"""Verbs of files of their own; `plan` needs no folder."""


class _Group(click.Group):
    """Takes the verbs of other files when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted({*super().list_commands(ctx), *ELSEWHERE})

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in ELSEWHERE:
            return super().get_command(ctx, name)
        command: click.Command = getattr(importlib.import_module(f"gateway.cli.{ELSEWHERE[name]}"), name)
        return command


@click.group(cls=_Group)
def numbers() -> None:
    """Relay numbers: add, import, status, plan, provider, reconcile."""


def _options(function: click.decorators.FC) -> click.decorators.FC:
    for option in (
        click.option(
            "--scheme",
            type=click.Choice(["axn-ext", "axn700", "axn", "axb"]),
            default=None,
            help="Of a new pool; default axn-ext.",
        ),
        click.option(
            "--ext-digits", type=click.IntRange(1, 6), default=None, help="Digits of an extension; default 4."
        ),
        click.option("--carrier", default=None, help="Bind a new pool to one carrier; default serves every carrier."),
        click.option("--provider", default=None, help="Who carries the calls; default sandbox."),
        click.option(
            "--region",
            default=None,
            help="Where a new pool's numbers are at home (CN, 浙江省, 杭州): it serves only people there, and before others.",
        ),
        json_option,
    ):
        function = option(function)
    return function


@numbers.command()
@click.argument("pool")
@click.argument("number", nargs=-1, required=True)
@_options
@click.pass_obj
def add(
    context: Context, pool: str, number: tuple[str, ...], as_json: bool, provider: str | None, carrier: str | None,
    ext_digits: int | None, scheme: str | None, region: str | None,
) -> None:  # fmt: skip
    """Add numbers to POOL. NUMBER may be - or @FILE, one a line."""
    from gateway.cli.values import read_values

    found = [line.strip() for line in read_values(number) if line.strip()]
    _emit(
        context,
        "numbers.add",
        as_json,
        pool=pool,
        numbers=found,
        scheme=scheme,
        ext_digits=ext_digits,
        carrier=carrier,
        provider=provider,
        region=region,
    )


@numbers.command(name="import")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--pool", default=None, help="Pool for lines that name none.")
@_options
@click.pass_obj
def import_(
    context: Context, file: Path, pool: str | None, as_json: bool, provider: str | None, carrier: str | None,
    ext_digits: int | None, scheme: str | None, region: str | None,
) -> None:  # fmt: skip
    """Import FILE: a line is `NUMBER` or `POOL,NUMBER`; `#` begins a comment."""
    by_pool: dict[str, list[str]] = {}
    for at, line in enumerate(file.read_text(encoding="utf-8-sig").splitlines(), 1):
        text = line.partition("#")[0].strip()
        if not text or text.lower() in ("number", "pool,number"):
            continue
        name, found, number = text.rpartition(",")
        target = name.strip() if found else pool
        if not target:
            raise click.UsageError(f"line {at} names no pool; give --pool or write POOL,NUMBER")
        by_pool.setdefault(target, []).append(number.strip())
    if not by_pool:
        raise click.UsageError("the file holds no number")
    from gateway.cli import remote
    from gateway.cli.show import emit

    folder = context.need_dir()
    extra = {"scheme": scheme, "ext_digits": ext_digits, "carrier": carrier, "provider": provider}
    emit(
        [remote.run(folder, "numbers.add", pool=name, numbers=found, **extra) for name, found in by_pool.items()],
        as_json=as_json,
    )


@numbers.command(name="set")
@click.argument("number", nargs=-1, required=True)
@click.option(
    "--filing",
    type=click.Choice(["callable", "pending"]),
    default=None,
    help="pending: bound, but no call comes through yet.",
)
@click.option(
    "--health",
    type=click.Choice(["good", "bad"]),
    default=None,
    help="bad: what is bound lives on, nothing new is bound.",
)
@json_option
@click.pass_obj
def set_(context: Context, number: tuple[str, ...], filing: str | None, health: str | None, as_json: bool) -> None:
    """How numbers are filed with the regulator, and how they do. NUMBER may be - or @FILE, one a line."""
    from gateway.cli.values import read_values

    if not filing and not health:
        raise click.UsageError("say --filing, --health or both")
    found = [line.strip() for line in read_values(number) if line.strip()]
    _emit(context, "numbers.set", as_json, numbers=found, filing=filing, health=health)


@numbers.command()
@json_option
@click.pass_obj
def status(context: Context, as_json: bool) -> None:
    """Pools with their slots: live, cooling, usable."""
    _emit(context, "numbers.status", as_json)
