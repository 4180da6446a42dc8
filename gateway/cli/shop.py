"""`veilway shop …`: shops, their keys, and credentials in a carrier's own shape."""

from __future__ import annotations

import click

from gateway.cli import Context

json_option = click.option("--json", "as_json", is_flag=True, help="Answer as JSON.")


@click.group()
def shop() -> None:
    """Shops and their keys."""


@shop.command()
@click.argument("name")
@click.option(
    "--hotline", default="", help="The shop's registered number, shown to couriers instead of a relay number."
)
@json_option
@click.pass_obj
def add(context: Context, name: str, hotline: str, as_json: bool) -> None:
    """Add a shop. Its key is shown once."""
    _emit(context, "shop.add", as_json, name=name, hotline=hotline)


@shop.command(name="list")
@json_option
@click.pass_obj
def list_(context: Context, as_json: bool) -> None:
    """Every shop."""
    _emit(context, "shop.list", as_json)


@shop.command()
@click.argument("name")
@click.option("--revoke", is_flag=True, help="The shop's earlier keys die at once.")
@json_option
@click.pass_obj
def key(context: Context, name: str, revoke: bool, as_json: bool) -> None:
    """Another key for a shop."""
    _emit(context, "shop.key", as_json, name=name, revoke=revoke)


@shop.command()
@click.argument("name")
@click.argument("carrier")
@json_option
@click.pass_obj
def credential(context: Context, name: str, carrier: str, as_json: bool) -> None:
    """A credential in the carrier's own shape, for an SDK that can change nothing but its base URL and credentials."""
    _emit(context, "shop.credential", as_json, name=name, carrier=carrier)


@shop.command()
@click.argument("name")
@click.argument("url", default="")
@json_option
@click.pass_obj
def webhook(context: Context, name: str, url: str, as_json: bool) -> None:
    """Send the shop's events to URL, signed as Standard Webhooks. The secret is shown once; no URL ends the events."""
    _emit(context, "shop.webhook", as_json, name=name, url=url)


@shop.command()
@click.argument("name")
@click.option(
    "--state",
    type=click.Choice(["waiting", "delivered", "dead", "unwanted"]),
    default="dead",
    show_default=True,
    help="Which events.",
)
@click.option("--after", default="", help="The last event of the page before.")
@click.option("--limit", type=int, default=50, show_default=True)
@json_option
@click.pass_obj
def events(context: Context, name: str, state: str, after: str, limit: int, as_json: bool) -> None:
    """What the shop was told, newest first; above all the dead letters, which it refused to the end."""
    _emit(context, "shop.events", as_json, name=name, state=state, after=after, limit=limit)


@shop.command()
@click.argument("name")
@click.argument("event", default="")
@click.option("--all", "every", is_flag=True, help="Every dead letter of the shop.")
@json_option
@click.pass_obj
def retry(context: Context, name: str, event: str, every: bool, as_json: bool) -> None:
    """Send a dead letter again, or all of them."""
    if bool(event) == every:
        raise click.UsageError("say either EVENT or --all")
    _emit(context, "shop.retry", as_json, name=name, event=event)


def _emit(context: Context, verb: str, as_json: bool, **params: object) -> None:
    from gateway.cli import remote
    from gateway.cli.show import emit

    emit(remote.run(context.need_dir(), verb, **params), as_json=as_json)
