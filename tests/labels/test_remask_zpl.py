from __future__ import annotations

import pytest

from masking.labels.errors import LabelRefused
from masking.labels.remask import Box, Cover
from masking.labels.remask_text import Remasker
from masking.labels.remask_zpl import remask_zpl
from masking.labels.zpl import picture_field
from masking.labels.zpl_reader import commands, fields, picture
from tests.labels.conftest import RECIPIENT

MASK = Remasker([RECIPIENT])


def masked(zpl: str, cover: Cover | None = None) -> str:
    return remask_zpl(zpl.encode(), MASK, cover or Cover()).data.decode()


def test_a_field_keeps_its_way_of_writing() -> None:
    assert masked("^XA^FO1,1^FH_^FD_E6_AC_A7阳娜娜^FS^XZ") == "^XA^FO1,1^FH_^FD_E6_AC_A7_E9_98_B3**^FS^XZ"
    assert masked("^XA^FO1,1^FD欧阳娜娜\n^FS^XZ") == "^XA^FO1,1^FD欧阳**\n^FS^XZ"


def test_what_stands_before_the_label_and_comments_go() -> None:
    assert masked("for 欧阳娜娜\n^XA^FX欧阳娜娜^FS^FO1,1^FDok^FS^XZ") == "^XA^FX^FS^FO1,1^FDok^FS^XZ"


def test_codes_are_not_touched() -> None:
    zpl = "^XA^FO1,1^BY2^BCN,90,N,N,N,N^FD>:SF>5123456^FS^FO1,200^BXN,6,200^FDabc^FS^XZ"
    assert masked(zpl) == zpl


def test_a_box_makes_part_of_a_picture_white() -> None:
    from PIL import Image

    field = picture_field(Image.new("1", (80, 80), 0), 16, 16)
    done = masked(f"^XA{field}^XZ", Cover(boxes=(Box(2, 2, 5, 10),)))
    item = next(field for field in fields(commands(done)) if field.kind == "picture")
    assert item.origin == (16 + 40, 16)
    assert picture(item).size == (40, 80) and picture(item).getextrema() == (0, 0)


def test_a_label_home_is_counted_once() -> None:
    from PIL import Image

    field = picture_field(Image.new("1", (80, 80), 0), 16, 16)
    done = masked(f"^XA^LH8,8{field}^XZ", Cover(boxes=(Box(3, 3, 5, 10),)))
    item = next(field for field in fields(commands(done)) if field.kind == "picture")
    assert item.field_origin == (16 + 40, 16) and item.origin == (64, 24)


def test_an_unknown_picture_is_refused() -> None:
    with pytest.raises(LabelRefused) as refusal:
        masked("^XA^FO1,1^GFA,4,4,1,FF00FF00^FS^XZ")
    assert refusal.value.code == "picture_unreadable"
