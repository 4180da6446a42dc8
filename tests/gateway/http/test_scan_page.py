"""The courier's page as it is served: a strict policy, files that say when they changed, words in both languages."""

from __future__ import annotations

import json
import re
from importlib.resources import files

import pytest

from tests.gateway.world import World

pytestmark = pytest.mark.asyncio(loop_scope="module")
PAGE = files("gateway.scan")


def source(name: str) -> str:
    return (PAGE / name).read_text("utf-8")


async def test_the_policy_lets_in_our_own_files_and_nothing_inline(world: World) -> None:
    page = await world.call("GET", "/scan", key="")
    policy = page.headers["Content-Security-Policy"]
    assert page.status == 200 and policy.startswith("default-src 'none'") and "unsafe" not in policy
    assert set(re.findall(r"https?:|\*|data:|blob:", policy)) == set()
    assert page.headers["Permissions-Policy"].startswith("camera=(self)")
    assert not re.search(r"<script(?![^>]*src=)|<style|\son\w+=|style=", page.body.decode())


async def test_every_file_that_the_page_names_is_served_with_its_type(world: World) -> None:
    named = set(re.findall(r'"(/scan/[\w.-]+)"', source("index.html") + source("scan.webmanifest")))
    named |= {
        f"/scan/{name}"
        for file in PAGE.iterdir()
        if file.name.endswith(".js")
        for name in re.findall(r'"\./([\w.]+)"', file.read_text())
    }
    assert len(named) > 10
    for path in named:
        answer = await world.call("GET", path, key="")
        assert answer.status == 200 and answer.headers["X-Content-Type-Options"] == "nosniff", path
    assert (await world.call("GET", "/scan/frame.py", key="")).status == 404
    assert (await world.call("GET", "/scan/..%2fsettings.py", key="")).status == 404


async def test_an_unchanged_file_is_not_sent_again(world: World) -> None:
    first = await world.call("GET", "/scan/app.js", key="")
    again = await world.call("GET", "/scan/app.js", key="", headers={"If-None-Match": first.headers["Etag"]})
    assert (again.status, again.body) == (304, b"")


async def test_the_worker_is_told_its_release_and_what_to_keep(world: World) -> None:
    worker = (await world.call("GET", "/scan/worker.js", key="")).body.decode()
    kept = json.loads("[" + re.search(r"const KEPT = \[(.*)\]", worker)[1] + "]")
    assert "/scan" in kept and "/scan/app.js" in kept and "/scan/worker.js" not in kept
    assert re.search(r'const RELEASE = "[0-9a-f]{16}"', worker)
    assert {(await world.call("GET", path, key="")).status for path in kept} == {200}


async def test_both_languages_have_every_word() -> None:
    chinese, english = (re.findall(r"^\s+([\w]+): ", part, re.M) for part in source("words.js").split("  en: {\n")[:2])
    assert [word for word in chinese if word != "zh"] == [word for word in english if word != "export"]
    asked = set(re.findall(r'data-word="(\w+)"', source("index.html")))
    asked |= {
        word
        for file in PAGE.iterdir()
        if file.name.endswith(".js")
        for word in re.findall(r'\bword\("(\w+)"\)', file.read_text())
    }
    assert asked - set(chinese) == set()


async def test_no_script_writes_markup_or_asks_elsewhere() -> None:
    for file in PAGE.iterdir():
        if file.name.endswith(".js"):
            text = file.read_text("utf-8")
            assert not re.search(r"innerHTML|outerHTML|insertAdjacent|document\.write|eval\(|new Function", text), (
                file.name
            )
            assert not re.search(r"https?://(?!\[)", text.replace("HTTPS:\\/\\/", "")), file.name
