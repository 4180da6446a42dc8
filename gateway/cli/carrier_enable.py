"""`veilway carrier enable`: where a carrier is, and how the gateway signs towards it."""

from __future__ import annotations

import re
from pathlib import Path

import click

from gateway.cli import Context
from gateway.cli.shop import _emit, json_option

_NAMED = re.compile(r"(?P<host>[a-z][a-z0-9_-]*)=(?P<url>.*)")


@click.command()
@click.argument("carrier_id")
@click.option(
    "--base-url",
    "base_urls",
    multiple=True,
    required=True,
    metavar="[HOST=]URL",
    help="https://HOST[/PATH]; plain http for loopback only. Again as HOST=URL for each further host that `carrier show` tells.",
)
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
    "--label-artwork",
    type=click.Choice(["withhold", "replace", "trust"]),
    default=None,
    help="The carrier's labels that nobody can read (pictures): leave them out, print ours instead, or let them pass where no code in them tells of anybody. Default: withhold.",
)
@click.option(
    "--attachment",
    "attachments",
    multiple=True,
    metavar="PATH",
    help="Documents at this place of a request (`$.documentImages[]`) go through as they are, unread and on record; without it they are refused.",
)
@click.option(
    "--mode",
    type=click.Choice(["enforce", "report", "off"]),
    default="enforce",
    show_default=True,
    help="report and off let bodies out as they came: for a first look only, and on record.",
)
@click.option(
    "--country", default=None, help="Where the carrier's own service and people are, two letters; empty ends it."
)
@click.option("--issuer", help="Couriers may bring this issuer's signed tokens (JWT) in place of ours; empty ends it.")
@click.option("--audience", help="Who those tokens must be made out to.")
@click.option(
    "--jwks", help="The issuer's public keys: a file (or -), or the https:// address that they are fetched from."
)
@click.option("--courier-network", "networks", multiple=True, help="Couriers may ask from these networks only.")
@click.option(
    "--courier-cert", "fingerprints", multiple=True, help="SHA-256 of a client certificate couriers may show."
)
@click.option("--device-proof/--no-device-proof", default=None, help="Refuse couriers who have enrolled no device.")
@click.option(
    "--narrow-on-scan",
    "narrow",
    metavar="ZONE",
    help="Once a delivery courier has taken a parcel out, only that courier and its recipient are connected through its number, "
    "until midnight in ZONE (Asia/Shanghai); empty ends it.",
)
@json_option
@click.pass_obj
def enable(
    context: Context,
    carrier_id: str,
    base_urls: tuple[str, ...],
    secrets: tuple[str, ...],
    last_mile: str | None,
    label_artwork: str | None,
    attachments: tuple[str, ...],
    mode: str,
    country: str | None,
    issuer: str | None,
    audience: str | None,
    jwks: str | None,
    networks: tuple[str, ...],
    fingerprints: tuple[str, ...],
    device_proof: bool | None,
    narrow: str | None,
    as_json: bool,
) -> None:
    """Enable a carrier, or change its URL and secrets. Prints the path for the carrier's pushes, once."""
    from gateway.cli.values import read_value

    base_url, hosts = _urls(base_urls)
    given = {}
    for pair in secrets:
        name, found, value = pair.partition("=")
        if not found or not name:
            raise click.UsageError("--secret takes NAME=VALUE")
        given[name] = read_value(value)
    couriers = {
        "issuer": issuer,
        "audience": audience,
        "jwks": _keys(jwks),
        "networks": [text for text in networks if text] if networks else None,
        "fingerprints": [text for text in fingerprints if text] if fingerprints else None,
        "device_proof": device_proof,
        "narrow": narrow,
    }
    _emit(
        context,
        "carrier.enable",
        as_json,
        carrier=carrier_id,
        base_url=base_url,
        hosts=hosts,
        secrets=given,
        options={
            "last_mile": last_mile,
            "label_artwork": label_artwork,
            "attachments": list(attachments) or None,
            "mode": mode,
            "country": country,
            "couriers": couriers,
        },
    )


def _urls(base_urls: tuple[str, ...]) -> tuple[str, dict[str, str]]:
    """The main URL, and those of further hosts by name."""
    hosts = {named["host"]: named["url"] for text in base_urls if (named := _NAMED.fullmatch(text))}
    plain = [text for text in base_urls if not _NAMED.fullmatch(text)]
    if len(plain) != 1 or len(plain) + len(hosts) != len(base_urls):
        raise click.UsageError("--base-url takes one URL, and one HOST=URL for each further host")
    return plain[0], hosts


def _keys(jwks: str | None) -> object:
    """A JWK set as its document, or the address it is fetched from."""
    import json
    import sys

    if not jwks or jwks.startswith(("https://", "http://")):
        return jwks
    try:
        return json.loads(sys.stdin.read() if jwks == "-" else Path(jwks).read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise click.UsageError(f"--jwks: {type(error).__name__}; it takes a JSON file or an https:// address") from None
