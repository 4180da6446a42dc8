"""Every file of the packages has a test file of its name."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.house.tree import check, exempt, imports, sources, syntax


def has_code(path: Path) -> bool:
    """Whether a file holds more than its opening paragraph and imports: only then can it go wrong."""
    return any(not isinstance(node, ast.Expr | ast.Import | ast.ImportFrom) for node in syntax(path).body)


def twin_names(path: Path) -> set[str]:
    """What the twin may be called: after the file, or after folder and file where another file has that name too."""
    own = path.parent.name if path.stem == "__init__" else path.stem
    return {f"test_{own}.py", f"test_{path.parent.name}_{own}.py", f"test_{path.parts[0]}_{own}.py"}


def is_twin(test: Path, path: Path) -> bool:
    """A twin bears the name and lies in a folder named after the package or one of its parts."""
    return test.name in twin_names(path) and bool(set(test.parts[1:-1]) & set(path.parts[:-1]))


def test_every_package_file_has_a_test_twin() -> None:
    tests = sources("tests")
    judged = [path for path in sources() if "migrations" not in path.parts and has_code(path)]
    check("twins", {str(path) for path in judged if not any(is_twin(test, path) for test in tests)})


def test_a_stand_in_for_a_twin_is_a_test_that_imports_the_file() -> None:
    """An exemption may name the test that covers the file together with its neighbours; then it has to do so."""
    named = {path: reason for path, reason in exempt("twins").items() if reason.startswith("tests/")}
    idle = {path for path, test in named.items() if not stands_in(Path(test), Path(path))}
    assert idle == set()


def stands_in(test: Path, path: Path) -> bool:
    module = ".".join(path.with_suffix("").parts).removesuffix(".__init__")
    return test in sources("tests") and any(f"{name}.".startswith(f"{module}.") for name in imports(test))


@pytest.mark.parametrize(
    ("test", "twin"),
    [
        ("tests/masking/test_vault.py", True),
        ("tests/labels/test_masking_vault.py", False),
        ("tests/gateway/test_vault.py", False),
        ("tests/masking/test_vaults.py", False),
    ],
)
def test_a_twin_is_known_by_name_and_folder(test: str, twin: bool) -> None:
    assert is_twin(Path(test), Path("masking/vault.py")) is twin
