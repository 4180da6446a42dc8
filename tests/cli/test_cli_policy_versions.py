"""The versions of a folder's policy: changed, rolled back, approved, compared and replayed, alone and beside a server."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from masking.policy_load import built_in
from tests.cli.conftest import Here

NARROW = 'name="narrow"\nbase="built-in"\ndrop=["delivery-door"]\n'
WIDE = (
    'name="wide"\nbase="built-in"\n[[rule]]\nid="w"\nreaders=["linehaul"]\nsee=["goods"]\nlevel="full"\nstages="any"\n'
)


@pytest.fixture
def narrow(tmp_path: Path) -> str:
    path = tmp_path / "narrow.toml"
    path.write_text(NARROW, "utf-8")
    return str(path)


async def test_a_policy_is_applied_and_rolled_back_with_who_and_why(here: Here, narrow: str) -> None:
    (first,) = await here.told("policy", "history")
    assert (first["version"], first["state"], first["digest"]) == (1, "in_force", built_in().digest)
    made = await here.told("policy", "apply", narrow)
    assert (made["version"], made["state"], made["name"], made["opens"]) == (2, "in_force", "narrow", False)
    assert (await here.run("policy", "show")).out.startswith("narrow  ")
    refused = await here.run("policy", "rollback", "1")
    assert (refused.code, refused.err.split(":")[0]) == (1, "policy_change_refused")
    back = await here.told("policy", "rollback", "1", "--reason", "the pilot is over; ask 13866667777")
    assert (back["version"], back["restores"], back["opens"]) == (3, 1, True)
    assert "13866667777" not in back["why"] and "the pilot is over" in back["why"]
    told = await here.told("policy", "history")
    assert [one["state"] for one in told] == ["past", "past", "in_force"]
    assert [one["by"].split(":")[0] for one in told] == ["folder", "local", "local"]
    log = await here.run("audit", "export")
    entries = [json.loads(line) for line in log.out.splitlines()]
    changed = [one["entry"] for one in entries if one["entry"]["tag"] == "policy.changed"]
    assert [one["detail"]["version"] for one in changed] == [1, 2, 3]
    assert [one["detail"]["opens"] for one in changed] == [False, False, True]
    assert "13866667777" not in log.out
    assert (await here.told("audit", "verify"))["ok"]


async def test_a_version_is_kept_whole_and_can_be_applied_again(here: Here, narrow: str, tmp_path: Path) -> None:
    await here.told("policy", "apply", "-", "--reason", "r", stdin=NARROW)
    whole = (await here.run("policy", "export", "2")).out
    assert "base" not in whole.split() and 'name = "narrow"' in whole
    assert (await here.run("policy", "export")).out == whole
    (tmp_path / "again.toml").write_text(whole, "utf-8")
    again = await here.run("policy", "apply", str(tmp_path / "again.toml"))
    assert (again.code, again.err.split(":")[0]) == (1, "policy_change_refused")
    assert (await here.run("policy", "export", "9")).code == 1
    diff = await here.run("policy", "diff", "1", "2")
    assert diff.out.startswith("less   delivery of every carrier: recipient.street")
    assert (await here.run("policy", "diff", "2", "built-in")).code == 1


async def test_a_file_that_is_no_policy_changes_nothing(here: Here) -> None:
    refused = await here.run("policy", "apply", "-", stdin="name = 1\n")
    assert (refused.code, refused.err.split(":")[0]) == (1, "policy_invalid")
    assert len(await here.told("policy", "history")) == 1
    assert (await here.run("policy", "apply", "nowhere.toml")).code == 2


async def test_an_opening_change_can_wait_for_a_second_person(here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    if here.url:
        pytest.skip("the setting is read at the start")
    toml = here.folder / "veilway.toml"
    toml.write_text(toml.read_text("utf-8") + "policy_two_persons = true\n", "utf-8")
    waiting = await here.told("policy", "apply", "-", "--reason", "goods for line-haul", stdin=WIDE)
    assert (waiting["version"], waiting["state"]) == (2, "pending")
    assert (await here.run("policy", "show")).out.startswith("built-in  ")
    mine = await here.run("policy", "approve", "2")
    assert (mine.code, mine.err.split(":")[0]) == (1, "policy_change_refused")
    monkeypatch.setenv("LOGNAME", "somebody-else")
    approved = await here.told("policy", "approve", "2")
    assert (approved["state"], approved["approved_by"]) == ("in_force", "local:somebody-else")
    assert (await here.run("policy", "show")).out.startswith("wide  ")
    assert "policy.approved" in (await here.run("audit", "export")).out


async def test_a_change_is_tried_on_the_decisions_that_were_made(
    here: Here, order: tuple[str, str], narrow: str, tmp_path: Path
) -> None:
    courier = (await here.told("courier", "add", "sf-express", "X", "--role", "station"))["token"]
    import aiohttp

    waybill = (await here.told("shipment", "show", order[0]))["waybill"]
    async with aiohttp.ClientSession() as session:
        for _ in range(3):
            headers = {"Authorization": f"Bearer {courier}"}
            async with session.post(f"{here.url}/v1/scans", json={"waybill": waybill}, headers=headers) as reply:
                assert reply.status == 200
    strict = tmp_path / "strict.toml"
    strict.write_text('name="s"\nbase="built-in"\ndrop=["couriers-names"]\n', "utf-8")
    told = await here.told("policy", "diff", "built-in", str(strict), "--replay", "2")
    assert told["decisions"] == 2 and told["more"] == 0
    assert {(one["reader"], one["field"], one["new"]) for one in told["replayed"]} >= {
        ("station", "recipient.name", "hidden"),
        ("station", "sender.name", "hidden"),
    }
    back = await here.run("policy", "diff", str(strict), "built-in", "--replay", "1000", "--json")
    assert back.code == 1 and back.json["more"] == 3 * told["less"] // 2
    plain = await here.run("policy", "diff", str(strict), "built-in", "--replay", "1000")
    assert "decisions put again" in plain.err
