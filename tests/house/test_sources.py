"""What no line of the packages may do: assert, draw secrets from `random`, read the environment, open the vault, spawn tasks."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.house.tree import check, files, imports, sources, syntax, text

LONGEST = 400


def asserts(tree: ast.Module) -> list[int]:
    return [node.lineno for node in ast.walk(tree) if isinstance(node, ast.Assert)]


def names(tree: ast.Module) -> set[str]:
    """Every name and attribute that a file speaks of."""
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    return used | {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}


def unseeded(tree: ast.Module) -> list[int]:
    """Lines that use the shared generator of `random`, or an instance without a seed."""
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    found = []
    for call in calls:
        match call.func:
            case ast.Attribute(value=ast.Name(id="random"), attr="Random") if call.args:
                continue
            case ast.Attribute(value=ast.Name(id="random")):
                found.append(call.lineno)
    return found


def test_no_package_asserts() -> None:
    # `python -O` removes them: what must hold is refused with an error.
    assert [(str(path), line) for path in sources() for line in asserts(syntax(path))] == []


def test_random_is_for_seeded_simulations_only() -> None:
    check("random", {str(path) for path in sources() if {"random"} & {name.split(".")[0] for name in imports(path)}})
    simulations = [path for path in sources() if "random" in imports(path)]
    assert [(str(path), line) for path in simulations for line in unseeded(syntax(path))] == []


def test_only_the_settings_read_the_environment() -> None:
    check("environment", {str(path) for path in sources() if {"environ", "getenv"} & names(syntax(path))})


def test_there_is_one_door_out_of_the_vault() -> None:
    openers = {str(path) for path in sources() if "unseal" in names(syntax(path))}
    check("unseal", openers)


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        ("assert key", asserts),
        ("random.random()", unseeded),
        ("random.Random()", unseeded),
        ("random.SystemRandom()", unseeded),
    ],
)
def test_a_rule_finds_what_it_forbids(line: str, rule: object) -> None:
    assert rule(ast.parse(line)) == [1]  # type: ignore[operator]


def test_a_seeded_generator_is_no_find() -> None:
    assert unseeded(ast.parse("random.Random(7)")) == []


def test_no_source_file_is_longer_than_400_lines() -> None:
    lengths = {
        str(path): (text(path) or "").count("\n")
        for path in sources("masking", "carriers", "virtual_numbers", "gateway", "load", "tests")
        if "migrations" not in path.parts  # written by Alembic, a statement after the other
    }
    assert {name: lines for name, lines in lengths.items() if lines > LONGEST} == {}


def test_every_source_file_opens_with_a_paragraph() -> None:
    judged = [
        path for path in sources("masking", "carriers", "virtual_numbers", "gateway", "load") if syntax(path).body
    ]
    assert [str(path) for path in judged if not ast.get_docstring(syntax(path))] == []


def test_the_tree_was_found() -> None:
    assert Path("pyproject.toml") in files() and len(sources()) > 20
