"""The import contract runs as a test, and is shown to be able to fail."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.house.tree import PACKAGES, ROOT, imports, sources


def contract(folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the contract on the packages in a folder, whichever copy is installed."""
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as run; run()", "--no-cache"]
    return subprocess.run(command, cwd=folder, env={"PYTHONPATH": str(folder)}, capture_output=True, text=True)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The packages' Python files, to be broken."""
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for path in sources():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / path, tmp_path / path)
    return tmp_path


def test_the_floors_hold() -> None:
    run = contract(ROOT)
    assert run.returncode == 0, run.stdout


@pytest.mark.parametrize(
    ("lower", "upper"),
    [
        ("masking", "carriers"),
        ("carriers", "virtual_numbers"),
        ("virtual_numbers", "carriers"),
        ("carriers", "gateway"),
    ],
)
def test_an_import_upwards_or_across_breaks_the_contract(copy: Path, lower: str, upper: str) -> None:
    (copy / lower / "upstairs.py").write_text(f"import {upper}\n", "utf-8")
    assert contract(copy).returncode == 1


def test_http_on_a_pure_floor_breaks_the_contract(copy: Path) -> None:
    (copy / "masking" / "upstairs.py").write_text("import aiohttp\n", "utf-8")
    assert contract(copy).returncode == 1


def test_no_package_imports_the_tests_or_the_load() -> None:
    found = {
        (str(path), name) for path in sources() for name in imports(path) if name.split(".")[0] in ("tests", "load")
    }
    assert found == set()


def test_tests_never_import_the_load_or_locust() -> None:
    # Locust patches the standard library's sockets at import: one such test would change all the others.
    found = {(str(path), name) for path in sources("tests") for name in imports(path)}
    assert {pair for pair in found if pair[1].split(".")[0] in ("load", "locust", "gevent")} == set()


def test_the_four_packages_are_all_there() -> None:
    assert {path.parts[0] for path in sources()} == set(PACKAGES)
