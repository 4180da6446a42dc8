"""`veilway ticket`: verify a label's ticket without the service, with public keys alone, as a handheld would."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from gateway.cli import Context


@click.group()
def ticket() -> None:
    """Verify labels' tickets offline."""


@ticket.command()
@click.argument("text")
@click.option(
    "--keys",
    "keys_file",
    type=click.Path(path_type=Path, exists=True),
    help="Public keys (a JWK set); else the folder's.",
)
@click.option("--carrier", metavar="ID", help="Accept this carrier's tickets only.")
@click.option(
    "--revoked", "revoked_file", type=click.Path(path_type=Path, exists=True), help="The list of revoked tickets."
)
@click.option("--at", type=click.DateTime(["%Y-%m-%dT%H:%M:%SZ"]), help="As of this moment (UTC) instead of now.")
@click.option("--json", "as_json", is_flag=True)
@click.pass_obj
def verify(
    obj: Context,
    text: str,
    keys_file: Path | None,
    carrier: str | None,
    revoked_file: Path | None,
    at: datetime | None,
    as_json: bool,
) -> None:
    """Verify TEXT (or `-`, or `@FILE`), the whole text of the QR. Exit 1 where it is not accepted; why is not said."""
    from gateway.cli.values import read_value
    from masking.labels.errors import TicketRefused
    from masking.labels.revocation import unpack
    from masking.labels.ticket import verify_offline
    from masking.labels.ticket_keys import public_keys_from_jwks

    now = at.replace(tzinfo=UTC) if at else datetime.now(UTC)
    document = _jwks(obj, keys_file, now)
    public_keys = public_keys_from_jwks(document)
    found = verify_offline(read_value(text), public_keys, now, carrier, hosts=document.get("hosts", ()))
    if revoked_file and found in unpack(revoked_file.read_bytes(), public_keys, now):
        raise TicketRefused
    shown = {
        "valid": True,
        "kid": found.kid,
        "audience": found.audience,
        "expires": found.expires.isoformat(),
        "id": found.id.hex(),
    }
    click.echo(
        json.dumps(shown)
        if as_json
        else f"valid until {shown['expires']}, carrier {found.audience}, id {found.id.hex()}"
    )


@ticket.command()
@click.pass_obj
def keys(obj: Context) -> None:
    """Print the public keys of the folder as a JWK set: all that an offline reader needs."""
    click.echo(json.dumps(_jwks(obj, None, datetime.now(UTC)), indent=1))


def _jwks(obj: Context, keys_file: Path | None, now: datetime) -> dict[str, Any]:
    from masking.labels.ticket_keys import BadTicketKeys

    if keys_file is None:
        from gateway.keys import load_keys
        from gateway.settings import load_settings

        folder = obj.need_dir()
        return load_keys(folder).tickets.public_jwks(now, hosts=[load_settings(folder).ticket_host])
    try:
        document = json.loads(keys_file.read_text(encoding="utf-8"))
    except ValueError:
        document = None
    if not isinstance(document, dict):
        raise BadTicketKeys("This is not a JWK set with ticket keys.", path="keys")
    return document
