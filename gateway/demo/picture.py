"""How the demo looks in a terminal: bodies side by side with the differences coloured, the label as half blocks, the rest in a
line each. Knows `rich`; lives nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PIL import Image
from rich.console import Console
from rich.table import Table
from rich.text import Text

from gateway.demo.story import OrderTold, Told, differences

UPPER, LOWER, FULL, NONE = "▀", "▄", "█", " "


def show(told: Told, console: Console) -> None:
    """The whole story."""
    for order in told.orders:
        show_order(order, console)
    _heading(console, "The label", told.label)
    if console.is_terminal:
        console.print(picture(Path(told.label), columns=min(console.width - 2, 76)))
    _heading(console, "One ticket, two couriers", "what each sees at its stage")
    for scan in told.scans:
        _scan(scan, console)
    _heading(console, "A call to the number on the label", "")
    for call in told.calls:
        colour = "green" if call["action"] == "connect" else "red"
        where = f" → {call['callee']}, who sees {call['display']}" if "callee" in call else ""
        console.print(f"  {call['called']}  [{colour}]{call['action']}[/] ({call['reason']}){where}")
    _heading(console, "The same order again", "new timestamp, request id and digest, as real retries come")
    same = "the first answer, byte for byte" if told.retry["identical"] else "[red]another answer[/]"
    console.print(f"  {same}; waybills at the courier: {told.retry['waybills_at_the_courier']}")
    _heading(console, "Slipping something through", "")
    console.print(f"  remark sent      {told.remark['sent']}\n  remark received  [green]{told.remark['received']}[/]")
    refused = told.refused
    console.print(
        f"  a field nobody described: [green]{refused['status']} {refused['code']}[/] at {refused['path']}, forwarded: {refused['forwarded']}"
    )
    _heading(console, "The record", "")
    console.print(
        f"  audit verify: {'[green]ok[/]' if told.audit['ok'] else '[red]bad[/]'}, {told.audit['entries']} entries"
    )
    verdict = "[bold green]0 leaks[/]" if told.leaks == 0 else f"[bold red]{told.leaks} leaks[/]"
    console.print(f"\n{verdict} · {told.seconds} s · label: {told.label}")


def _heading(console: Console, title: str, note: str) -> None:
    console.print()
    console.print(Text.assemble((title, "bold"), (f"  {note}" if note else "", "dim")))


def show_order(order: OrderTold, console: Console) -> None:
    """One order: the fields that differ, side by side."""
    _heading(console, f"An order through {order.carrier}", f"{order.shipment} · waybill {order.waybill}")
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for title in ("field", "the shop sent", "the courier received"):
        table.add_column(title, header_style="dim", overflow="fold")
    for row in differences(order):
        gone = Text("(not passed on)", "dim") if not row.received else Text(row.received, "green")
        table.add_row(Text(short(row.path), "dim"), Text(row.sent, "yellow"), gone)
    console.print(table)
    same = sum(not row.changed for row in order.rows)
    console.print(f"[dim]  {same} fields went through unchanged[/]")
    if order.granted:
        fields = ", ".join(short(path) for path in order.granted)
        console.print(
            f"[dim]  whole, under the named scope of a carrier that delivers from the printed label: {fields}[/]"
        )


def short(path: str) -> str:
    """A field's path without what every field of these two documents has in front."""
    return path.replace("form:msgData~$.", "").replace("$.ShipmentRequest.Shipment.", "").replace("form:", "")


def _scan(scan: dict[str, Any], console: Console) -> None:
    recipient = scan.get("recipient", {})
    address = recipient.get("address", {})
    console.print(
        f"  {scan['role']:9} at [bold]{scan['stage']}[/]: {recipient.get('name', '-')} · {address.get('street', '-')} · dial {scan.get('dial', '-')}"
    )


def picture(file: Path, *, columns: int) -> str:
    """A label as text: two rows of dots a line of half blocks."""
    with Image.open(file) as image:
        rows = round(columns * image.height / image.width / 2) * 2
        small = image.convert("L").resize((columns, rows), Image.Resampling.BOX)
    dark = [value < 150 for value in small.tobytes()]
    lines = []
    for top in range(0, rows, 2):
        pairs = zip(dark[top * columns : (top + 1) * columns], dark[(top + 1) * columns : (top + 2) * columns])
        lines.append("".join(FULL if a and b else UPPER if a else LOWER if b else NONE for a, b in pairs))
    return "\n".join(lines)
