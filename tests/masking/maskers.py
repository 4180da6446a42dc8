"""What the masking tests share: every masker by its kind, the vectors, the corpora where they are, and texts nobody expects."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import strategies as st

from masking.addresses import mask_address, mask_postcode
from masking.contacts import mask_company, mask_email, mask_id
from masking.freetext import mask_text
from masking.names import mask_name
from masking.personal import Masked
from masking.phones import mask_phone

VECTORS = Path(__file__).parents[1] / "vectors" / "masking.tsv"
CORPORA = Path(__file__).parents[3] / "shared" / "corpora"

MASKERS: dict[str, Callable[[str], Masked]] = {
    "name": mask_name,
    "company": mask_company,
    "phone": mask_phone,
    "phone:gb-strict": partial(mask_phone, policy="gb-strict"),
    "phone:virtual": partial(mask_phone, policy="virtual"),
    "address": mask_address,
    "postcode": mask_postcode,
    "email": mask_email,
    "id": mask_id,
    "text": mask_text,
}


def masker(kind: str) -> Callable[[str], Masked]:
    """The masker of a vector's kind; `address:DE` hands the country on."""
    base, _, option = kind.partition(":")
    if kind in MASKERS:
        return MASKERS[kind]
    return partial(MASKERS[base], country=option)


class Vector(NamedTuple):
    id: str
    kind: str
    given: str
    expected: str


def vectors() -> Iterator[Vector]:
    for line in VECTORS.read_text("utf-8").split("\n"):
        if line and not line.startswith("#"):
            yield Vector(*line.split("\t")[:4])


def corpus(name: str) -> list[str]:
    path = CORPORA / name
    if not path.exists():
        pytest.skip(f"the corpus {name} is not beside the repository")
    return [line for line in path.read_text("utf-8").split("\n") if line]


def full_width(text: str) -> str:
    return "".join(chr(ord(ch) + 0xFEE0) if "!" <= ch <= "~" else ch for ch in text)


def disguises(text: str) -> list[str]:
    """The same value in other spellings that mean the same."""
    return [
        unicodedata.normalize("NFD", text),
        "\u200b".join(text),
        "\ufeff" + text,
        full_width(text),
        f"  {text}\t",
        "\u00ad".join(text),
    ]


# Pieces that the rules look at, so that random texts reach behind their first condition.
PIECES = [
    "张三",
    "欧阳",
    "欧阳娜娜",
    "司马",
    "先生",
    "收",
    "(收)",
    "138",
    "13812345678",
    "138****5678",
    "0755-26806888",
    "+44",
    "7911123456",
    "+86",
    "转",
    "ext",
    "1-800-",
    "幺三八",
    "〇",
    "一",
    "十二",
    "路",
    "1号",
    "弄",
    "巷",
    "街",
    "村",
    "组",
    "广场",
    "A座",
    "B12",
    "12-3-1001",
    "3栋",
    "2单元",
    "1201室",
    "5楼",
    "附",
    "号楼",
    "号门",
    "区",
    "期",
    "大厦",
    "地下室",
    "（",
    "）",
    "【",
    "】",
    "Apt",
    "12B",
    ",",
    "Suite",
    "#",
    "350",
    "5th",
    "Ave",
    "St",
    "10118",
    "10118-1234",
    "SW1A1AA",
    "1015CN",
    "c/o",
    "PO",
    "Box",
    "\n",
    "101동",
    "테헤란로",
    "東京都",
    "丁目",
    "*",
    "**",
    "****",
    "-",
    "/",
    ".",
    "@",
    "qq.com",
    "a@b.com",
    "11010519491231002X",
    "E12345678",
    "\u200b",
    "́",
    "é",
    "ﾀﾅｶ",
    "１３８",
    "😀",
    "𠮷",
    "أحمد",
    "٣",
    "نص",
]

texts = st.one_of(
    st.text(max_size=60),
    st.lists(st.sampled_from(PIECES), max_size=9).map("".join),
    st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=4)), max_size=9).map(" ".join),
)
