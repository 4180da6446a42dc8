"""Answers on every status: facts read, echoes restored by field, what was born at the carrier masked, garbage typed."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carriers import envelope_json
from carriers.answer import Answer, rewrite_answer, sniff
from carriers.born import mask_named
from carriers.profile import load_profiles
from carriers.restore import Record
from carriers.veil import Veiled, veil
from carriers.wire import WireReply
from tests.carriers.acme import RELAYS, acme, opened, with_

OPERATION = acme().operations["create"]


def order(**more: Any) -> Veiled:
    return veil(opened(with_(**more)), relays=RELAYS)


def answered(document: Any, status: int = 200, made: Veiled | None = None) -> Answer:
    body = document if isinstance(document, bytes) else envelope_json.dumps(document)
    return rewrite_answer(
        OPERATION, made, WireReply(status, {"content-type": "application/json", "set-cookie": "a=b"}, body)
    )


@pytest.mark.parametrize(
    ("document", "status", "outcome"),
    [
        ({"ok": True, "waybill": "W1"}, 200, "booked"),
        ({"ok": True}, 200, "booked"),  # the waybill comes later, by push
        ({"ok": False, "error": {"code": "E1"}}, 200, "refused"),
        ({"ok": False, "error": {"code": "E105"}}, 200, "unknown"),  # booked before: ask
        ({"ok": False, "error": {"code": "E105"}, "waybill": "W1"}, 200, "booked"),
        ({"error": {"code": "E2"}}, 200, "unknown"),
        ({"error": {"code": "E2"}}, 400, "refused"),
        ({"error": {"code": "E2"}}, 409, "unknown"),
        ({"error": {"code": "E2"}}, 429, "unknown"),
        ({"ok": True, "waybill": "W1"}, 500, "unknown"),
        (b"<html>bad gateway</html>", 502, "unknown"),
        (b"<html>forbidden</html>", 403, "refused"),
        (b"\x00\xff garbage", 200, "unknown"),
        (b"", 200, "unknown"),
        (b"[" * 100_000, 200, "unknown"),
        (b'{"ok":true,"ok":false}', 200, "unknown"),
    ],
)
def test_an_answer_says_what_became_of_the_order(document: Any, status: int, outcome: str) -> None:
    answer = answered(document, status)
    assert (answer.outcome, answer.status) == (outcome, status)


def test_a_text_that_says_nothing_but_the_waybill_stays_however_much_it_looks_like_a_phone() -> None:
    told = {"ok": True, "waybill": "13800138000", "error": {"text": "13800138000: "}}
    assert json.loads(answered(told).body) == told
    told["error"] = {"text": "13800138000 13900139000"}
    assert "13900139000" not in answered(told).body.decode()


def test_an_answer_in_which_nothing_is_ours_goes_back_byte_for_byte() -> None:
    told = b'{ "ok" : true,\n  "waybill": "W\\u0031" }'
    answer = answered(told, made=order())
    assert (answer.body, answer.waybill) == (told, "W1")


def test_nothing_of_an_unreadable_answer_goes_on() -> None:
    answer = answered(b"<html>13800138000</html>", 502)
    assert (answer.readable, answer.body, dict(answer.headers)) == (False, b"", {})


def test_facts_are_read_and_headers_thinned() -> None:
    answer = answered({"ok": True, "waybill": "W1", "no": "A-1", "error": {"code": "0"}})
    assert (answer.waybill, answer.reference, answer.error_code) == ("W1", "A-1", "0")
    assert dict(answer.headers) == {"content-type": "application/json"}


def test_an_echo_comes_back_as_the_shop_wrote_it() -> None:
    made = order()
    sent = {path_role: out for *path_role_, out, _ in made.restore_map for path_role in [tuple(path_role_)]}
    to = {
        "name": sent["recipient", "name", ""],
        "phone": sent["recipient", "phone", ""],
        "street": sent["recipient", "address_line", ""],
    }
    body = json.loads(answered({"ok": True, "waybill": "W1", "to": to}, made=made).body)
    assert body["to"] == {"name": "林徽", "phone": "13950427716", "street": "福建省福州市鼓楼区东街口花园2座1501"}


def test_the_same_mask_for_two_people_is_told_apart_by_the_role() -> None:
    people = [{"kind": "R", "name": "林徽"}, {"kind": "S", "name": "林大"}]
    body = json.loads(
        answered({"ok": True, "to": {"name": "林**"}, "from": {"name": "林**"}}, made=order(people=people)).body
    )
    assert (body["to"]["name"], body["from"]["name"]) == ("林徽", "林大")


def test_the_record_out_of_the_vault_restores_as_the_order_itself() -> None:
    made = order()
    reply = WireReply(200, {}, '{"ok":true,"to":{"name":"林**"}}'.encode())
    kept = json.loads(envelope_json.dumps(made.restore_map))
    assert rewrite_answer(OPERATION, kept, reply).body == rewrite_answer(OPERATION, made, reply).body


def test_merged_names_and_changed_spelling_come_back() -> None:
    people = [{"kind": "R", "first": "Marisol", "last": "Quintanilla", "phone": "5055550126"}]
    merged = {"name": "M** Q**", "phone": "1 705 550 0002"}
    body = json.loads(answered({"ok": True, "to": merged}, made=order(people=people)).body)
    assert body["to"] == {"name": "Marisol Quintanilla", "phone": "5055550126"}


def test_lines_that_come_back_split_elsewhere_are_the_shops_lines() -> None:
    people = [{"kind": "R", "name": "a", "lines": ["88 Vine Hollow", "Apt 2C"]}]
    made = order(people=people)
    sent = [out for _, kind, _, out, _ in made.restore_map if kind == "address_line"]
    joined = " ".join(sent)
    body = json.loads(answered({"ok": True, "to": {"lines": [joined[:7], joined[7:]]}}, made=made).body)
    assert body["to"]["lines"] == ["88 Vine Hollow", "Apt 2C"]


def test_a_value_that_we_never_sent_is_not_restored_but_masked() -> None:
    body = json.loads(answered({"ok": True, "to": {"name": "王大力", "phone": "13800138000"}}, made=order()).body)
    assert body["to"]["name"] == "王**" and "13800138000" not in body["to"]["phone"]


def test_couriers_are_masked_in_fields_and_in_text() -> None:
    document = {
        "ok": True,
        "courier": "苗振宇",
        "courierPhone": "13918842760",
        "error": {"text": "已由苗振宇（13918842760）派送"},
    }
    answer = answered(document)
    assert "振宇" not in answer.body.decode() and "13918842760" not in answer.body.decode()
    assert answer.masked == 3


def test_an_error_text_that_quotes_a_phone_is_scrubbed_on_a_400() -> None:
    assert b"13800138000" not in answered({"error": {"code": "1", "text": "13800138000 is no phone"}}, 400).body


def test_a_field_that_nobody_described_is_scrubbed_and_found() -> None:
    answer = answered({"ok": True, "waybill": "W1", "news": {"driver": "call 13800138000"}})
    assert b"13800138000" not in answer.body
    assert answer.findings == ("$.news.driver",)


@pytest.mark.parametrize("said", [b"13918842760", b'"call 13918842760"'])
def test_an_answer_that_is_one_value_is_masked_like_any_other(said: bytes) -> None:
    answer = answered(said)
    assert answer.readable and b"1391884" not in answer.body and isinstance(json.loads(answer.body), str)


@pytest.mark.parametrize(
    "inner", ['"13918842760"', '"call 13918842760 now"', '["13918842760"]', '{"tel": "13918842760"}']
)
def test_a_document_inside_an_answer_is_masked_whatever_it_is(inner: str) -> None:
    create = load_profiles()["sf-express"].operations["create"]
    body = envelope_json.dumps({"apiResultCode": "A1000", "apiResultData": inner})
    answer = rewrite_answer(create, None, WireReply(200, {}, body))
    assert b"1391884" not in answer.body
    assert type(json.loads(json.loads(answer.body)["apiResultData"])) is type(json.loads(inner))


def test_artwork_can_be_replaced_or_withheld() -> None:
    label = base64.b64encode(b"%PDF-1.4 label").decode()
    answer = answered({"ok": True, "label": label, "labelUrl": "https://carrier.example/l/1"})
    by_path = {artwork.path: artwork for artwork in answer.artwork}
    assert (by_path["$.label"].format, by_path["$.label"].content) == ("PDF", b"%PDF-1.4 label")
    by_path["$.label"].withhold()
    by_path["$.labelUrl"].replace(b"https://gateway.example/l/1")
    assert json.loads(answer.body) == {"ok": True, "label": "", "labelUrl": "https://gateway.example/l/1"}


def test_artwork_as_a_data_address_stays_one() -> None:
    told = "data:image/png;base64," + base64.b64encode(b"\x89PNG label").decode()
    answer = answered({"ok": True, "label": told})
    (artwork,) = answer.artwork
    assert (artwork.format, artwork.content) == ("PNG", b"\x89PNG label")
    artwork.replace(b"\x89PNG ours")
    assert json.loads(answer.body)["label"] == "data:image/png;base64," + base64.b64encode(b"\x89PNG ours").decode()


LABEL = load_profiles()["asendia"].operations["label"]


def label_answer(body: bytes, status: int = 200) -> Answer:
    return rewrite_answer(LABEL, None, WireReply(status, {"content-type": "application/pdf"}, body))


def test_an_answer_that_is_nothing_but_a_label_is_looked_at_like_one() -> None:
    answer = label_answer(b"%PDF-1.4 label")
    (artwork,) = answer.artwork
    assert (artwork.format, artwork.content, answer.body) == ("PDF", b"%PDF-1.4 label", b"%PDF-1.4 label")
    assert answer.readable and answer.headers == {"content-type": "application/pdf"}
    artwork.replace(b"%PDF ours")
    assert answer.body == b"%PDF ours"
    artwork.withhold()
    assert answer.body == b""


def test_a_bare_label_is_taken_only_where_one_was_asked_for_and_nothing_failed() -> None:
    assert not answered(b"%PDF-1.4 label").readable
    assert not label_answer(b"%PDF-1.4 label", 500).readable
    assert not label_answer(b"<html>try again</html>").readable


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"%PDF-1", "PDF"),
        (b"\x89PNG\r\n", "PNG"),
        (b"GIF89a", "GIF"),
        (b"\n^XA^FO", "ZPL"),
        (b"<!DOCTYPE html>", "HTML"),
        (b"<html>", "HTML"),
        (b"<div class='label'>", "HTML"),
        (b"<shipment>", "unknown"),
        (b"https://x", "URL"),
        (b"\xff\xd8\xff\xe0", "JPEG"),
        (b"????", "unknown"),
    ],
)
def test_artwork_is_known_by_its_first_bytes(content: bytes, name: str) -> None:
    assert sniff(content) == name


@given(
    st.recursive(
        st.one_of(st.none(), st.booleans(), st.text(max_size=6), st.integers()),
        lambda inner: st.one_of(
            st.lists(inner, max_size=3),
            st.dictionaries(
                st.sampled_from(["ok", "waybill", "to", "from", "name", "phone", "label", "error", "x"]),
                inner,
                max_size=4,
            ),
        ),
        max_leaves=12,
    )
)
def test_any_answer_is_rewritten_or_typed(document: Any) -> None:
    answer = answered(document, made=order())
    assert answer.outcome in ("booked", "refused", "unknown")
    assert not answer.readable or envelope_json.loads(answer.body, "") is not ...


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("包裹正由快递员尉迟明派送", "包裹正由快递员尉迟**送"),
        ("签收人：端木晓岚本人", "签收人：端木**本人"),
        ("派件员【李四】电话", "派件员【李**】电话"),
        ("已由【阿依古丽·买买提】签收", "已由【阿**】签收"),
        ("签收人：本人", "签收人：本人"),
        ("快递员已取件，派件员正在派送", "快递员已取件，派件员正在派送"),
        ("Signed by: J. SMITH", "Signed by: J**"),
        ("Received by Ann-Marie O'Neil at the door", "Received by A** at the door"),
        ("Left with the neighbour", "Left with the neighbour"),
        ("Zugestellt an Frau Meier", "Zugestellt an F**"),
        ("Your courier is on the way", "Your courier is on the way"),
    ],
)
def test_a_name_after_a_title_is_masked_in_free_text(text: str, masked: str) -> None:
    assert mask_named(text) == masked


def test_a_record_shows_no_value() -> None:
    assert "林徽" not in repr(Record(order().restore_map))
