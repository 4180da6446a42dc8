"""`docs/carriers.md` documents every key, every word and a profile that works."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec

from carriers import profile_schema
from carriers.claim import WORDS
from carriers.order import open_order
from carriers.profile_compile import compile_text
from carriers.signing import DIGESTS, ENCODINGS
from carriers.tracking import EVENTS
from carriers.wire import WireRequest

DOC = (Path(__file__).parents[2] / "docs" / "carriers.md").read_text(encoding="utf-8")
TABLES = [
    table for table in vars(profile_schema).values() if isinstance(table, type) and issubclass(table, msgspec.Struct)
]


def test_every_key_of_every_table_is_documented() -> None:
    keys = {field.encode_name for table in TABLES for field in msgspec.structs.fields(table)}
    assert {key for key in keys if not re.search(rf"`{key}\b", DOC)} == set()


def test_every_word_digest_encoding_and_event_is_documented() -> None:
    words = {*WORDS, *DIGESTS, *ENCODINGS, *(EVENTS - {"created"})}
    assert {word for word in words if f"`{word}`" not in DOC} == set()


def test_the_example_compiles_and_opens_an_order() -> None:
    example = re.search(r"```toml\n(.*?)```", DOC, re.S)
    assert example is not None
    profile = compile_text(example[1], "tern.toml")
    body = (
        "method=order.create&appId=a&data="
        + '{"orderNo":"1","contacts":[{"kind":"2","name":"林徽","tel":"13950427716"}]}'.replace('"', "%22")
    )
    request = WireRequest("POST", "/gateway", "", {}, body.encode())
    order = open_order(profile.match(request), request)
    assert order.reference == "1"
    assert len(order.fields) == 2
