"""`veilway serve`: run the gateway until a signal."""

from __future__ import annotations

import dataclasses
import gc
import os
import signal
import sys

import click

from gateway.cli import Context


@click.command()
@click.option("--host", default=None, help="Address to listen on.")
@click.option("--port", type=int, default=None, help="Port to listen on; 0 lets the system choose.")
@click.option("--workers", type=int, default=None, help="Processes; above 1 needs PostgreSQL.")
@click.pass_obj
def serve(context: Context, host: str | None, port: int | None, workers: int | None) -> None:
    """Run the gateway. SIGTERM drains and stops it."""
    from gateway.logs import configure
    from gateway.settings import _checked, load_settings

    given = {name: value for name, value in (("host", host), ("port", port), ("workers", workers)) if value is not None}
    settings = _checked(dataclasses.replace(load_settings(context.need_dir()), **given))  # type: ignore[arg-type]
    configure(settings.log_level)
    if settings.workers == 1:
        _run(settings, reuse_port=False)
        return
    children = [_fork(settings) for _ in range(settings.workers)]

    def stop(number: int, _frame: object) -> None:
        for child in children:
            os.kill(child, number)

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
    sys.exit(max(abs(code) for code in codes))


def _fork(settings: object) -> int:
    child = os.fork()
    if child == 0:
        _run(settings, reuse_port=True)
        os._exit(0)
    return child


def _run(settings: object, *, reuse_port: bool) -> None:
    import uvloop

    from gateway.server import serve as run

    # An order makes some thousand short-lived objects and no cycles worth speaking of: look for those less often.
    gc.set_threshold(20_000, 20, 50)
    uvloop.run(run(settings, reuse_port=reuse_port))  # type: ignore[arg-type]
