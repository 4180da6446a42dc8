"""Every error code that the code can give has its paragraph in docs/errors.md, and no paragraph is about nothing."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from tests.house.tree import ROOT, sources, syntax, text

PAGE = Path("docs/errors.md")
CODE = re.compile(r"[a-z][a-z0-9]*(?:[_-][a-z0-9]+)*")


def codes(tree: ast.Module) -> set[str]:
    """Codes of classes (`code = "x"`), of raised errors (`code="x"`) and of the table of statuses."""
    found: set[str] = set()
    for node in ast.walk(tree):
        match node:
            case ast.ClassDef(body=body):
                found |= {code for line in body for code in _assigned(line, "code")}
            case ast.Call(keywords=keywords):
                found |= {k.value.value for k in keywords if k.arg == "code" and isinstance(k.value, ast.Constant)}
            case ast.Assign(targets=[ast.Name(id="STATUS")], value=ast.Dict(keys=keys)):
                found |= {key.value for key in keys if isinstance(key, ast.Constant)}
    return {code for code in found if isinstance(code, str) and CODE.fullmatch(code)}


def _assigned(line: ast.stmt, name: str) -> list[str]:
    match line:
        case ast.Assign(targets=[ast.Name(id=target)], value=ast.Constant(value=str(value))) if target == name:
            return [value]
        case ast.AnnAssign(target=ast.Name(id=target), value=ast.Constant(value=str(value))) if target == name:
            return [value]
    return []


def described() -> list[str]:
    """The codes that have a heading of their own: `### code`."""
    return re.findall(r"^#{2,4} `?([a-z][a-z0-9_-]*)`?\s*$", text(PAGE) or "", re.MULTILINE)


def test_every_code_has_a_paragraph() -> None:
    used = set().union(*(codes(syntax(path)) for path in sources()))
    assert sorted(used - set(described())) == []


def test_no_paragraph_is_about_a_code_that_nothing_gives() -> None:
    everything = "\n".join(text(path) or "" for path in sources())
    assert [code for code in described() if f'"{code}"' not in everything] == []


def test_no_code_is_described_twice() -> None:
    assert len(described()) == len(set(described()))


def paragraphs() -> dict[str, str]:
    """Code -> its paragraph."""
    parts = re.split(r"^#{2,4} `?([a-z][a-z0-9_-]*)`?\s*$", text(PAGE) or "", flags=re.MULTILINE)[1:]
    return dict(zip(parts[::2], parts[1::2], strict=True))


def test_a_paragraph_opens_with_the_status_that_is_answered() -> None:
    from gateway.http.problems import STATUS

    told = {code: int(match[0]) for code, said in paragraphs().items() if (match := re.match(r"\d{3}", said.strip()))}
    assert told == {code: status for code, status in STATUS.items() if code in described()}


def test_the_reader_of_codes_sees_all_three_places() -> None:
    tree = ast.parse('class A:\n    code = "a_b"\nraise A(code="c_d")\nSTATUS = {"e_f": 400}')
    assert codes(tree) == {"a_b", "c_d", "e_f"}


def test_the_page_is_there() -> None:
    assert (ROOT / PAGE).is_file()
