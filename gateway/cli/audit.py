"""`veilway audit …`: the record of disclosures, checked, exported, proven."""

from __future__ import annotations

import json
import sys

import click

from gateway.cli import Context
from gateway.cli.shop import json_option


@click.group()
def audit() -> None:
    """Verify, export and prove the record of disclosures."""


@audit.command()
@json_option
@click.pass_obj
def verify(context: Context, as_json: bool) -> None:
    """Check every entry against its chain, the checkpoints and the shipments. Exit 1 names the first bad entry."""
    from gateway.cli import remote

    verdict = remote.run(context.need_dir(), "audit.verify")
    if as_json:
        click.echo(json.dumps(verdict))
    elif verdict["ok"]:
        covered = sum(chain["covered_by_checkpoint"] for chain in verdict["chains"])
        click.echo(
            f"ok: {verdict['entries']} entries in {len(verdict['chains'])} chains, {covered} vouched for by a checkpoint"
        )
    else:
        bad = verdict["first_bad"]
        where = (
            f"entry {bad['seq']} of {bad['chain']}"
            if bad["seq"] is not None
            else (bad["chain"] or bad.get("shipment", ""))
        )
        click.echo(f"bad: {bad['fault']} at {where}")
    sys.exit(0 if verdict["ok"] else 1)


@audit.command()
@click.pass_obj
def export(context: Context) -> None:
    """Every entry, one JSON object a line: {"chain","seq","entry"}."""
    from gateway.cli import remote

    folder, at = context.need_dir(), {"chain": "", "after": -1}
    while at:
        page = remote.run(folder, "audit.export", **at)
        for entry in page["entries"]:
            click.echo(json.dumps(entry, ensure_ascii=False))
        at = page["next"]


@audit.command()
@click.option("--shipment", required=True)
@click.pass_obj
def prove(context: Context, shipment: str) -> None:
    """Every entry of a shipment with its inclusion proof, as JSON."""
    from gateway.cli import remote

    click.echo(json.dumps(remote.run(context.need_dir(), "audit.prove", shipment=shipment), ensure_ascii=False))
