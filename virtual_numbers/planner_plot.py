"""The plan as a picture: places held over time by simulation, against what the formula's numbers allow. SVG text, no library."""

from __future__ import annotations

from datetime import timedelta
from html import escape

from virtual_numbers.planner import Load, Plan
from virtual_numbers.planner_simulation import Simulation

WIDTH, HEIGHT = 760, 400
LEFT, RIGHT, TOP, BOTTOM = 90, 20, 64, 50


def draw(load: Load, plan: Plan, simulation: Simulation) -> str:
    """An SVG document of about 10 kB that reads in black and white too."""
    pairs = load.scheme.by_pair
    limit = (load.have or plan.numbers) if pairs else plan.usable
    days = max(day for day, _ in simulation.curve) or 1.0
    top = _round_up(max(limit, simulation.peak_places) * 1.1)
    points = " ".join(f"{_x(day, days):.1f},{_y(held, top):.1f}" for day, held in simulation.curve)
    what = "numbers the busiest phone stands on" if pairs else "places wanted (live and cooling)"
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" font-family="sans-serif" font-size="12">',
            f"<title>{escape(_title(load, plan))}</title>",
            f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
            f'<text x="{LEFT}" y="24" font-size="15" font-weight="bold">{escape(_title(load, plan))}</text>',
            f'<text x="{LEFT}" y="44" fill="#444444">{_figures(plan, simulation)}</text>',
            *_axes(days, top, what),
            f'<polyline fill="none" stroke="#1f6f8b" stroke-width="2" points="{points}"/>',
            f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{_y(limit, top):.1f}" y2="{_y(limit, top):.1f}" stroke="#b3261e" stroke-width="2" stroke-dasharray="7 5"/>',
            f'<text x="{WIDTH - RIGHT}" y="{_y(limit, top) - 6:.1f}" text-anchor="end" fill="#b3261e">allowed by the plan: {limit:,}</text>',
            "</svg>",
            "",
        ]
    )


def _figures(plan: Plan, simulation: Simulation) -> str:
    numbers = f"formula {plan.numbers:,} numbers, simulation {simulation.numbers:,} (seed {simulation.seed})"
    return f"{numbers}; {plan.channels:,} channels"


def _title(load: Load, plan: Plan) -> str:
    return f"{load.scheme.value}: {load.per_day:,} a day, hold {_days(load.hold)}, quarantine {_days(load.quarantine)}"


def _days(span: timedelta) -> str:
    return f"{span / timedelta(days=1):g} d"


def _axes(days: float, top: float, what: str) -> list[str]:
    lines = [f'<text x="{LEFT}" y="{HEIGHT - 12}" fill="#444444">day; curve: {escape(what)}</text>']
    for part in range(5):
        held, y = top * part / 4, _y(top * part / 4, top)
        lines.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="#dddddd"/>')
        lines.append(f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{held:,.0f}</text>')
        day = days * part / 4
        lines.append(f'<text x="{_x(day, days):.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{day:.0f}</text>')
    return lines


def _x(day: float, days: float) -> float:
    return LEFT + (WIDTH - LEFT - RIGHT) * day / days


def _y(held: float, top: float) -> float:
    return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * held / top


def _round_up(figure: float) -> float:
    """To two leading digits, so that the axis has round marks."""
    step = float(10 ** max(0, len(str(int(figure))) - 2))
    return -(-figure // (4 * step)) * 4 * step
