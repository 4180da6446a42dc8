"""`veilway carrier enable`: where a carrier is, and how the gateway signs towards it."""

from __future__ import annotations

import click

from gateway.cli import Context
from gateway.cli.shop import _emit, json_option


@click.command()
@click.argument("carrier_id")
@click.option("--base-url", required=True, help="https://HOST[/PATH]; plain http for loopback only.")
@click.option(
    "--secret",
    "secrets",
    multiple=True,
    metavar="NAME=VALUE",
    help="VALUE may be - or @FILE. `carrier show` tells the names.",
)
@click.option(
    "--last-mile",
    type=click.Choice(["ticket", "label"]),
    default=None,
    help="Override the profile: scan, or printed label.",
)
@click.option(
    "--mode",
    type=click.Choice(["enforce", "report", "off"]),
    default="enforce",
    show_default=True,
    help="report and off let bodies out as they came: for a first look only, and on record.",
)
@json_option
@click.pass_obj
def enable(
    context: Context,
    carrier_id: str,
    base_url: str,
    secrets: tuple[str, ...],
    last_mile: str | None,
    mode: str,
    as_json: bool,
) -> None:
    """Enable a carrier, or change its URL and secrets. Prints the path for the carrier's pushes, once."""
    from gateway.cli.values import read_value

    given = {}
    for pair in secrets:
        name, found, value = pair.partition("=")
        if not found or not name:
            raise click.UsageError("--secret takes NAME=VALUE")
        given[name] = read_value(value)
    _emit(
        context,
        "carrier.enable",
        as_json,
        carrier=carrier_id,
        base_url=base_url,
        secrets=given,
        options={"last_mile": last_mile, "mode": mode},
    )
