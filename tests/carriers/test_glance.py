"""What is read at a glance is what a walk would have read; whatever the profile does not describe to the last key is left to the walk."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carriers.glance import Glance
from carriers.profile import Operation, load_profile
from carriers.profile_compile import compile_text
from carriers.sheet import Leaf, Sheet
from carriers.walk import walk_body
from tests.carriers import test_payloads as payloads

PROFILE = """\
id = "plainco"
name = { en = "Plainco", zh = "顺" }
verified = true
last_mile = "ticket"
country = "CN"

[[operation]]
id = "create"
effect = "create"
match = { path = "/orders" }
expects = []

[operation.fields]
plain = ["x"]

[operation.answer]
booked = { ok = "true" }

[[operation.answer.party]]
at = "people[]"
shape = "contact"
role = { by = "kind", "S" = "sender", "R" = "recipient" }

[operation.answer.fields]
waybill = ["inner~$.parcels[].no", "inner~$.no"]
reference = ["inner~$.ref"]
handle = ["ids[]"]
routing_code = ["route.code"]
error_code = ["error.code"]
free_text = ["error.text", "notes[]", "route.said"]
label = ["label"]
city = ["from.city"]
name = ["driver.name"]
plain = ["ok", "code", "any.**", "route.*", "inner~$.{a,b}", "inner~$.parcels[].weight"EXTRA]

[shape.contact]
name = ["name"]
plain = ["kind"]
"""


def operation(extra: str = "") -> Operation:
    """Plainco's order, with one more plain place in its answer."""
    text = PROFILE.replace("EXTRA", f', "{extra}"' if extra else "")
    return compile_text(text, "plainco.toml").operations["create"]


OPERATION = operation()


def told(sheet: Sheet) -> Any:
    """Everything of a sheet that an answer is made from."""

    def leaf(of: Leaf) -> Any:
        assert of.container[of.key] == of.value or str(of.container[of.key]) == of.value
        return of.path, of.rule, of.role, of.value, of.key

    facts = {word: [leaf(one) for one in leaves] for word, leaves in sheet.facts.items()}
    levels = [(level.path, level.node, level.key, level.tree) for level in sheet.levels]
    return facts, [leaf(one) for one in sheet.leaves], levels, sheet.findings, sheet.touched


def both(body: bytes, of: Operation = OPERATION) -> bool:
    """Whether the answer is read at a glance; if so, the walk must have read the same."""
    seen, walked = (Sheet(policy="mask") for _ in range(2))
    for sheet in (seen, walked):
        sheet.lenient = True
    empty = told(seen)
    if not Glance(of.answer.root).take(body, seen):
        assert told(seen) == empty
        return False
    walk_body(of.answer.root, body, walked)
    facts, texts, levels, *rest = told(seen)
    known, leaves, opened, *others = told(walked)
    assert sorted(texts) == sorted(leaves) and levels == opened and rest == others
    for word in {*facts, *known}:
        # Of several places the order is the claims', and told only where the values are the same.
        assert facts[word] == known[word] or {one[3] for one in facts[word]} == {one[3] for one in known[word]}, word
        assert facts[word][0][3] == known[word][0][3]
    return True


PLAIN = {
    "ok": True,
    "code": "0",
    "inner": '{"no":"W1","a":1,"parcels":[{"no":"W1","weight":2}]}',
    "route": {"code": "R1", "zone": "A"},
}


def with_(**more: Any) -> bytes:
    return json.dumps({**PLAIN, **more}, ensure_ascii=False, separators=(",", ":")).encode()


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"ok": None},
        {"ids": ["1", 2, None, True, ""]},
        {"ids": "1"},
        {"notes": ["call 13800138000", "", None]},
        {"notes": "one"},
        {"error": {"code": "", "text": ""}},
        {"error": {"code": 7, "text": "在 12:30 重试"}},
        {"error": None},
        {"error": ""},
        {"driver": {"name": ""}},
        {"from": {"city": "深圳"}},
        {"any": {"a": [{"b": [1, "x"]}]}},
        {"inner": ""},
        {"inner": None},
        {"inner": '{"no":"W1","ref":"a:b"}'},
        {"inner": '{"parcels":{"no":"W1"}}'},
        {"inner": '{"no":"W1","parcels":[{"no":"W1"},{"no":"W1"}]}'},
        {"label": "JVBERi0="},
        {"people": []},
        {"people": [{"kind": "S", "name": ""}]},
        {"route": {"code": "R1", "said": "hello", "b": 1, "c": None}},
    ],
    ids=repr,
)
def test_an_answer_of_the_shape_is_read_as_a_walk_reads_it(more: dict[str, Any]) -> None:
    assert both(with_(**more))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"\xff\xfe",
        b"[" * 100_000,
        with_(stranger="x"),
        with_(inner='{"no":"W1","stranger":1}'),
        with_(inner="13800138000 is no phone"),
        with_(inner="<no>W1</no>"),
        with_(inner=7),
        with_(driver={"name": "王大力"}),
        with_(driver={"name": "", "phone": "1"}),
        with_(people=[{"kind": "S", "name": "王大力"}]),
        with_(code={"a": 1}),
        with_(ids=[{"a": 1}]),
        with_(error={"text": 7}),
        with_(error={"code": 1.50}),
        with_(code=1.50),
        with_(route={"code": {"a": "b"}}),
        with_(any=[[[[[[[["deep"]]]]]]]]),
        with_(inner='{"no":"W1","parcels":[{"no":"W2"}]}'),
        b'{"ok":true,"ok":false}',
        b'{"ok" :true, "ok":false}',
        b'{"inner":"{\\"no\\":\\"W1\\",\\"no\\":\\"W1\\"}"}',
        b'{"code":"1","code":"1","inner":"{\\"no\\"\\u003a\\"W1\\"}"}',
        b'{"code":"1","code":"1","inner":"{\\"no\\"\\u003A\\"W1\\"}"}',
        b'{"inner":"{\\"no\\":\\"W1\\"}","inner":"{\\"no\\":\\"W2\\"}"}',
        b'{"ok":true,"route":{"code":"a","code":"a"}}',
        b'{"any":{"a":1,"a":2}}',
    ],
    ids=lambda body: repr(body[:60]),
)
def test_any_other_answer_is_left_to_the_walk(body: bytes) -> None:
    assert not both(body)


def test_blanks_and_colons_in_texts_do_not_matter() -> None:
    assert both(json.dumps(PLAIN).encode())
    assert both(b'{ "ok" : true, "code"\n:\t"1" }')
    assert both(with_(code="12:30"))
    assert both(json.dumps({**PLAIN, "code": "12:30"}, indent=1).encode())


def test_answers_that_are_never_of_the_shape_are_looked_at_ever_more_seldom() -> None:
    glance, looked = Glance(OPERATION.answer.root), []
    for number in range(200):
        glance.take(with_(driver={"name": "王大力"}), Sheet())
        if glance._pause == glance._missed:
            looked.append(number)
    assert looked == [0, 2, 6, 14, 30, 62, 126, 190]
    while glance._pause:
        assert not glance.take(with_(), Sheet())
    assert glance.take(with_(), Sheet()) and glance.take(with_(), Sheet())


LEAF = st.sampled_from([None, True, "", "a", "1:2", "深圳", 0, 3])
NO = st.sampled_from(["W1", "W1", "W2", "", 7, None])
PARCEL = st.fixed_dictionaries({}, optional={"no": NO, "weight": LEAF})
INNER = st.fixed_dictionaries(
    {}, optional={"no": NO, "ref": LEAF, "a": LEAF, "parcels": st.lists(PARCEL, max_size=3) | PARCEL}
)
SHAPE: dict[Any, st.SearchStrategy[Any]] = {
    "ok": LEAF,
    "code": LEAF,
    "inner": INNER.map(json.dumps) | st.just(""),
    "route": st.dictionaries(st.sampled_from(["code", "said", "zone", "x"]), LEAF, max_size=3),
    "error": st.fixed_dictionaries({}, optional={"code": LEAF, "text": LEAF}),
    "ids": st.lists(LEAF, max_size=3) | LEAF,
    "notes": st.lists(LEAF, max_size=3) | LEAF,
    "label": LEAF,
    "any": st.recursive(
        LEAF, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.just("k"), inner), max_leaves=4
    ),
    "driver": st.fixed_dictionaries({}, optional={"name": st.sampled_from(["", None, "", "王大力"])}),
    "people": st.lists(st.fixed_dictionaries({"kind": st.sampled_from(["S", "R", ""])}), max_size=2),
    "from": st.fixed_dictionaries({}, optional={"city": LEAF}),
}
ODD = st.sampled_from(["", None, True, "x", 1.5, {}, [], {"code": "E"}, ["x"], [{"no": "W1"}], [None], [[]]])
# Most of it of the shape, and now and then something odd.
ANSWERS = st.builds(
    lambda told, odd: {**told, **odd},
    st.fixed_dictionaries({}, optional=SHAPE),
    st.just({}) | st.dictionaries(st.sampled_from([*SHAPE, "other"]), ODD, max_size=2),
)


@given(ANSWERS, st.sampled_from([(",", ":"), (", ", ": ")]))
def test_no_answer_is_read_otherwise_than_a_walk_reads_it(answer: dict[str, Any], separators: tuple[str, str]) -> None:
    both(json.dumps(answer, ensure_ascii=False, separators=separators).encode())


@pytest.mark.skipif(payloads.FOLDERS is None, reason="no sample payloads beside the repository")
@pytest.mark.parametrize(("folder", "file"), payloads.cases("carrier_to_shop"))
def test_the_carriers_own_answers_are_read_as_a_walk_reads_them(folder: str, file: str) -> None:
    both(payloads.read(folder, file), payloads.answering(folder, file))


def test_the_answer_that_most_orders_of_china_get_is_read_at_a_glance() -> None:
    sf = load_profile("sf-express")
    assert sf is not None
    inner = {
        "success": True,
        "errorCode": "S0000",
        "errorMsg": None,
        "msgData": {
            "orderId": "A-1",
            "remark": "",
            "waybillNoInfoList": [{"waybillType": 1, "waybillNo": "SF1"}],
            "routeLabelInfo": [
                {"code": "1000", "message": "", "routeLabelData": {"destRouteLabel": "028W", "proCode": "特快"}}
            ],
        },
    }
    body = json.dumps({"apiResultCode": "A1000", "apiResultData": json.dumps(inner, ensure_ascii=False)}).encode()
    assert both(body, sf.operations["create"])


@pytest.mark.parametrize("extra", ["rates[][].x", "form~form:x", "page~/a/b", "ids", "any.a", "route.zone.x"])
def test_claims_that_no_type_describes_leave_the_answer_to_the_walk(extra: str) -> None:
    assert not both(with_(), operation(extra))


def test_a_fact_whose_owner_stands_beside_it_is_walked() -> None:
    text = PROFILE.replace("EXTRA", "").replace('reference = ["inner~$.ref"]', 'reference = ["people[].ref"]')
    assert not both(with_(), compile_text(text, "plainco.toml").operations["create"])


def test_a_whole_answer_that_is_no_json_is_walked() -> None:
    dhl = load_profile("dhl-express")
    assert dhl is not None
    glance = Glance(dhl.operations["create"].answer.root)
    assert not glance.take(b"{}", Sheet()) and repr(glance) == "<Glance>"
