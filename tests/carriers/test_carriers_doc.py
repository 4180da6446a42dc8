"""`docs/carriers.md` documents every key, every word and a profile that works."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest

from carriers import profile_schema
from carriers.claim import WORDS
from carriers.order import open_order
from carriers.profile_compile import compile_text
from carriers.signing import DIGESTS, ENCODINGS
from carriers.tracking import EVENTS
from carriers.wire import WireRequest

PAGES = [Path(__file__).parents[2] / "docs" / name for name in ("carriers.md", "carriers.zh-CN.md")]
TABLES = [
    table for table in vars(profile_schema).values() if isinstance(table, type) and issubclass(table, msgspec.Struct)
]


@pytest.fixture(params=PAGES, ids=lambda page: page.name)
def doc(request: pytest.FixtureRequest) -> str:
    return str(request.param.read_text(encoding="utf-8"))


def test_every_key_of_every_table_is_documented(doc: str) -> None:
    keys = {field.encode_name for table in TABLES for field in msgspec.structs.fields(table)}
    assert {key for key in keys if not re.search(rf"`{key}\b", doc)} == set()


def test_every_word_digest_encoding_and_event_is_documented(doc: str) -> None:
    words = {*WORDS, *DIGESTS, *ENCODINGS, *(EVENTS - {"created"})}
    assert {word for word in words if f"`{word}`" not in doc} == set()


def test_the_example_compiles_and_opens_an_order(doc: str) -> None:
    example = re.search(r"```toml\n(.*?)```", doc, re.S)
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
