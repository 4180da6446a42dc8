"""Accounts with number providers from the command line: secrets by file or standard input, drift as exit code 1."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from gateway.service import system_clock
from tests.cli.conftest import Here
from tests.gateway.pushed import provider
from virtual_numbers.fakes.alibaba import Sub


async def test_an_account_is_added_used_suspended_and_removed(here: Here, tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("app-secret-7719\n")
    words = ["numbers", "provider", "add", "south", "--kind", "huawei", "--secret", "app_key=-", "--secret"]
    made = await here.told(*words, f"app_secret=@{file}", "--rate", "20", stdin="app_Key\n")
    assert made["rate"] == 20 and made["endpoint"].startswith("https://")
    await here.told("numbers", "add", "p", "8617000000001")
    assert await here.told("numbers", "provider", "use", "p", "south") == {"pool": "p", "accounts": ["south"]}
    (row,) = await here.told("numbers", "provider", "list")
    assert row["pools"] == {"p": 1} and "app-secret-7719" not in str(row)
    assert (await here.told("numbers", "provider", "suspend", "south"))["suspended"]
    assert not (await here.told("numbers", "provider", "suspend", "south", "--lift"))["suspended"]
    busy = await here.run("numbers", "provider", "remove", "south")
    assert busy.code == 1 and "provider_in_use" in busy.err
    await here.told("numbers", "provider", "use", "p")
    assert (await here.told("numbers", "provider", "remove", "south"))["removed"]
    assert (await here.run("numbers", "provider", "add", "x", "--kind", "huawei", "--secret", "none")).code == 2
    assert (await here.run("numbers", "provider", "add", "x", "--kind", "huawei")).code == 2


async def test_a_reconciliation_without_drift_exits_0_and_with_a_stray_1(here: Here) -> None:
    async with provider("alibaba", system_clock) as made:
        secrets = ["access_key=ak", f"access_secret={made.fake.secret}", "pool_key=FC1"]
        flags = [word for secret in secrets for word in ("--secret", secret)]
        await here.told("numbers", "provider", "add", "north", "--kind", "alibaba", "--endpoint", made.url, *flags)
        await here.told("numbers", "add", "p", "17000000001", "--ext-digits", "3")
        await here.told("numbers", "provider", "use", "p", "north")
        assert (await here.told("numbers", "reconcile"))["drift"] == 0
        until = system_clock() + timedelta(days=1)
        subs = made.fake.subs
        subs["999"] = Sub("999", "BindAxnExtension", "13700000003", "", "17000000001", "042", until, "", "")  # type: ignore[assignment, index]
        found = await here.run("numbers", "reconcile", "--provider", "north", "--json")
        assert found.code == 1 and found.json["found"][0]["drift"] == "stray"
        shown = await here.run("numbers", "reconcile")
        assert shown.code == 1 and "1 differ" in shown.err and "stray" in shown.out
        assert (await here.run("numbers", "reconcile", "--repair")).code == 1
        assert (await here.run("numbers", "reconcile")).code == 0
        unknown = await here.run("numbers", "reconcile", "--provider", "nobody")
        assert unknown.code == 1 and "provider_account_unknown" in unknown.err


async def test_pushes_are_listed_and_retried(here: Here) -> None:
    assert await here.told("numbers", "pushes") == []
    assert await here.told("numbers", "retry", "--all") == {"pushes": 0}
    assert (await here.run("numbers", "retry")).code == 2
    assert (await here.run("numbers", "retry", "psh_1", "--all")).code == 2
    none = await here.run("numbers", "retry", "psh_1")
    assert none.code == 1 and "push_not_found" in none.err
