"""`veilway relay route`: the decision on a call, without a call. A disclosure like any other: audited with the local user."""

from __future__ import annotations

import sys

import click

from gateway.cli import Context
from gateway.cli.shop import _emit, json_option


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


@relay.command()
@click.argument("name", type=click.Choice(["twilio", "huawei", "alibaba"]))
@click.option("--secret", "secrets", multiple=True, metavar="NAME=VALUE", help="VALUE may be - or @FILE.")
@json_option
@click.pass_obj
def provider(context: Context, name: str, secrets: tuple[str, ...], as_json: bool) -> None:
    """Enable a telephone provider; prints the URLs to give it, once."""
    from gateway.cli.values import read_value

    given = {}
    for pair in secrets:
        key, found, value = pair.partition("=")
        if not found:
            raise click.UsageError("--secret takes NAME=VALUE")
        given[key] = read_value(value)
    _emit(context, "relay.provider", as_json, name=name, secrets=given)


@relay.command()
@click.argument("carrier")
@click.argument("phone", nargs=-1, required=True)
@click.option("--remove", is_flag=True, help="Take these phones off the list.")
@json_option
@click.pass_obj
def allow(context: Context, carrier: str, phone: tuple[str, ...], remove: bool, as_json: bool) -> None:
    """Let only these phones call through CARRIER's relay numbers. PHONE may be - or @FILE."""
    from gateway.cli.values import read_values

    phones = [line.strip() for line in read_values(phone) if line.strip()]
    _emit(context, "relay.allow", as_json, carrier=carrier, phones=phones, remove=remove)


@relay.command()
@click.argument("carrier")
@click.option("--hours", default=None, help="Calls reach a party only then: 08:00-21:00 [ZONE]; empty ends it.")
@click.option("--calls", type=int, default=None, help="Calls that one number may carry in its life; 0 ends it.")
@json_option
@click.pass_obj
def rules(context: Context, carrier: str, hours: str | None, calls: int | None, as_json: bool) -> None:
    """Close CARRIER's relay numbers outside some hours, or after so many calls."""
    _emit(context, "relay.rules", as_json, carrier=carrier, hours=hours, calls=calls)


@relay.command()
@click.argument("shop")
@click.option("--phone", required=True, help="Whose wish it is (or - or @FILE).")
@click.option("--quiet", default="", help="Quiet hours, 22:00-07:00 [ZONE].")
@click.option("--block-all", is_flag=True)
@click.option("--block-carrier", "carriers", multiple=True)
@click.option("--block-shipment", "shipments", multiple=True)
@click.option("--block-caller", "callers", multiple=True, help="A phone (or - or @FILE).")
@json_option
@click.pass_obj
def wish(
    context: Context, shop: str, phone: str, quiet: str, block_all: bool, carriers: tuple[str, ...],
    shipments: tuple[str, ...], callers: tuple[str, ...], as_json: bool,
) -> None:  # fmt: skip
    """Set a person's quiet hours and blocks for all their shipments with one shop (by its id)."""
    from gateway.cli.values import read_value, read_values

    wished = {
        "quiet": quiet,
        "block_all": block_all,
        "block_carriers": carriers,
        "block_shipments": shipments,
        "block_callers": [line for line in read_values(callers) if line],
    }
    _emit(context, "relay.wish", as_json, shop=shop, phone=read_value(phone), **wished)


@relay.command()
@click.option("--last", default="30d", help="How far back, such as 7d.")
@click.option("--shop", default="", help="Of one shop, by its id.")
@json_option
@click.pass_obj
def report(context: Context, last: str, shop: str, as_json: bool) -> None:
    """Calls, minutes and messages by shop, shipment and carrier."""
    _emit(context, "relay.report", as_json, last=last, shop=shop)
