from __future__ import annotations

import base64
import binascii
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from masking.labels.errors import LabelRefused
from masking.labels.zpl import picture_field
from masking.labels.zpl_reader import code_content, commands, content, fields, picture, with_text


def only(zpl: str):
    return next(fields(commands(zpl)))


@pytest.mark.parametrize(
    ("zpl", "kind", "said"),
    [
        ("^XA^FO1,2^A0N,30,30^FDHello^FS^XZ", "text", "Hello"),
        ("^XA^FO1,2^A0N,30,30^FH^FDPi_C3_B1on_5E^FS^XZ", "text", "Piñon^"),
        ("^XA^FO1,2^FH\\^FD\\e5\\bc\\a0^FS^XZ", "text", "张"),
        ("^XA^FXsecret note^FS^XZ", "comment", "secret note"),
        ("^XA^FO1,2^FVvar^FS^XZ", "text", "var"),
        ("^xa^fo1,2^fdlower^fs^xz", "text", "lower"),
        ("^XA^SN001,1,Y^FS^XZ", "text", "001,1,Y"),
    ],
)
def test_fields_say_what_a_printer_would_print(zpl: str, kind: str, said: str) -> None:
    field = only(zpl)
    assert (field.kind, content(field)) == (kind, said)


def test_bytes_are_read_as_utf_8_or_gb_18030() -> None:
    for encoding in ("utf-8", "gb18030"):
        zpl = b"^XA^FD" + "张三丰收".encode(encoding) + b"^FS^XZ"
        assert content(only(zpl.decode("latin-1"))) == "张三丰收"


@pytest.mark.parametrize(
    ("zpl", "said"),
    [
        ("^XA^BCN,100^FDSF123^FS^XZ", "SF123"),
        ("^XA^BCN,100,N,N,N,N^FD>:SF>5123456^FS^XZ", "SF123456"),
        ("^XA^BQN,2,4^FDMM,AHTTPS://X^FS^XZ", "HTTPS://X"),
        ("^XA^BQN,2,4^FDQA,hello^FS^XZ", "hello"),
    ],
)
def test_codes_say_what_a_scanner_would_read(zpl: str, said: str) -> None:
    field = only(zpl)
    assert field.kind == "code" and code_content(field) == said


@settings(max_examples=80)
@given(st.text(st.characters(blacklist_categories=("Cs", "Cc")), max_size=20))
def test_a_text_written_into_a_hex_field_reads_back(text: str) -> None:
    field = only("^XA^FO1,1^FH^FDx^FS^XZ")
    rewritten = only(f"^XA^FO1,1^FH{with_text(field, text)}^FS^XZ")
    assert content(rewritten) == text


@pytest.mark.parametrize("bad", ["^XA^CC!^FDx^FS^XZ", "hello", "^XA^GFB,10,10,1,abcdefghij^FS^XZ", "^FDx^FS"])
def test_zpl_that_cannot_be_told_apart_is_refused(bad: str) -> None:
    with pytest.raises(LabelRefused) as refusal:
        commands(bad)
    assert refusal.value.code == "zpl_unreadable"


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 40), st.integers(1, 20), st.integers(0, 2**31))
def test_a_picture_survives_the_field(width: int, height: int, seed: int) -> None:
    import random

    rng = random.Random(seed)
    image = Image.frombytes("1", (width, height), rng.randbytes((width + 7) // 8 * height))
    zpl = f"^XA{picture_field(image, 5, 7)}^XZ"
    found = [field for field in fields(commands(zpl)) if field.kind == "picture"]
    page = Image.new("L", (width, height), 255)
    for field in found:
        page.paste(picture(field).convert("L"), (field.origin[0] - 5, field.origin[1] - 7))
    assert page.tobytes() == image.convert("L").tobytes()


def test_plain_hex_run_lengths_and_base64_are_one_picture() -> None:
    rows = ["00FF00FF", "00FF00FF", "00000000", "FFFFFFFF", "F0000000"]
    raw = bytes.fromhex("".join(rows))
    packed, coded = base64.b64encode(zlib.compress(raw)), base64.b64encode(raw)
    datas = [
        "".join(rows),
        "00HF00HF:,!F,",
        f":Z64:{packed.decode()}:{binascii.crc_hqx(packed, 0):04X}",
        f":B64:{coded.decode()}:{binascii.crc_hqx(coded, 0):04X}",
    ]
    pictures = {picture(only(f"^XA^FO0,0^GFA,20,20,4,{data}^FS^XZ")).tobytes() for data in datas}
    assert len(pictures) == 1


@pytest.mark.parametrize(
    "data", ["99999999999,99999999999,100,", "10,10,0,00", "4,4,1,:Z64:AAAA:0000", "4,4,1,XYZ%", "x,y,z,0"]
)
def test_pictures_that_make_no_sense_are_refused(data: str) -> None:
    with pytest.raises(LabelRefused):
        picture(only(f"^XA^FO0,0^GFA,{data}^FS^XZ"))
