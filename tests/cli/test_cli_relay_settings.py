"""`veilway relay provider|allow|wish|report`: phones and secrets may come on stdin, and what is said back holds none."""

from __future__ import annotations

from tests.cli.conftest import SECRETS, Here

PHONE = "13811112222"


async def test_a_provider_s_urls_are_printed_and_its_secret_is_read_from_stdin(here: Here) -> None:
    made = await here.told("relay", "provider", "twilio", "--secret", "auth_token=-", stdin="practice-word\n")
    assert made["provider"] == "twilio" and [url.rpartition("/")[2] for url in made["urls"]] == [
        "voice",
        "sms",
        "status",
    ]
    missing = await here.run("relay", "provider", "huawei", "--secret", "app_key=k")
    assert missing.code in (1, 2) and "app_secret" in missing.err
    malformed = await here.run("relay", "provider", "huawei", "--secret", "app_key")
    assert malformed.code == 2 and "NAME=VALUE" in malformed.err


async def test_callers_are_listed_and_taken_off(here: Here) -> None:
    made = await here.told("relay", "allow", "sf-express", "-", stdin=f"{PHONE}\n13900000001\n")
    assert made == {"carrier": "sf-express", "count": 2, "removed": False}
    gone = await here.run("relay", "allow", "sf-express", PHONE, "--remove", "--json")
    assert gone.json["removed"] is True and PHONE not in gone.out + gone.err


async def test_a_wish_is_set_and_a_wrong_one_named(here: Here) -> None:
    shop = (await here.told("shop", "add", "A shop"))["shop"]
    asked = ("relay", "wish", shop, "--phone", "-")
    done = await here.run(
        *asked, "--quiet", "22:00-07:00 Europe/Berlin", "--block-caller", PHONE, "--json", stdin="13900000001\n"
    )
    assert done.code == 0, done.err
    assert done.json["blocks"] == {"everything": False, "carriers": 0, "shipments": 0, "callers": 1}
    assert PHONE not in done.out and "13900000001" not in done.out
    wrong = await here.run(*asked, "--quiet", "22:00-07:00 Nowhere/Land", stdin="13900000001\n")
    assert wrong.code == 1 and "bad_argument" in wrong.err and "13900000001" not in wrong.err


async def test_a_report_of_nothing_is_an_empty_list(here: Here) -> None:
    assert await here.told("relay", "report", "--last", "7d") == []
    assert await here.told("relay", "report", "--shop", "shop_a") == []
    assert (await here.run("relay", "report", "--last", "soon")).code in (1, 2)


async def test_a_carrier_s_hours_and_calls_are_set_and_shown(here: Here) -> None:
    await here.told("carrier", "enable", "sf-express", "--base-url", here.sf.url, *SECRETS)
    told = await here.told("relay", "rules", "sf-express", "--hours", "08:00-21:00", "--calls", "20")
    assert (told["hours"], told["calls"]) == ("08:00-21:00", 20)
    wrong = await here.run("relay", "rules", "sf-express", "--hours", "all day")
    assert (wrong.code, wrong.err.split(":")[0]) == (1, "bad_argument")
