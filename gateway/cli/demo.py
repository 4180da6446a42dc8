"""`veilway demo`: everything once, on an embedded database and sandbox couriers."""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from pathlib import Path

import click


@click.command()
@click.option("--serve", is_flag=True, help="Keep it running and print its URLs.")
@click.option("--port", type=int, default=0, help="Port to serve on; default any free one.")
@click.option(
    "--out", type=click.Path(path_type=Path), default=None, help="Folder for the label; default a fresh temporary one."
)
@click.option("--json", "as_json", is_flag=True, help="Answer as JSON.")
def demo(serve: bool, port: int, out: Path | None, as_json: bool) -> None:
    """Two orders, a label, scans, calls, a retry, an attempt to slip a phone through, and the record of it all."""
    from gateway.logs import configure

    configure("warning")
    out = out or Path(tempfile.mkdtemp(prefix="veilway-demo-"))
    with tempfile.TemporaryDirectory(prefix="veilway-") as folder:
        ok = asyncio.run(_run(Path(folder), out, serve=serve, port=port, as_json=as_json))
    sys.exit(0 if ok else 1)


async def _run(folder: Path, out: Path, *, serve: bool, port: int, as_json: bool) -> bool:
    from rich.console import Console

    from gateway.demo.picture import show
    from gateway.demo.story import demo as live

    async with live(folder, out, port=port) as story:
        told = story.told
        if as_json:
            click.echo(json.dumps(told.as_json(), ensure_ascii=False))
        else:
            show(told, Console(width=None if sys.stdout.isatty() else 120))
        if serve:
            await _keep(told.urls, folder)
        return told.ok


async def _keep(urls: dict[str, str], folder: Path) -> None:
    for name, url in urls.items():
        click.echo(f"{name:14} {url}", err=True)
    click.echo(f"{'verbs':14} veilway --dir {folder} …", err=True)
    click.echo("Running until Ctrl-C.", err=True)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    import signal

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    await stop.wait()
