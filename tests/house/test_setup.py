"""What a clean checkout stands on: the verbs, the locks and what the README promises."""

from __future__ import annotations

import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.house.tree import ROOT

VERBS = ("demo", "test", "check", "bench", "load", "proofs")
PIN = re.compile(r"^([a-z0-9][a-z0-9._-]*)==([^ \\;]+)", re.MULTILINE)


def read(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


def pins(name: str) -> dict[str, str]:
    return {canonicalize_name(package): version for package, version in PIN.findall(read(name))}


def wanted(*extras: str) -> list[Requirement]:
    project = tomllib.loads(read("pyproject.toml"))["project"]
    lines = project["dependencies"] + [line for extra in extras for line in project["optional-dependencies"][extra]]
    return [Requirement(line) for line in lines]


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not here")
@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_can_be_planned(verb: str) -> None:
    plan = subprocess.run(["make", "-n", verb], cwd=ROOT, capture_output=True, text=True)
    assert plan.returncode == 0 and plan.stdout.strip()


def test_ci_runs_exactly_the_readme_s_test_command() -> None:
    commands = [line for line in read(".ci/run").splitlines() if line and not line.startswith(("#", "set ", "cd "))]
    assert commands == ["exec make test"]
    assert "make test" in read("README.md")


@pytest.mark.parametrize(("lock", "extras"), [("requirements.lock", ()), ("requirements-dev.lock", ("dev",))])
def test_a_lock_answers_every_dependency(lock: str, extras: tuple[str, ...]) -> None:
    versions = pins(lock)
    unanswered = [
        need.name
        for need in wanted(*extras)
        if not need.specifier.contains(versions.get(canonicalize_name(need.name), "0"), prereleases=True)
    ]
    assert unanswered == []


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock"])
def test_a_lock_holds_pins_with_hashes_and_no_address(lock: str) -> None:
    content = read(lock)
    assert "://" not in content and "--index" not in content and "--find-links" not in content
    entries = re.split(r"\n(?=[a-z0-9])", content)
    assert [entry.split(" ")[0] for entry in entries if "==" not in entry or "--hash=sha256:" not in entry] == []


def test_the_locks_agree() -> None:
    run, dev = pins("requirements.lock"), pins("requirements-dev.lock")
    assert {name: version for name, version in run.items() if dev.get(name) != version} == {}


def test_the_licence_is_whole() -> None:
    licence = read("LICENSE")
    assert "Apache License" in licence and "END OF TERMS AND CONDITIONS" in licence and len(licence.splitlines()) > 190


def test_the_changelog_names_this_version() -> None:
    version = tomllib.loads(read("pyproject.toml"))["project"]["version"]
    assert re.search(rf"^## \[?{re.escape(version)}", read("CHANGELOG.md"), re.MULTILINE)


def test_package_data_patterns_cover_every_data_file() -> None:
    patterns = tomllib.loads(read("pyproject.toml"))["tool"]["setuptools"]["package-data"]["*"]
    tracked = subprocess.run(
        ["git", "ls-files", "masking", "carriers", "virtual_numbers", "gateway"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    data = [Path(name) for name in tracked.stdout.split("\n") if name and not name.endswith((".py", ".md"))]
    assert [str(path) for path in data if not any(path.match(pattern) for pattern in patterns)] == []
