"""Where a carrier is and how we sign towards it; what is missing is named, and no secret is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import SECRETS, Here
from tests.gateway.couriers import CHECK_WORD, PARTNER


async def test_a_carrier_is_enabled_with_secrets_from_arguments_stdin_or_files(here: Here, tmp_path: Path) -> None:
    file = tmp_path / "word"
    file.write_text(f"{CHECK_WORD}\n")
    made = await here.told(
        "carrier", "enable", "sf-express", "--base-url", here.sf.url,
        "--secret", "partner_id=-", "--secret", f"check_word=@{file}", stdin=f"{PARTNER}\n",
    )  # fmt: skip
    assert made["hook"].startswith("/hooks/sf-express/")


@pytest.mark.parametrize(
    ("words", "code", "named"),
    [
        (("--base-url", "http://carrier.example", *SECRETS), 2, "base-url"),
        (("--base-url", "https://x", "--secret", "partner_id=a"), 2, "check_word"),
        (("--base-url", "https://x", *SECRETS, "--secret", "colour=red"), 2, "colour"),
        (("--base-url", "https://x", "--secret", "nonsense"), 2, "NAME=VALUE"),
        ((), 2, "--base-url"),
    ],
)
async def test_what_a_carrier_lacks_is_named_and_no_secret_is_told(
    here: Here, words: tuple[str, ...], code: int, named: str
) -> None:
    done = await here.run("carrier", "enable", "sf-express", *words)
    assert done.code == code and named in done.err and CHECK_WORD not in done.err + done.out


async def test_further_hosts_are_named_beside_the_main_one(here: Here) -> None:
    secrets = [word for name in ("key", "secret", "customer", "salt") for word in ("--secret", f"{name}=practice")]
    words = ("carrier", "enable", "kuaidi100", "--base-url", "https://poll.example", *secrets)
    made = await here.told(*words, "--base-url", "label=https://labels.example")
    assert made["base_url"] == "https://poll.example" and made["hosts"] == {"label": "https://labels.example"}
    for wrong in (("--base-url", "https://another.example"), ("--base-url", "moon=https://x.example")):
        done = await here.run(*words, *wrong)
        assert done.code == 2 and ("base-url" in done.err or "moon" in done.err)


async def test_an_unknown_carrier_is_refused(here: Here) -> None:
    done = await here.run("carrier", "enable", "nobody", "--base-url", "https://x")
    assert (done.code, done.err.split(":")[0]) == (1, "unknown_carrier")


async def test_a_carrier_asks_for_narrowing_by_the_zone_of_its_days(here: Here) -> None:
    where = ("carrier", "enable", "sf-express", "--base-url", here.sf.url, *SECRETS)
    await here.told(*where, "--narrow-on-scan", "Asia/Shanghai")
    wrong = await here.run(*where, "--narrow-on-scan", "Shanghai time")
    assert (wrong.code, wrong.err.split(":")[0]) == (2, "config_invalid") and "narrow" in wrong.err
