"""The repository as its house tests see it: its files, its packages' syntax trees, its exemptions. Judges nothing."""

from __future__ import annotations

import ast
import subprocess
import tomllib
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("masking", "carriers", "virtual_numbers", "gateway")


@cache
def files() -> tuple[Path, ...]:
    """Every file of the repository, tracked or about to be, relative to its root."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout.decode().split("\0")
    return tuple(sorted(path for name in listed if name and (ROOT / (path := Path(name))).is_file()))


@cache
def text(path: Path) -> str | None:
    """A file's text, or None where it is not text."""
    try:
        return (ROOT / path).read_text("utf-8")
    except UnicodeDecodeError:
        return None


@cache
def sources(*tops: str) -> tuple[Path, ...]:
    """Python files below these top folders; by default those of the packages."""
    return tuple(path for path in files() if path.suffix == ".py" and path.parts[0] in (tops or PACKAGES))


@cache
def syntax(path: Path) -> ast.Module:
    return ast.parse(text(path) or "", str(path))


def imports(path: Path) -> set[str]:
    """Dotted names that a file imports: `a.b` for `import a.b`, `a.b.c` as well for `from a.b import c`."""
    found: set[str] = set()
    for node in ast.walk(syntax(path)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def exempt(rule: str) -> dict[str, str]:
    """Path -> reason for what a rule passes over, from the one table of exemptions."""
    table = tomllib.loads((ROOT / "tests/house/exemptions.toml").read_text("utf-8"))
    return dict(table[rule])


def check(rule: str, offenders: set[str]) -> None:
    """A rule holds where the offenders are exactly its exemptions: a new one fails, and so does one no longer needed."""
    allowed = set(exempt(rule))
    assert offenders - allowed == set(), f"{rule}: new offenders"
    assert allowed - offenders == set(), f"{rule}: no longer needed in tests/house/exemptions.toml; remove"
