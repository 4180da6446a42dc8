"""`veilway init DIR`: settings, keys, database."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Answer as JSON.")
def init(folder: Path, as_json: bool) -> None:
    """Make a folder with veilway.toml, keys.json (mode 0600) and the database. An existing one is left alone."""
    from gateway.cli.show import emit
    from gateway.keys import KEYS, make_keys, save_keys
    from gateway.settings import CONFIG, INITIAL, ConfigError, load_settings

    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise ConfigError(f"the folder cannot be made ({type(error).__name__})", path=str(folder.name)) from None
    if (folder / KEYS).exists():
        raise ConfigError(
            f"this folder has a {KEYS} already; a second one would orphan what the first has sealed", path=KEYS
        )
    if not (folder / CONFIG).exists():
        (folder / CONFIG).write_text(INITIAL, encoding="utf-8")
    load_settings(folder)
    save_keys(folder, make_keys())
    asyncio.run(_make_database(folder))
    click.echo("Keep keys.json apart from your backups of the data: with both, everything can be read.", err=True)
    emit({"dir": str(folder), "config": CONFIG, "keys": KEYS}, as_json=as_json)


async def _make_database(folder: Path) -> None:
    from gateway.service import open_service
    from gateway.settings import load_settings

    async with open_service(load_settings(folder)):
        pass
