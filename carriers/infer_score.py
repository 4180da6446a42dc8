"""How good `infer` is on labelled payloads: `python -m carriers.infer_score FOLDER [--wrong] [--leave-one-out]`.

FOLDER is laid out as `payloads/README.md` says. With --leave-one-out each carrier is read without the words that no other carrier of
FOLDER uses in its keys: what is found then, is found by what is common to all.

Found: whole-leaf personal values that `infer` calls personal. Right: of what it calls personal, the part that is. Each also per kind, where
the kind must be the same, and per folder, so that a rule that serves one carrier alone shows.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from carriers.infer import PERSONAL, infer
from carriers.infer_words import forgetting, words
from carriers.leaves import format_of, leaves


@dataclass(slots=True)
class Score:
    """Counts over folders; a key is a kind, `personal`, `party`, or a folder's name."""

    wanted: Counter[str] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)
    named: Counter[str] = field(default_factory=Counter)
    right: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    """Paths of misses and false finds, without values."""

    def recall(self, key: str = "personal") -> float:
        return self.found[key] / self.wanted[key] if self.wanted[key] else 1.0

    def precision(self, key: str = "personal") -> float:
        return self.right[key] / self.named[key] if self.named[key] else 1.0


def score(folder: Path, *, leave_one_out: bool = False) -> Score:
    """Score every carrier folder below `folder`."""
    total = Score()
    truths = sorted(folder.glob("*/pii.json"))
    used = {truth: _key_words(truth) for truth in truths} if leave_one_out else {}
    for truth in truths:
        others = set().union(*(used[other] for other in used if other != truth)) if used else set()
        with forgetting(used.get(truth, set()) - others):
            _score_carrier(truth, total)
    return total


def _key_words(truth: Path) -> set[str]:
    files = json.loads(truth.read_text(encoding="utf-8"))["files"]
    return {
        word
        for name in files
        for leaf in leaves((truth.parent / name).read_bytes(), format_of(name))
        for key in leaf.keys
        for word in words(key)
    }


def _score_carrier(truth: Path, total: Score) -> None:
    known = json.loads(truth.read_text(encoding="utf-8"))
    for name in known["files"]:
        whole: dict[str, set[tuple[str, str]]] = {}
        for entry in known["pii"]:
            if entry["file"] == name and entry["match"] == "whole":
                whole.setdefault(entry["path"], set()).add((entry["kind"], entry["role"]))
        free = {entry["path"] for entry in known["free_text"] if entry["file"] == name}
        findings = infer((truth.parent / name).read_bytes(), format_of(name))
        _count(f"{known['carrier']}/{name}", findings, whole, free, total)


def _count(where: str, findings: list, whole: dict, free: set[str], total: Score) -> None:  # type: ignore[type-arg]
    carrier = where.partition("/")[0]
    for finding in findings:
        kinds = {kind for kind, _ in whole.get(finding.path, ())}
        named = finding.kind in PERSONAL
        for kind in kinds:
            total.wanted[kind] += 1
            total.found[kind] += finding.kind == kind
        if kinds:
            total.wanted.update(("personal", carrier))
            total.found.update(("personal", carrier) if named else ())
        if named:
            total.named.update(("personal", carrier, finding.kind))
            total.right.update(("personal", carrier) if kinds else ())
            total.right[finding.kind] += finding.kind in kinds
        if named and kinds:
            total.wanted["party"] += 1
            total.found["party"] += finding.party in {role for _, role in whole[finding.path]}
        if finding.path in free:
            total.wanted["free_text"] += 1
            total.found["free_text"] += finding.kind == "free_text"
        if bool(kinds) != named or (kinds and finding.kind not in kinds):
            total.wrong.append(
                f"{where} {finding.path}: is {'/'.join(sorted(kinds)) or 'plain'}, taken for {finding.kind}"
            )
        elif kinds and finding.party not in {role for _, role in whole[finding.path]}:
            total.wrong.append(f"{where} {finding.path}: {finding.kind}, party {finding.party}")


def main(argv: list[str]) -> int:
    total = score(Path(argv[0]), leave_one_out="--leave-one-out" in argv)
    lines = total.wrong if "--wrong" in argv else []
    lines += [f"{'':14} {'found':>13} {'right':>13}"]
    for key in sorted(total.wanted | total.named, key=lambda key: (key not in ("personal", "party"), key)):
        lines.append(
            f"{key:14} {total.found[key]:4}/{total.wanted[key]:<4} {total.recall(key):4.0%} {total.right[key]:4}/{total.named[key]:<4} {total.precision(key):4.0%}"
        )
    sys.stdout.write("\n".join(lines) + "\n")
    return 0 if total.recall() >= 0.97 and total.precision() >= 0.85 else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
