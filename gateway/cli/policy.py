"""`veilway policy`: who sees what and why, in sentences; two policies compared, also on decisions that were made.

Needs no folder: without one it speaks of the built-in policy, with one of the policy in force there. A policy is named by its file, by
the number of its version in the folder, or `built-in`. Knows the words of `masking/policy_text.py`; decides nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gateway.cli.policy_versions import VERBS, decisions, version_source
from gateway.cli.values import read_values
from masking.errors import VeilwayError

if TYPE_CHECKING:
    from masking.policy import Audience, Occasion, ScopePolicy
    from masking.policy_diff import Change, Replayed

_LANG = click.option("--lang", type=click.Choice(["en", "zh"]), default="en", show_default=True)
_JSON = click.option("--json", "as_json", is_flag=True, help="For machines.")
_POLICY = click.option(
    "--policy", "named", metavar="FILE|VERSION|built-in", help="Another policy than the one in force."
)


class PolicyUnreadable(VeilwayError):
    """A policy or a list of entries that cannot be read."""

    code = "config_policy_unreadable"


@click.group()
def policy() -> None:
    """Who sees what, at which stage, and why."""


for _verb in VERBS:
    policy.add_command(_verb)


@policy.command()
@_POLICY
@_LANG
@_JSON
@click.pass_context
def show(ctx: click.Context, named: str | None, lang: str, as_json: bool) -> None:
    """Every rule as a sentence. What no sentence grants is hidden."""
    from masking.policy_text import agreement, sentence, terms_clauses

    held = _named(ctx, named)
    rules = [{"id": rule.id, "level": rule.level.value, "sentence": sentence(rule, lang)} for rule in held.rules]
    terms = {carrier: [*agreement(one, lang), *terms_clauses(one, lang)] for carrier, one in held.terms.items()}
    if as_json:
        return click.echo(_json({"name": held.name, "digest": held.digest, "rules": rules, "terms": terms}))
    click.echo(f"{held.name}  {held.digest}")
    for rule in rules:
        click.echo(f"- {rule['sentence']}")
    for carrier, told in terms.items():
        click.echo(f"- {carrier}: {', '.join(told) or '-'}")
    return None


@policy.command()
@click.option("--carrier", required=True)
@click.option("--role", required=True, help="pickup, linehaul, delivery, station, customer_service, customs, …")
@click.option("--stage", required=True, help="created, picked_up, in_transit, at_station, out_for_delivery, …")
@click.option("--field", "name", required=True, help="recipient.street, sender.phone, …")
@_POLICY
@_LANG
@_JSON
@click.pass_context
def explain(
    ctx: click.Context, carrier: str, role: str, stage: str, name: str, named: str | None, lang: str, as_json: bool
) -> None:
    """What one reader gets of one field at one stage, and by which rule."""
    from masking.policy import FIELDS, Reader
    from masking.policy_text import explain as explained
    from masking.stage import Stage

    reader = Reader(_one_of("--role", role, list(Reader)))
    at = Stage(_one_of("--stage", stage, list(Stage)))
    told = explained(
        _named(ctx, named), reader=reader, carrier=carrier, stage=at, name=_one_of("--field", name, FIELDS), lang=lang
    )
    grants = [{"rule": g.rule, "level": g.level.value, "needs": list(g.needs), "why": g.why} for g in told.grants]
    if as_json:
        cell = {"carrier": carrier, "role": role, "stage": stage, "field": name}
        levels = {"level": told.level.value, "deepest": told.deepest.value}
        bound = {"terms": list(told.terms), "agreement": list(told.agreement)}
        return click.echo(_json({**cell, **levels, "grants": grants, **bound}))
    click.echo(told.level.value)
    for grant in told.grants:
        needs = f" ({'; '.join(grant.needs)})" if grant.needs else ""
        click.echo(f"- {grant.level.value} by {grant.rule}{needs}: {grant.why}")
    for clause in (*told.agreement, *told.terms):
        click.echo(f"- {carrier}: {clause}")
    if not told.grants:
        click.echo("- no rule grants it" if lang == "en" else "- 没有规则授权")
    return None


@policy.command()
@click.argument("old")
@click.argument("new")
@click.option("--entries", help="Audit entries to decide again, one a line; `-` or `@FILE`.")
@click.option(
    "--last", type=click.IntRange(min=1), default=10_000, show_default=True, help="Only so many of --entries."
)
@click.option("--replay", "again", type=click.IntRange(min=1), help="Decide the folder's last so many decisions again.")
@_JSON
@click.pass_context
def diff(
    ctx: click.Context, old: str, new: str, entries: str | None, last: int, again: int | None, as_json: bool
) -> None:
    """Who would see more or less under NEW than under OLD. Exit 1 where somebody would see more."""
    from masking.policy_diff import diff as changes
    from masking.policy_diff import replay

    was, would = _named(ctx, old), _named(ctx, new)
    rows = [_told(group) for group in _grouped(changes(was, would))]
    put = [_question(told) for told in decisions(ctx.obj, again)] if again else []
    put += list(_recorded(entries))[-last:] if entries else []
    replayed = [_replayed(one) for one in replay(was, would, put)]
    if as_json:
        counted = {word: sum(one["effect"] == word for one in replayed) for word in ("more", "less")}
        click.echo(_json({"changes": rows, "replayed": replayed, "decisions": len(put)} | counted))
    else:
        for row in rows:
            who = f"{row['role']} of {row['carrier'] or 'every carrier'}"
            click.echo(
                f"{row['effect']:6} {who}: {row['field']} {row['old']} -> {row['new']} at {', '.join(row['stages'])}"
            )
        for one in replayed:
            click.echo(f"replay {one['at']} {one['reader']}: {one['field']} {one['old']} -> {one['new']}")
        if put:
            click.echo(f"{len(put)} decisions put again, {len(replayed)} fields differ", err=True)
        if not rows:
            click.echo("no difference", err=True)
    ctx.exit(1 if any(row["effect"] != "less" for row in rows) else 0)


def _named(ctx: click.Context, name: str | None) -> ScopePolicy:
    from masking.policy_load import BUILT_IN, PolicyInvalid, built_in, load_policy

    if name == BUILT_IN or (name is None and ctx.obj.dir is None):
        return built_in()
    if name is None or name.isdecimal():
        return load_policy(version_source(ctx.obj, int(name) if name else None))
    try:
        return load_policy(Path(name.removeprefix("@")).read_text("utf-8"))
    except (OSError, UnicodeDecodeError):
        raise PolicyUnreadable("the policy file cannot be read as text", path=name) from None
    except PolicyInvalid as error:
        raise PolicyUnreadable(f"{name}: {error}", path=error.path) from None


def _recorded(source: str) -> Iterator[tuple[Audience, Occasion]]:
    for line in read_values([source]):
        try:
            told = json.loads(line)
            if told["tag"].startswith("disclosure."):
                yield _question(told)
        except (ValueError, KeyError, TypeError, AttributeError):
            raise PolicyUnreadable("a line is no audit entry", path="--entries") from None


def _question(told: dict[str, Any]) -> tuple[Audience, Occasion]:
    from masking.policy_diff import recall

    return recall(told["detail"], at=datetime.fromisoformat(told["at"]), actor=told["actor"])


def _replayed(one: Replayed) -> dict[str, Any]:
    from masking.policy import RANK

    return {
        "at": one.occasion.now.isoformat(),
        "reader": one.audience.reader.value,
        "carrier": one.audience.carrier,
        "field": one.name,
        "old": one.before.value,
        "new": one.after.value,
        "effect": "more" if RANK[one.after] > RANK[one.before] else "less",
    }


def _grouped(changes: list[Change]) -> Iterator[list[Change]]:
    def cell(change: Change) -> tuple[str, ...]:
        flags = f"{change.opens:d}{change.closes:d}"
        return change.carrier, change.reader, change.name, change.before, change.after, flags

    for _, group in groupby(sorted(changes, key=cell), key=cell):
        yield list(group)


def _told(group: list[Change]) -> dict[str, Any]:
    first = group[0]
    effect = "other" if first.opens and first.closes else "more" if first.opens else "less"
    return {
        "effect": effect,
        "carrier": first.carrier,
        "role": first.reader.value,
        "field": first.name,
        "old": first.before.value,
        "new": first.after.value,
        "stages": [change.stage.value for change in group],
    }


def _one_of(option: str, word: str, words: Any) -> str:
    if word not in list(words):
        raise click.BadParameter(f"one of {', '.join(words)}", param_hint=option)
    return word


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
