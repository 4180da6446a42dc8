"""Who may scan labels: added, listed, revoked, suspended."""

from __future__ import annotations

import json

from tests.cli.conftest import Here


async def test_couriers_are_added_revoked_and_suspended(here: Here) -> None:
    made = await here.told(
        "courier", "add", "sf-express", "小李", "--role", "station", "--phone", "-", stdin="13866667777\n"
    )
    assert made["token"].startswith("vc_")
    (listed,) = await here.told("courier", "list")
    assert (listed["role"], listed["revoked_at"]) == ("station", None)
    assert "13866667777" not in json.dumps(listed)
    assert (await here.run("courier", "add", "sf-express", "X", "--role", "king")).code == 2
    assert (await here.run("courier", "add", "nobody", "X")).code == 1
    assert (await here.told("courier", "suspend", "station", "S1"))["suspended"]
    await here.told("courier", "revoke", made["courier"])
    assert (await here.run("courier", "revoke", "cou_nobody")).code == 1
