"""`veilway mask`: values, lines and order files masked by the rules of `masking`. Needs no folder, no key and no network.

One masked value a line on stdout. A line that cannot be masked comes out as stars and never stops the rest.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

import click

VALUE_KINDS = ("name", "phone", "address", "email", "id", "company", "postcode", "text")
HIDDEN = "****"
BATCH = 64  # lines written at once; a reader at the other end of a pipe waits no longer than that


class _Mask(click.Group):
    """The group's own verbs, and `payload`, whose file knows carriers and loads only when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted([*super().list_commands(ctx), *(["payload"] if _has_payload() else [])])

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name != "payload" or not _has_payload():
            return super().get_command(ctx, name)
        command: click.Command = importlib.import_module("gateway.cli.mask_payload").payload
        return command


def _has_payload() -> bool:
    return importlib.util.find_spec("gateway.cli.mask_payload") is not None


@click.group(cls=_Mask)
def mask() -> None:
    """Mask values, files and whole payloads by the waybill standard."""


def _masker(kind: str, policy: str, country: str, city: str) -> Callable[[str], tuple[str, str]]:
    """The masker of a kind, with the options that it takes."""
    from masking.addresses import mask_address, mask_postcode
    from masking.copies import maskers

    if kind == "phone" and policy == "virtual":
        return _relay
    if kind in ("address", "postcode"):
        masker = mask_address if kind == "address" else mask_postcode
        if policy == "none":
            raise click.UsageError(
                "a plain address needs a full scope: it is part of a shipment's policy, not of this verb"
            )
        return lambda text: masker(text, country)
    return maskers(policy)[kind]


def _relay(text: str) -> tuple[str, str]:
    """Whoever asks for the virtual policy says that the number is a relay number; what is no number is masked all the same."""
    from masking.personal import RelayNumber
    from masking.phones import mask_phone, show_relay

    x, _, ext = text.strip().partition("-")
    if x.isascii() and x.isdigit() and len(x) <= 15 and (not ext or (ext.isascii() and ext.isdigit())):
        return show_relay(RelayNumber(x, ext))
    return mask_phone(text)


def _explained(kind: str, masked: str, reason: str, city: str) -> dict[str, Any]:
    """The masked value, its rule in both languages and, for a Chinese mobile, how many numbers still match."""
    from masking.anonymity import count_matches
    from masking.reasons import explain

    said = explain(reason)
    out: dict[str, Any] = {"masked": masked, "reason": reason, "zh": said.zh, "en": said.en}
    if kind == "phone":
        out["matches"] = count_matches(masked, city)
        out["city"] = city or None
    return out


def _one_line(text: str) -> str:
    """A value of several lines as one, so that a line in is a line out."""
    return " ".join(text.splitlines())


def _as_text(found: dict[str, Any]) -> str:
    parts = [found["masked"], found["reason"], found["en"], found["zh"]]
    if found.get("matches") is not None:
        parts.append(
            f"{found['matches']:,} numbers match {'in ' + found['city'] if found['city'] else 'in mainland China'}"
        )
    return "\t".join(parts)


def _lines(kind: str, values: Iterator[str], options: dict[str, Any]) -> Iterator[str]:
    masker = _masker(kind, options["policy"], options["country"], options["city"])
    for value in values:
        try:
            masked, reason = masker(value)
        except Exception:  # noqa: BLE001  a line that breaks a rule is hidden, and the rest goes on
            masked, reason = HIDDEN, "unreadable"
        masked = _one_line(masked)
        if options["as_json"]:
            found = (
                _explained(kind, masked, reason, options["city"])
                if options["explain"]
                else {"masked": masked, "reason": reason}
            )
            yield json.dumps(found, ensure_ascii=False)
        else:
            yield _as_text(_explained(kind, masked, reason, options["city"])) if options["explain"] else masked


def _value_command(kind: str) -> click.Command:
    @click.command(kind, help=f"Mask each VALUE ({kind}); `-` reads lines from standard input, `@FILE` from a file.")
    @click.argument("values", nargs=-1, required=True)
    @click.option(
        "--policy",
        type=click.Choice(["gb-last4", "gb-strict", "virtual", "none"]),
        default="gb-last4",
        show_default=True,
    )
    @click.option("--country", default="", help="ISO 3166-1 alpha-2, where known (addresses, postcodes).")
    @click.option("--city", default="", help="City of a Chinese mobile, for --explain.")
    @click.option("--explain", is_flag=True, help="Say which rule cut, and how many phones still match.")
    @click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
    def command(values: tuple[str, ...], **options: Any) -> None:
        from gateway.cli.values import read_values

        batch: list[str] = []
        out = sys.stdout.buffer
        for line in _lines(kind, iter(read_values(values)), options):
            batch.append(line)
            if len(batch) == BATCH:
                _write(out, batch)
        _write(out, batch)

    return command


def _write(out: IO[bytes], batch: list[str]) -> None:
    if batch:
        # A lone surrogate has no bytes; it is somebody's broken text, and a question mark tells so.
        out.write(("\n".join(batch) + "\n").encode("utf-8", "replace"))
        out.flush()
        batch.clear()


for _kind in VALUE_KINDS:
    mask.add_command(_value_command(_kind))


@mask.command("file")
@click.argument("orders", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--map",
    "pairs",
    multiple=True,
    required=True,
    metavar="COL=KIND",
    help="Kind of a column; repeat, or join by commas.",
)
@click.option(
    "--rest",
    type=click.Choice(["refuse", "scrub", "keep", "drop"]),
    default="refuse",
    show_default=True,
    help="Columns without a kind.",
)
@click.option("--policy", type=click.Choice(["gb-last4", "gb-strict"]), default="gb-last4", show_default=True)
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), required=True)
@click.option("--json", "as_json", is_flag=True, help="The count as JSON.")
def mask_file(orders: Path, pairs: tuple[str, ...], rest: str, policy: str, output: Path, as_json: bool) -> None:
    """Make a de-identified copy of ORDERS (.csv or .jsonl). Exit 1 where a record was left out."""
    from gateway.cli.mask_records import copy_file
    from masking.copies import Copier, Rest

    copier = Copier(_columns(pairs), rest=Rest(rest), policy=policy)
    count = copy_file(orders, output, copier, say=lambda line: click.echo(line, err=True))
    said = f"{count.copied} records copied, {count.left_out} left out"
    click.echo(
        json.dumps({"copied": count.copied, "left_out": count.left_out, "reasons": copier.reasons})
        if as_json
        else said,
        err=not as_json,
    )
    if count.left_out:
        raise click.exceptions.Exit(1)


def _columns(pairs: tuple[str, ...]) -> dict[str, str]:
    columns = {}
    for pair in ",".join(pairs).split(","):
        column, equals, kind = pair.rpartition("=")
        if not (column and equals and kind):
            raise click.UsageError("--map takes COL=KIND, for instance --map receiver=name,mobile=phone")
        columns[column.strip()] = kind.strip()
    return columns
