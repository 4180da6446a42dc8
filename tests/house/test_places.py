"""The repository names no machine it was on and no registry it was installed from."""

from __future__ import annotations

import re

import pytest

from tests.house.tree import files, text

# A folder of somebody's machine, at the start of an absolute path. Spelt apart, so that this file is not a find itself.
FOLDER = re.compile(r"(?<![\w.~$}\])%>*/-])/" + "(?:work|root|home|tmp|opt|Users)/" + r"[\w.-]")
HOSTS = (
    "pypi" + ".org",
    "python" + "hosted.org",
    "npmjs" + ".org",
    "debian" + ".org",
    "proxy.golang" + ".org",
    "static.crates" + ".io",
)


def finds(content: str) -> list[str]:
    """The machine paths and registry hosts in a text."""
    return [match[0] for match in FOLDER.finditer(content)] + [host for host in HOSTS if host in content]


def test_no_file_names_a_machine_or_a_registry() -> None:
    found = {str(path): finds(content) for path in files() if (content := text(path))}
    assert {name: places for name, places in found.items() if places} == {}


@pytest.mark.parametrize(
    "content",
    ["open('/" + "tmp/x')", "see /" + "root/.config", "https://" + HOSTS[0] + "/simple", "path=/" + "home/me"],
)
def test_a_machine_path_is_a_find(content: str) -> None:
    assert finds(content)


@pytest.mark.parametrize("content", ["$.tmp/x", "https://host.example/home/me", "{folder}/tmp/x", "/usr/sbin"])
def test_a_path_inside_something_else_is_none(content: str) -> None:
    assert finds(content) == []
