"""`veilway courier …`: who may scan labels, for which carrier, in which role."""

from __future__ import annotations

import click

from gateway.cli import Context
from gateway.cli.shop import _emit, json_option


@click.group()
def courier() -> None:
    """Couriers who may scan labels."""


@courier.command()
@click.argument("carrier")
@click.argument("name")
@click.option(
    "--role",
    type=click.Choice(["pickup", "delivery", "linehaul", "station", "customer_service", "customs"]),
    default="delivery",
    show_default=True,
)
@click.option("--station", default="", help="Where this courier works; else the scan names it.")
@click.option(
    "--phone", default="", help="The courier's phone (or - or @FILE): known callers need no year-long rest of a number."
)
@click.option("--days", type=int, default=None, help="The token expires after so many days.")
@json_option
@click.pass_obj
def add(
    context: Context, carrier: str, name: str, role: str, station: str, phone: str, days: int | None, as_json: bool
) -> None:
    """Add a courier. The token is shown once."""
    from gateway.cli.values import read_value

    phone = read_value(phone) if phone else ""
    _emit(
        context, "courier.add", as_json, carrier=carrier, name=name, role=role, station=station, phone=phone, days=days
    )


@courier.command(name="list")
@json_option
@click.pass_obj
def list_(context: Context, as_json: bool) -> None:
    """Every courier's account."""
    _emit(context, "courier.list", as_json)


@courier.command()
@click.argument("courier_id")
@json_option
@click.pass_obj
def revoke(context: Context, courier_id: str, as_json: bool) -> None:
    """The token dies at once."""
    _emit(context, "courier.revoke", as_json, courier=courier_id)


@courier.command(name="reset-device")
@click.argument("courier_id")
@json_option
@click.pass_obj
def reset_device(context: Context, courier_id: str, as_json: bool) -> None:
    """Forget the courier's device, lost or replaced; the token enrols the next one."""
    _emit(context, "courier.reset_device", as_json, courier=courier_id)


@courier.command()
@click.argument("kind", type=click.Choice(["carrier", "station", "courier"]))
@click.argument("name")
@click.option("--lift", is_flag=True, help="Readmit.")
@json_option
@click.pass_obj
def suspend(context: Context, kind: str, name: str, lift: bool, as_json: bool) -> None:
    """Suspend a carrier, a station or a courier; in force within a second."""
    _emit(context, "suspend", as_json, kind=kind, name=name, lift=lift)
