"""The command line `veilway`: noun, verb. Data on stdout, talk on stderr; exit 0, 1 (refused or found) or 2 (usage, config).

One file a noun, loaded only when its noun is called, so that `veilway mask` starts in the time of click alone.
"""

from __future__ import annotations

import importlib
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from masking.errors import VeilwayError

NOUNS = {
    "audit": "Verify, export and prove the record of disclosures.",
    "carrier": "Carriers' profiles: list, show, check, enable, infer, coverage.",
    "courier": "Couriers who may scan labels.",
    "demo": "Everything once, on an embedded database and sandbox couriers.",
    "doctor": "Look this machine and folder over.",
    "init": "Make a folder with settings, keys and database.",
    "label": "Render, check and remask labels.",
    "mask": "Mask values, files and whole payloads.",
    "numbers": "Relay numbers: add, import, status, plan, provider, reconcile.",
    "policy": "Who sees what, at which stage, and why.",
    "relay": "Decide a call without placing it.",
    "serve": "Run the gateway.",
    "shipment": "Look at a shipment; resolve one in doubt.",
    "shop": "Shops and their keys.",
    "station": "Carriers' stations: the regions they serve, the country they are in.",
    "ticket": "Verify labels' tickets offline.",
}


@dataclass(slots=True)
class Context:
    """What every verb is handed: the folder, where one was named."""

    dir: Path | None = None

    def need_dir(self) -> Path:
        """The folder, or exit 2 with a sentence."""
        if self.dir is None:
            raise click.UsageError("this verb needs a folder: veilway --dir DIR … or VEILWAY_DIR")
        return self.dir


class Nouns(click.Group):
    """A group whose commands live in files of the same name."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(NOUNS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in NOUNS:
            return None
        module = importlib.import_module(f"gateway.cli.{name}")
        command: click.Command = getattr(module, name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(sorted(NOUNS.items()))


@click.group(cls=Nouns, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--dir", "folder", type=click.Path(path_type=Path), envvar="VEILWAY_DIR", help="Folder of this service.")
@click.version_option(package_name="veilway", prog_name="veilway")
@click.pass_context
def veilway(ctx: click.Context, folder: Path | None) -> None:
    """Veilway: an order-privacy gateway between shops and couriers."""
    ctx.obj = Context(folder)


def main(arguments: list[str] | None = None) -> None:
    """Entry point: turns refusals into one line on stderr and an exit code."""
    try:
        code: Any = veilway.main(args=arguments, prog_name="veilway", standalone_mode=False)
    except click.exceptions.Abort:
        sys.exit(130)
    except click.exceptions.Exit as stop:
        sys.exit(stop.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except VeilwayError as error:
        click.echo(f"{error.code}: {error}" + (f" (at {error.path})" if error.path else ""), err=True)
        sys.exit(2 if error.code.startswith("config_") else 1)
    except BrokenPipeError:
        # The reader left; what it wanted it has. Keep the interpreter from complaining at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    sys.exit(code if isinstance(code, int) else 0)
