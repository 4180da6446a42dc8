"""The way back: what a carrier echoes becomes what the shop wrote, field by field, from the order's record and never by string search.

Knows roles, kinds and the record that `veil` left (`restore_map`). Carriers merge names, re-split address lines, drop separators from phones
and change case; so a field is matched by whose it is and what it is, and by content only among the values of that kind.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from carriers.sheet import Leaf
from masking.personal import Kind

Echo = Sequence[str]
"""Role, kind, part, what was sent, what the shop had written."""

_LOOSE = re.compile(r"[\W_]+")


def folded(text: str) -> str:
    """What stays the same when a carrier upper-cases, trims and re-punctuates; stars stay, they tell a mask from a name."""
    return _LOOSE.sub("", text.replace("*", "✱").casefold().replace("✱", "9999"))


class Record:
    """What was sent for whom, and what stands behind it."""

    def __init__(self, echoes: Iterable[Echo]) -> None:
        self.sent: dict[tuple[str, str], list[tuple[str, str]]] = {}
        for role, kind, _part, sent, plain in echoes:
            pair = (sent, plain)
            known = self.sent.setdefault((role, kind), [])
            if pair not in known:
                known.append(pair)

    def text(self, echoed: str) -> str | None:
        """What the shop wrote where a whole free text came back exactly as it was sent; None for any other, or where it is not sure."""
        plain = {
            written
            for (_, kind), pairs in self.sent.items()
            if kind == "free_text"
            for sent, written in pairs
            if sent == echoed
        }
        return plain.pop() if len(plain) == 1 else None

    def __repr__(self) -> str:
        return f"<Record of {sum(map(len, self.sent.values()))} values>"

    def restore(self, leaves: list[Leaf]) -> list[tuple[Leaf, str | None]]:
        """For each echoed leaf what the shop wrote, or None where the value is not one that we sent."""
        groups: dict[tuple[str, str], list[Leaf]] = {}
        for leaf in leaves:
            groups.setdefault((leaf.role.value, leaf.rule.kind.value), []).append(leaf)
        restored: list[tuple[Leaf, str | None]] = []
        for group, members in groups.items():
            restored += self._group(self.sent.get(group, []), members)
        return restored

    def _group(self, sent: list[tuple[str, str]], leaves: list[Leaf]) -> list[tuple[Leaf, str | None]]:
        by_value = {folded(out): plain for out, plain in sent if out}
        found: list[tuple[Leaf, str | None]] = [(leaf, by_value.get(folded(leaf.value))) for leaf in leaves]
        missing = [leaf for leaf, plain in found if plain is None]
        if missing:
            again = dict(zip(map(id, missing), _rejoined(sent, missing)))
            found = [(leaf, again[id(leaf)] if plain is None else plain) for leaf, plain in found]
        return found


def _rejoined(sent: list[tuple[str, str]], leaves: list[Leaf]) -> list[str | None]:
    """Values that came back merged, or split in other places."""
    out: list[str | None] = []
    for leaf in leaves:
        parts = _parts_of(folded(leaf.value), sent)
        out.append(" ".join(parts) if parts else None)
    if any(plain is None for plain in out) and sent:
        whole = folded("".join(value for value, _ in sent))
        open_at = [at for at, plain in enumerate(out) if plain is None]
        if whole and folded("".join(leaves[at].value for at in open_at)) == whole:
            # Split elsewhere: the shop's own lines, in their order, into as many fields as there are.
            lines = [plain for _, plain in sent]
            for number, at in enumerate(open_at):
                last = number == len(open_at) - 1
                out[at] = " ".join(lines[number:]) if last else "".join(lines[number : number + 1])
    return out


def _parts_of(value: str, sent: list[tuple[str, str]]) -> list[str]:
    """The plain values whose sent forms, in order, make up `value`."""
    parts: list[str] = []
    rest = value
    for out, plain in sent:
        piece = folded(out)
        if piece and rest.startswith(piece):
            parts.append(plain)
            rest = rest[len(piece) :]
    return parts if parts and not rest else []


def is_ours(kind: Kind) -> bool:
    """Kinds that come back restored; free text is scrubbed instead."""
    return kind is not Kind.FREE_TEXT
