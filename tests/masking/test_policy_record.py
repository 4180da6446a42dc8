"""A reveal in words, for those it concerns: in two languages, with no value and no person of the carrier."""

from __future__ import annotations

import json
import re
from itertools import product
from pathlib import Path

import pytest

from masking.policy import COURIERS, FIELDS
from masking.policy_record import REASONS, concerns_recipient, reveal_told

PAGE = Path(__file__).parents[2] / "gateway/scan/words.js"


def test_a_reveal_reads_as_a_sentence() -> None:
    said = {"role": "delivery", "fields": ["recipient.street", "remark"], "reason": "unreachable"}
    assert reveal_told(carrier="SF Express", **said) == (  # type: ignore[arg-type]
        "delivery courier of SF Express saw the recipient's street and door and the remark. Reason: nobody answered the phone."
    )
    assert reveal_told(carrier="顺丰速运", lang="zh", **said) == (  # type: ignore[arg-type]
        "顺丰速运的派件员查看了收件人门牌地址、备注。原因：电话联系不上。"
    )


@pytest.mark.parametrize(("role", "lang"), list(product(sorted(COURIERS), ("en", "zh"))))
def test_every_role_field_and_reason_has_its_words(role: str, lang: str) -> None:
    for name, reason in product(FIELDS, REASONS):
        told = reveal_told(carrier="X", role=role, fields=[name], reason=reason, lang=lang)
        assert role not in told or lang == "en"
        assert f"Reason: {reason}." not in told and name not in told.split(" ")
        assert bool(re.search(r"[\u4e00-\u9fff]", told)) is (lang == "zh")


def test_what_this_release_does_not_know_is_told_as_it_is() -> None:
    assert reveal_told(carrier="X", role="robot", fields=["shoe"], reason="r_9") == (
        "robot of X saw something of the parcel. Reason: r_9."
    )
    assert "r_9" in reveal_told(carrier="X", role="robot", fields=[], reason="r_9", lang="zh")


def test_the_recipient_is_told_of_their_own_fields() -> None:
    fields = ["goods", "recipient.street", "remark", "sender.name", "third_party.phone"]
    assert concerns_recipient(fields) == ["goods", "recipient.street", "remark"]


def test_the_reasons_are_those_of_the_scan_page() -> None:
    blocks = re.findall(r"reasons: \{([^}]*)\}", PAGE.read_text("utf-8"))
    offered = [set(re.findall(r"(\w+):", block)) for block in blocks]
    assert offered == [set(REASONS)] * 2, json.dumps(sorted(REASONS))
