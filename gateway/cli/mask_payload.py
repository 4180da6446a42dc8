"""`veilway mask payload`: what a carrier would receive, without a running gateway and without secrets.

Runs the very code that the gateway runs: open, claim, veil, guard. An example relay number stands in for each phone; credentials are
shown as `<name>` and the signature is left out, because both need secrets.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from gateway.cli import Context

if TYPE_CHECKING:
    from carriers.order import OpenOrder
    from carriers.profile import CarrierProfile, Operation
    from masking.personal import Kind, RelayNumber, Role

_TYPES = {
    ".json": "application/json",
    ".xml": "text/xml",
    ".form": "application/x-www-form-urlencoded",
    ".multipart": "multipart/form-data",
}


@click.command("payload")
@click.option("--carrier", required=True, help="The carrier's id, as `veilway carrier list` shows it.")
@click.option("--operation", help="The operation's id; without it, the create operation whose envelope opens.")
@click.option("--last-mile", type=click.Choice(["ticket", "label"]), help="Instead of the profile's.")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.pass_obj
def payload(context: Context | None, carrier: str, operation: str | None, last_mile: str | None, file: Path) -> None:
    """The body that CARRIER would receive for the request in FILE; exit 1 and the reason where it is refused."""
    from carriers.errors import CarrierRefusal
    from carriers.finish import preview
    from carriers.profile import load_profile
    from carriers.veil import veil
    from masking.guard import Guard
    from masking.personal import Kind, Role

    folder = context.dir / "carriers" if context is not None and context.dir is not None else None
    profile = load_profile(carrier, folder)
    if profile is None:
        raise click.UsageError(f"no carrier called {carrier!r}; `veilway carrier list` shows them")
    order = _opened(profile, operation, file)
    plain = [(kind.value, value) for _path, kind, _role, value in order.fields if kind is not Kind.FREE_TEXT]
    last_four = dict.fromkeys(Role, "0000")
    veiled = veil(order, relays=_example(profile), last_mile=last_mile, aliases=_alias, last_four=last_four)
    hits = Guard(plain, veiled.kept).check(veiled.clear)
    if hits:
        found = ", ".join(sorted({hit.kind.value for hit in hits}))
        raise CarrierRefusal(f"the masked body would still show a plain value ({found})", code="guard_hit")
    for path, kind, role in veiled.granted:
        click.echo(f"whole under the carrier's label scope: {path} ({role} {kind})", err=True)
    for path in order.findings:
        click.echo(f"nobody described: {path}", err=True)
    click.echo(preview(veiled).body, nl=False)


def _alias(kind: Kind, _value: str) -> str:
    """An alias that nobody has."""
    from masking.personal import Kind

    return "r-examplealias2345@alias.example" if kind is Kind.EMAIL else "examplealias2345"


def _example(profile: CarrierProfile) -> dict[Role, RelayNumber]:
    """Relay numbers that nobody has, as long as this carrier's phone field takes."""
    from masking.personal import RelayNumber, Role

    digits = profile.manner.phone_digits or 99
    if digits >= len("17000000001-1001"):
        return {role: RelayNumber(f"1700000000{at}", f"{at}00{at}") for at, role in enumerate(Role, 1)}
    ext = "1001" if digits >= len("2015550101-1001") else ""
    return {role: RelayNumber(f"201555010{at}"[:digits], ext) for at, role in enumerate(Role, 1)}


def _opened(profile: CarrierProfile, name: str | None, file: Path) -> OpenOrder:
    """Open the file as the operation called `name`, or as the first create that takes it."""
    from carriers.errors import CarrierRefusal

    body = file.read_bytes()
    if name is not None:
        if name not in profile.operations:
            raise click.UsageError(f"{profile.id} has no operation {name!r}; it has {', '.join(profile.operations)}")
        return _open(profile.operations[name], file.suffix, body)
    creates = [operation for operation in profile.operations.values() if operation.effect == "create"]
    reason: CarrierRefusal | None = None
    for operation in creates:
        try:
            return _open(operation, file.suffix, body)
        except CarrierRefusal as refusal:
            # What got furthest says most: a field that nobody described beats another operation's envelope.
            if reason is None or refusal.code in ("unclaimed_field", "no_personal_fields"):
                reason = refusal
    raise reason or CarrierRefusal(f"{profile.id} has no create operation", code="unknown_operation")


def _open(operation: Operation, suffix: str, body: bytes) -> OpenOrder:
    from carriers.order import open_order
    from carriers.wire import WireRequest

    headers = {"content-type": _TYPES[suffix.lower()]} if suffix.lower() in _TYPES else {}
    return open_order(operation, WireRequest(operation.method, operation.path, "", headers, body))
