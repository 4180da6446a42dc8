"""`veilway carrier`: which carriers are spoken, how well each is described, and what an unknown API looks like. Reads profiles; sends nothing."""

from __future__ import annotations

import importlib
import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gateway.cli import Context

if TYPE_CHECKING:
    from carriers.profile import CarrierProfile


class _Verbs(click.Group):
    """`enable` needs a store and lives in a file of its own, loaded when called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted([*super().list_commands(ctx), "enable"])

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name != "enable":
            return super().get_command(ctx, name)
        try:
            command: click.Command = importlib.import_module("gateway.cli.carrier_enable").enable
        except ModuleNotFoundError as missing:
            if missing.name != "gateway.cli.carrier_enable":
                raise
            return None
        return command


@click.group(cls=_Verbs)
def carrier() -> None:
    """Carriers' profiles: list, show, check, enable, infer, coverage."""


def _profiles(context: Context) -> dict[str, CarrierProfile]:
    from carriers.profile import load_profiles

    return load_profiles(context.dir / "carriers" if context.dir else None)


def _one(context: Context, name: str) -> CarrierProfile:
    found = _profiles(context)
    if name not in found:
        raise click.UsageError(f"no carrier {name!r}; `veilway carrier list` names them all")
    return found[name]


def _print_json(value: Any) -> None:
    click.echo(json.dumps(value, ensure_ascii=False))


@carrier.command("list")
@click.option("--json", "as_json", is_flag=True, help='[{"id", "name", "verified", "operations"}]')
@click.option("--markdown", "lang", type=click.Choice(["en", "zh"]), help="A table of carriers and kinds of calls.")
@click.pass_obj
def list_carriers(context: Context, as_json: bool, lang: str | None) -> None:
    """All carriers, with what is proven of each. 列出全部承运商。"""
    if lang:
        from carriers.overview import overview

        click.echo(overview(_profiles(context), lang))
        return
    found = [_listed(profile) for profile in _profiles(context).values()]
    if as_json:
        _print_json(found)
        return
    width = max((len(entry["id"]) for entry in found), default=0)
    for entry in found:
        state = "verified" if entry["verified"] else "shape only"
        click.echo(f"{entry['id']:{width}}  {state:10}  {', '.join(entry['operations'])}  {entry['name']}")


def _listed(profile: CarrierProfile) -> dict[str, Any]:
    name = profile.name.get("en", profile.id)
    local = profile.name.get("zh", "")
    return {
        "id": profile.id,
        "name": f"{name} {local}".strip(),
        "verified": profile.verified,
        "operations": list(profile.operations),
    }


@carrier.command()
@click.argument("carrier_id", metavar="ID")
@click.option("--json", "as_json", is_flag=True)
@click.pass_obj
def show(context: Context, carrier_id: str, as_json: bool) -> None:
    """One carrier: the secrets that `enable` needs, operations, pushes."""
    shown = _shown(_one(context, carrier_id))
    if as_json:
        _print_json(shown)
        return
    for key, value in shown.items():
        if key == "operations":
            for operation in value:
                click.echo(
                    f"operation {operation['id']}: {operation['effect']}, {operation['method']} {operation['path']}, unclassified {operation['unclassified']}, duplicate {operation['duplicate']}{'' if operation['verified'] else ', recalled'}"
                )
        else:
            click.echo(f"{key}: {', '.join(map(str, value)) if isinstance(value, list) else value}")


def _shown(profile: CarrierProfile) -> dict[str, Any]:
    return {
        **{key: value for key, value in _listed(profile).items() if key != "operations"},
        "last_mile": profile.last_mile,
        "base_url": profile.base_url,
        "hosts": [f"{name}={url}" for name, url in profile.hosts.items()],
        "secrets": list(profile.secrets),
        "passthrough": profile.passthrough,
        "mask_allowed": sorted(kind.value for kind in profile.mask_allowed),
        "pushes": [push.id for push in profile.pushes],
        "operations": [
            {
                "id": operation.id,
                "effect": operation.effect,
                "verified": operation.verified,
                "method": operation.method,
                "path": operation.path,
                "unclassified": operation.unclassified,
                "duplicate": operation.duplicate,
                "lookup": operation.lookup.operation.id if operation.lookup else None,
            }
            for operation in profile.operations.values()
        ],
    }


@carrier.command()
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path(path_type=Path))
def check(files: tuple[Path, ...]) -> None:
    """Validate profile files. Exit 1 and FILE:LINE where one is wrong, 2 where one cannot be read."""
    from carriers.errors import ProfileError
    from carriers.profile_compile import compile_file

    wrong = False
    for file in files:
        if not file.is_file():
            raise click.UsageError(f"{file} is not a file")
        try:
            profile = compile_file(file)
        except ProfileError as error:
            wrong = True
            click.echo(f"{error.path}: {error.code}: {error}")
        except UnicodeDecodeError:
            wrong = True
            click.echo(f"{file.name}:1: profile_invalid: not UTF-8")
        else:
            click.echo(f"{file.name}: {profile.id}, {len(profile.operations)} operations, {len(profile.pushes)} pushes")
    if wrong:
        raise click.exceptions.Exit(1)


@carrier.command()
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--profile", "as_profile", is_flag=True, help="Print a TOML draft made from the first file instead.")
@click.option("--id", "name", default="new-carrier", show_default=True, help="The id that the draft gets.")
def infer(files: tuple[Path, ...], as_profile: bool, name: str) -> None:
    """What the fields of an unknown API are: one JSON line a field. FILE ends in .json, .xml, .form or .multipart."""
    from carriers.infer import infer as findings_of
    from carriers.infer_profile import draft
    from carriers.leaves import format_of, leaves

    for file in files:
        if not file.is_file():
            raise click.UsageError(f"{file} is not a file")
        body, fmt = file.read_bytes(), format_of(file.name)
        findings = findings_of(body, fmt)
        if as_profile:
            click.echo(draft(name, fmt, list(leaves(body, fmt)), findings), nl=False)
            return
        for finding in findings:
            line = {
                "path": finding.path,
                "kind": finding.kind.value,
                "party": finding.party.value if finding.party else None,
                "confidence": finding.confidence,
            }
            _print_json({"file": file.name, **line} if len(files) > 1 else line)


@carrier.command()
@click.argument("carrier_id", metavar="[ID]", required=False)
@click.option(
    "--sample",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Judge each leaf of this file instead of listing the profile.",
)
@click.option("--operation", default="", help="With --sample: which operation; default is the first create.")
@click.option("--answer", is_flag=True, help="With --sample: the file is the carrier's answer.")
@click.option("--json", "as_json", is_flag=True)
@click.pass_obj
def coverage(
    context: Context, carrier_id: str | None, sample: Path | None, operation: str, answer: bool, as_json: bool
) -> None:
    """Every field of every operation: personal, plain, free text, unclassified. With --sample exit 1 where a leaf is unclassified."""
    from carriers.coverage import rows

    if sample is not None:
        _cover_sample(context, carrier_id, sample, operation, answer, as_json)
        return
    chosen = [_one(context, carrier_id)] if carrier_id else list(_profiles(context).values())
    lines = [(profile.id, row) for profile in chosen for row in rows(profile)]
    if as_json:
        _print_json([_row(name, row) for name, row in lines])
    elif carrier_id:
        for _, row in lines:
            click.echo(f"{row.operation:16} {row.direction:8} {row.group:13} {row.kind:24} {row.party:12} {row.path}")
    else:
        _print_totals(lines)


def _row(carrier_id: str, row: Any) -> dict[str, str]:
    return {
        "carrier": carrier_id,
        "operation": row.operation,
        "direction": row.direction,
        "path": row.path,
        "class": row.group,
        "kind": row.kind,
        "party": row.party,
    }


def _print_totals(lines: list[tuple[str, Any]]) -> None:
    from carriers.coverage import CLASSES

    counts = Counter((name, row.operation, row.group) for name, row in lines)
    policies = {(name, row.operation): row.kind for name, row in lines if row.group == "unclassified"}
    click.echo(
        f"{'carrier':16} {'operation':20} " + " ".join(f"{group:>11}" for group in CLASSES[:-1]) + "  unclassified"
    )
    for name, operation in dict.fromkeys((name, row.operation) for name, row in lines):
        numbers = " ".join(f"{counts[name, operation, group]:11}" for group in CLASSES[:-1])
        click.echo(f"{name:16} {operation:20} {numbers}  {policies.get((name, operation), 'push')}")


def _cover_sample(
    context: Context, carrier_id: str | None, sample: Path, operation: str, answer: bool, as_json: bool
) -> None:
    from carriers.coverage import check_sample
    from carriers.leaves import format_of

    if carrier_id is None:
        raise click.UsageError("--sample needs a carrier ID")
    profile = _one(context, carrier_id)
    name = operation or next((one.id for one in profile.operations.values() if one.effect == "create"), "")
    if name not in profile.operations:
        raise click.UsageError(
            f"{carrier_id} has no operation {name!r}; `veilway carrier show {carrier_id}` names them"
        )
    found = check_sample(profile.operations[name], sample.read_bytes(), format_of(sample.name), answer=answer)
    if as_json:
        _print_json([_row(profile.id, row) for row in found])
    else:
        for row in found:
            click.echo(f"{row.group:13} {row.kind:24} {row.party:12} {row.path}")
    if any(row.group == "unclassified" for row in found):
        raise click.exceptions.Exit(1)
