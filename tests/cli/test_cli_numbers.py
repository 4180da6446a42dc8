"""Relay numbers come into pools from arguments, standard input and files."""

from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import Here


async def test_numbers_are_added_imported_and_told(here: Here, tmp_path: Path) -> None:
    assert (await here.told("numbers", "add", "p", "95013990001", "-", stdin="95013990002\n"))["added"] == 2
    file = tmp_path / "numbers.csv"
    file.write_text("pool,number\n# a comment\np,95013990003\nq,+86 950-1399-0004\n")
    imported = await here.told("numbers", "import", str(file))
    assert [(row["pool"], row["added"]) for row in imported] == [("p", 1), ("q", 1)]
    status = {row["pool"]: row for row in await here.told("numbers", "status")}
    assert (status["p"]["numbers"], status["p"]["scheme"], status["p"]["live"]) == (3, "axn-ext", 0)
    empty = tmp_path / "empty"
    empty.write_text("# nothing\n")
    assert (await here.run("numbers", "import", str(empty))).code == 2
    assert (await here.run("numbers", "add", "p", "12")).code == 1
    assert (await here.run("numbers", "add", "r", "95013990005", "--scheme", "axyb")).code == 2


async def test_numbers_are_filed_and_withdrawn(here: Here) -> None:
    await here.told("numbers", "add", "p", "95013990001", "95013990002")
    assert await here.told("numbers", "set", "95013990001", "--filing", "pending", "--health", "bad") == {
        "numbers": 1,
        "filing": "pending",
        "health": "bad",
    }
    status = (await here.told("numbers", "status"))[0]
    assert (status["pending"], status["bad"]) == (1, 1)
    assert (await here.run("numbers", "set", "95013990001")).code == 2
    assert (await here.run("numbers", "set", "95013999999", "--health", "bad")).code == 1
