"""`veilway numbers plan`: how many numbers and channels a load needs. Needs no folder."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from virtual_numbers.planner import Load, Plan
    from virtual_numbers.planner_simulation import Simulation


class _Duration(click.ParamType[timedelta]):
    """15d, 36h, 1d12h."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        from virtual_numbers.errors import NumbersError
        from virtual_numbers.planner import parse_duration

        if isinstance(value, timedelta):
            return value
        try:
            return parse_duration(value)
        except NumbersError as error:
            self.fail(str(error), param, ctx)


@click.command()
@click.option(
    "--per-day", type=click.IntRange(1), required=True, help="New bindings a day (one an order and recipient)."
)
@click.option("--hold", type=_Duration(), default="15d", show_default=True, help="How long a binding lives on average.")
@click.option(
    "--quarantine", type=_Duration(), default="30d", show_default=True, help="Rest of a place before it is used again."
)
@click.option("--scheme", type=click.Choice(["axb", "axn", "axn-ext", "axn700"]), default="axn-ext", show_default=True)
@click.option("--ext-digits", type=click.IntRange(1, 6), default=4, show_default=True, help="Digits of an extension.")
@click.option(
    "--occupancy",
    type=click.FloatRange(0, 1, min_open=True),
    default=0.5,
    show_default=True,
    help="Share of a number's extensions in use.",
)
@click.option(
    "--numbers", "have", type=click.IntRange(1), help="Numbers at hand: does their effective quarantine suffice?"
)
@click.option(
    "--peak",
    type=click.FloatRange(0, min_open=True),
    default=1.0,
    show_default=True,
    help="Busiest stretch over the average day.",
)
@click.option(
    "--calls", type=click.FloatRange(0, min_open=True), default=1.5, show_default=True, help="Calls a binding."
)
@click.option("--call", type=_Duration(), default="1m", show_default=True, help="Length of a call.")
@click.option(
    "--blocking",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    default=0.01,
    show_default=True,
    help="Calls that may find all channels taken.",
)
@click.option(
    "--parcels-per-courier",
    "per_courier",
    type=click.IntRange(1),
    default=150,
    show_default=True,
    help="Of the busiest courier, a day (axb).",
)
@click.option(
    "--pairs-per-number",
    type=click.IntRange(1),
    default=200,
    show_default=True,
    help="Live pairs a provider allows on a number (axb).",
)
@click.option("--seed", type=int, default=1, show_default=True, help="Of the simulation.")
@click.option("--svg", type=click.Path(dir_okay=False, writable=True, path_type=Path), help="Write the plot here.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def plan(scheme: str, seed: int, svg: Path | None, as_json: bool, **figures: Any) -> None:
    """How many numbers and channels a load needs: by formula, and by a simulation of the real pool beside it."""
    from virtual_numbers.binding import Scheme
    from virtual_numbers.planner import Load
    from virtual_numbers.planner import plan as make_plan
    from virtual_numbers.planner_simulation import simulate

    load = Load(scheme=Scheme(scheme), **figures)
    answer = make_plan(load)
    beside = simulate(load, answer, seed=seed)
    if svg is not None:
        from virtual_numbers.planner_plot import draw

        svg.write_text(draw(load, answer, beside), encoding="utf-8")
    for warning in answer.warnings:
        click.echo(f"warning: {warning}", err=True)
    click.echo(json.dumps(_as_json(load, answer, beside)) if as_json else _as_text(load, answer, beside))


def _as_json(load: Load, answer: Plan, beside: Simulation) -> dict[str, Any]:
    simulation = {name: value for name, value in asdict(beside).items() if name != "curve"}
    return {
        "scheme": load.scheme.value, "per_day": load.per_day, "hold_days": load.hold / timedelta(days=1),
        "quarantine_days": load.quarantine / timedelta(days=1), "ext_digits": load.ext_digits, "occupancy": load.occupancy,
        **asdict(answer), "warnings": list(answer.warnings), "simulation": simulation,
    }  # fmt: skip


def _as_text(load: Load, answer: Plan, beside: Simulation) -> str:
    rows = [
        ("numbers", f"{answer.numbers:,}", f"{beside.numbers:,}"),
        ("places wanted", f"{answer.places:,}", f"{beside.peak_places:,} at peak"),
        ("effective quarantine", f"{answer.effective_quarantine_days:.1f} d", _rest(beside)),
        ("orders refused", "", f"{beside.refused:.2%}"),
        ("channels", f"{answer.channels:,} ({answer.channels_per_number} a number)", ""),
    ]
    head = f"{'':22}{'formula':>22}{'simulation':>26}"
    body = [f"{name:22}{formula:>22}{simulated:>26}".rstrip() for name, formula, simulated in rows]
    return "\n".join([head, *body, f"formula: {answer.formula}; seed {beside.seed}, 1 : {beside.scale:g}"])


def _rest(beside: Simulation) -> str:
    return (
        "no place used twice"
        if beside.shortest_rest_days is None
        else f"{beside.shortest_rest_days:.1f} d shortest rest"
    )
