"""`veilway station …`: which regions a carrier's stations serve and where they are, for policies that ask (`own_region`, `own_country`)."""

from __future__ import annotations

import click

from gateway.cli import Context
from gateway.cli.shop import _emit, json_option


@click.group()
def station() -> None:
    """Carriers' stations: the regions they serve, the country they are in."""


@station.command()
@click.argument("carrier")
@click.argument("code")
@click.option(
    "--region",
    "regions",
    multiple=True,
    metavar="CC/STATE/CITY/DISTRICT|CC:POSTCODE",
    help="A region that it serves, as far as wanted: CN/广东/深圳, US/NY, US:100. More than once for several.",
)
@click.option("--country", default="", help="Where its people are, two letters; else the carrier's own.")
@json_option
@click.pass_obj
def add(context: Context, carrier: str, code: str, regions: tuple[str, ...], country: str, as_json: bool) -> None:
    """Say where a station is, in place of what was said before."""
    _emit(context, "station.add", as_json, carrier=carrier, code=code, regions=list(regions), country=country)


@station.command(name="list")
@click.argument("carrier", default="")
@json_option
@click.pass_obj
def list_(context: Context, carrier: str, as_json: bool) -> None:
    """Every station with a place, of one CARRIER where it is named."""
    _emit(context, "station.list", as_json, carrier=carrier)


@station.command()
@click.argument("carrier")
@click.argument("code")
@json_option
@click.pass_obj
def remove(context: Context, carrier: str, code: str, as_json: bool) -> None:
    """Forget a station's place; rules that ask for it then close to its people."""
    _emit(context, "station.remove", as_json, carrier=carrier, code=code)
