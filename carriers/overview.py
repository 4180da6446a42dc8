"""Which carrier takes what: one line a carrier, one column a kind of call, in English or Chinese, as Markdown.

Knows profiles; reads no file and prints nothing. `docs/carriers.md` and its Chinese twin hold what this says, and a test holds them to it.
"""

from __future__ import annotations

from collections.abc import Mapping

from carriers.profile import CarrierProfile

EFFECTS = ("create", "update", "cancel", "lookup", "trace", "rate", "label", "return")
PROVEN, RECALLED, NONE = "●", "○", ""
_HEADS = {
    "en": ("carrier", "create", "update", "cancel", "look-up", "trace", "rate", "label", "return", "push"),
    "zh": ("承运商", "下单", "改单", "取消", "查单", "轨迹", "运价", "面单", "退货", "推送"),
}


def overview(profiles: Mapping[str, CarrierProfile], lang: str = "en") -> str:
    """The table. Carriers stand in the order of their ids."""
    heads = _HEADS[lang]
    lines = [_line(heads), _line(("---", *(":-:" for _ in heads[1:])))]
    lines += [_line((_named(profile, lang), *marks(profile))) for _, profile in sorted(profiles.items())]
    return "\n".join(lines)


def marks(profile: CarrierProfile) -> tuple[str, ...]:
    """A mark for each kind of call and for pushes: proven if one of its operations is, recalled if none is, empty if there is none."""
    calls = [_mark([one.verified for one in profile.operations.values() if one.effect == effect]) for effect in EFFECTS]
    return (*calls, _mark([push.verified for push in profile.pushes]))


def _mark(proven: list[bool]) -> str:
    return (PROVEN if any(proven) else RECALLED) if proven else NONE


def _named(profile: CarrierProfile, lang: str) -> str:
    name = profile.name.get(lang) or profile.name.get("en", "")
    return f"`{profile.id}` {name}".strip()


def _line(cells: tuple[str, ...]) -> str:
    return f"| {' | '.join(cells)} |"
