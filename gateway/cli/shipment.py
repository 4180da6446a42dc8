"""`veilway shipment …`: look at one, without anything personal; see who had what revealed; close one that is in doubt."""

from __future__ import annotations

import click

from gateway.cli import Context
from gateway.cli.shop import _emit, json_option


@click.group()
def shipment() -> None:
    """Look at a shipment; resolve one in doubt."""


@shipment.command()
@click.argument("shipment_id")
@json_option
@click.pass_obj
def show(context: Context, shipment_id: str, as_json: bool) -> None:
    """State, waybill, stage, relay numbers."""
    _emit(context, "shipment.show", as_json, shipment=shipment_id)


@shipment.command(name="list")
@click.argument("shop")
@click.option("--carrier", default="", help="Only this carrier's.")
@click.option("--waybill", default="", help="With --carrier: the one under this waybill.")
@click.option("--reference", default="", help="With --carrier: the one that the shop sent under this order reference.")
@click.option("--after", default="", help="The last shipment of the page before.")
@click.option("--limit", type=int, default=50, show_default=True)
@json_option
@click.pass_obj
def list_(context: Context, /, shop: str, as_json: bool, **asked: object) -> None:
    """A shop's shipments, newest first."""
    _emit(context, "shipment.list", as_json, name=shop, **asked)


@shipment.command()
@click.argument("shipment_id")
@json_option
@click.pass_obj
def disclosures(context: Context, shipment_id: str, as_json: bool) -> None:
    """Every reveal: who of the carrier saw which fields, and why."""
    _emit(context, "shipment.disclosures", as_json, shipment=shipment_id)


@shipment.command()
@click.argument("shipment_id")
@click.option("--waybill", default="", help="It was booked, under this waybill.")
@click.option("--not-booked", is_flag=True, help="It was not booked: the shop may send it again.")
@json_option
@click.pass_obj
def resolve(context: Context, shipment_id: str, waybill: str, not_booked: bool, as_json: bool) -> None:
    """Say what became of an order in doubt, after you asked the carrier."""
    if bool(waybill) == not_booked:
        raise click.UsageError("say either --waybill W or --not-booked")
    _emit(context, "shipment.resolve", as_json, shipment=shipment_id, waybill=waybill)
