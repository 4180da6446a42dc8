"""`veilway label`: render privacy labels, check what a stranger can read in one, remask a carrier's own.

Works without a folder; the labels of a running service's shipments come through `--shipment`. Label bytes go to `-o` or to
standard output, never anywhere else.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from gateway.cli import Context
    from masking.labels.label import Label
    from masking.labels.ticket_keys import TicketKeys

FORMATS, PAPERS = ("png", "pdf", "zpl", "tspl"), ("76x130", "100x150", "100x180", "4x6", "a6")
LOOSE_HOST, LOOSE_DAYS = "V.EXAMPLE", 60
"""Of tickets printed without a folder: a host name that leads nowhere."""


@click.group()
def label() -> None:
    """Render, check and remask labels."""


@label.command()
@click.option("--shipment", metavar="ID", help="A shipment of the running service.")
@click.option("--file", "order_file", type=click.Path(path_type=Path, exists=True, allow_dash=True), help="ORDER.json.")
@click.option(
    "--batch",
    "batch_file",
    type=click.Path(path_type=Path, exists=True, allow_dash=True),
    help="A JSON array or lines of orders.",
)
@click.option("--format", "format_", type=click.Choice(FORMATS), default="png", show_default=True)
@click.option("--size", type=click.Choice(PAPERS), default="100x150", show_default=True)
@click.option("--dpi", type=click.Choice(["203", "300"]), default="203", show_default=True)
@click.option("--parts", type=click.Choice(["1", "2"]), help="Of the form; one unless asked.")
@click.option(
    "--template", "template_file", type=click.Path(path_type=Path, exists=True), help="A template of your own."
)
@click.option("--language", type=click.Choice(["zh", "en"]), default="zh", show_default=True)
@click.option("--goods", is_flag=True, help="Print the goods' names; by default they are left off.")
@click.option("-o", "--output", type=click.Path(path_type=Path, allow_dash=True), help="Where the label goes.")
@click.option("--json", "as_json", is_flag=True, help="Say on standard output what was rendered.")
@click.pass_obj
def render(obj: Context, /, *, format_: str, size: str, output: Path | None, as_json: bool, **more: Any) -> None:
    """Render one label, or a batch as one PDF or ZIP. Codes are read back first; otherwise there is no label."""
    sources = [name for name in ("shipment", "order_file", "batch_file") if more[name] is not None]
    if len(sources) != 1:
        raise click.UsageError("name one of --shipment, --file and --batch")
    if as_json and output in (None, Path("-")):
        raise click.UsageError("--json needs -o: the label itself would take standard output")
    if more["shipment"] is not None:
        from gateway.cli import remote

        data: bytes = remote.label(obj.need_dir(), more["shipment"], format_, size, int(more["dpi"]))
        outcomes = [{"number": 1, "shipment": more["shipment"], "code": "ok", "findings": []}]
    else:
        data, outcomes = _from_files(obj, format_, size, more)
    _write(output, data)
    for outcome in outcomes if as_json else ():
        click.echo(json.dumps(outcome, ensure_ascii=False))
    if any(outcome["code"] != "ok" for outcome in outcomes):
        raise click.exceptions.Exit(1)


@label.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, allow_dash=True))
@click.option(
    "--order",
    "order_file",
    type=click.Path(path_type=Path, exists=True),
    help="Compare with this order's plain values.",
)
@click.option("--json", "as_json", is_flag=True)
def check(file: Path, order_file: Path | None, as_json: bool) -> None:
    """Say what a stranger can get out of FILE (PNG, PDF, HTML, ZPL, TSPL). Exit 1 on personal data or a code that will not scan."""
    from masking.labels.label import plain_parties
    from masking.labels.lint import Plain
    from masking.labels.lint import check as look

    plain = None
    if order_file is not None:
        order = _orders(order_file)[0]
        plain = Plain(plain_parties(order), str(order.get("waybill", "")))
    verdict = look(_read(file), plain)
    findings = [{"code": finding.code, "at": finding.path} for finding in verdict.findings]
    notes = [{"code": finding.code, "at": finding.path} for finding in verdict.notes]
    readable = [{"sink": sink, "kind": kind, "text": text} for sink, kind, text in verdict.readable]
    if as_json:
        shown = {
            "format": verdict.format,
            "clean": verdict.clean,
            "findings": findings,
            "notes": notes,
            "readable": readable,
        }
        click.echo(json.dumps(shown, ensure_ascii=False))
    else:
        for item in readable:
            click.echo(f"readable  {item['sink']}: {item['kind']} {item['text']}")
        for word, items in (("note", notes), ("finding", findings)):
            for item in items:
                click.echo(f"{word:9} {item['code']} at {item['at']}")
    if not verdict.clean:
        raise click.exceptions.Exit(1)


@label.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, allow_dash=True))
@click.option(
    "--order",
    "order_file",
    type=click.Path(path_type=Path, exists=True),
    help="Whose values are masked; else by shape.",
)
@click.option(
    "--keep", multiple=True, type=click.Choice(["name", "company", "address_line"]), help="A kind that must stay."
)
@click.option("--cover", multiple=True, metavar="X,Y,W,H", help="A box in mm to make white.")
@click.option("--trust", multiple=True, metavar="SHA256", help="A picture known to be a logo.")
@click.option("--dpi", type=click.Choice(["203", "300"]), default="203", show_default=True, help="Of a ZPL label.")
@click.option("-o", "--output", type=click.Path(path_type=Path, allow_dash=True))
def remask(
    file: Path,
    order_file: Path | None,
    keep: tuple[str, ...],
    cover: tuple[str, ...],
    trust: tuple[str, ...],
    dpi: str,
    output: Path | None,
) -> None:
    """Mask a carrier's own label (ZPL, PDF, picture). Its barcodes stay as they are; what cannot be masked is refused."""
    from masking.labels.label import plain_parties
    from masking.labels.remask import Cover
    from masking.labels.remask import remask as remask_label

    parties = plain_parties(_orders(order_file)[0]) if order_file else ()
    covering = Cover(tuple(_box(text) for text in cover), frozenset(mark.lower() for mark in trust), int(dpi))
    done = remask_label(_read(file), parties, keep=keep, cover=covering)
    _write(output, done.data)
    click.echo(f"{done.changed} changed", err=True)


def _box(text: str) -> Any:
    from masking.labels.remask import Box

    try:
        x, y, width, height = (float(part) for part in text.split(","))
    except ValueError:
        raise click.UsageError("a box is X,Y,WIDTH,HEIGHT in mm") from None
    return Box(x, y, width, height)


def _read(path: Path) -> bytes:
    return sys.stdin.buffer.read() if str(path) == "-" else path.read_bytes()


def _from_files(obj: Context, format_: str, size: str, more: dict[str, Any]) -> tuple[bytes, list[dict[str, Any]]]:
    from masking.labels.batch import bundle, render_each
    from masking.labels.render import render as render_label
    from masking.labels.template import load

    now = datetime.now().astimezone()
    keys, host, days = _keys(obj)
    options: dict[str, Any] = {
        "format": format_,
        "size": size,
        "dpi": int(more["dpi"]),
        "parts": int(more["parts"]) if more["parts"] else None,
        "template": load(more["template_file"]) if more["template_file"] else None,
        "public_keys": keys.public_keys(now),
    }
    make = _label_maker(keys, host, now, now + timedelta(days=days), more["language"], more["goods"])
    if more["order_file"] is not None:
        made = make(_orders(more["order_file"])[0])
        rendered = render_label(made, **options)
        findings = [f"{finding.code}:{finding.path}" for finding in rendered.findings]
        for finding in findings:
            click.echo(f"note: {finding}", err=True)
        return rendered.data, [{"number": 1, "waybill": made.waybill, "code": "ok", "findings": findings}]
    orders = _orders(more["batch_file"])
    outcomes = []
    for outcome in render_each(orders, make, **options):
        outcomes.append(outcome)
        if outcome.code != "ok":
            where = f" (at {outcome.path})" if outcome.path else ""
            click.echo(f"label {outcome.number}: {outcome.code}{where}", err=True)
        if outcome.number % 100 == 0 or outcome.number == len(orders):
            click.echo(f"{outcome.number}/{len(orders)}", err=True)
    return bundle(outcomes)[0], [outcome.as_dict() for outcome in outcomes]


def _keys(obj: Context) -> tuple[TicketKeys, str, int]:
    """The folder's ticket keys, host and term; without a folder a key that is forgotten at once, and a word about it."""
    if obj.dir is None:
        from masking.labels.ticket_keys import TicketKeys

        click.echo(
            "note: no folder, so the ticket is signed with a key that is thrown away and cannot be scanned", err=True
        )
        return TicketKeys.generate(), LOOSE_HOST, LOOSE_DAYS
    from gateway.keys import load_keys
    from gateway.settings import load_settings

    settings = load_settings(obj.dir)
    click.echo("note: the ticket verifies offline, but belongs to no shipment of the service", err=True)
    return load_keys(obj.dir).tickets, settings.ticket_host, settings.ticket_days


def _label_maker(
    keys: TicketKeys, host: str, now: datetime, expires: datetime, language: Any, goods: bool
) -> Callable[[Any], Label]:
    from masking.labels.errors import LabelRefused
    from masking.labels.label import label_from_order
    from masking.labels.ticket import issue

    def make(order: Any) -> Label:
        if not isinstance(order, dict) or not isinstance(order.get("carrier"), str):
            raise LabelRefused("An order is an object with a carrier.", code="order_shape", path="carrier")
        ticket = issue(keys.signer, audience=order["carrier"], expires=expires).text(host)
        return label_from_order(order, ticket=ticket, printed_at=now, language=language, show_goods=goods)

    return make


def _orders(path: Path) -> list[Any]:
    """One order, an array of them, or one a line."""
    from masking.labels.errors import LabelRefused

    text = sys.stdin.read() if str(path) == "-" else path.read_text(encoding="utf-8")
    try:
        document = json.loads(text)
        return document if isinstance(document, list) else [document]
    except ValueError:
        try:
            return [json.loads(line) for line in text.splitlines() if line.strip()]
        except ValueError:
            raise LabelRefused("This is no JSON order.", code="order_shape", path="$") from None


def _write(output: Path | None, data: bytes) -> None:
    if output is None and sys.stdout.isatty():
        raise click.UsageError("a label is binary: name a file with -o")
    if output is None or str(output) == "-":
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    else:
        output.write_bytes(data)
