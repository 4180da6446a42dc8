"""The whole way: payload artwork and labels of our own with personal text. No value left, every barcode as it was."""

from __future__ import annotations

import base64
import json
import random
import re
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from masking.labels.errors import LabelRefused
from masking.labels.lint import Plain, check
from masking.labels.remask import Box, Cover, code_contents, remask
from masking.labels.render import render
from masking.labels.sinks import read
from masking.personal import Party, PostalAddress
from tests.labels.conftest import RECIPIENT, SENDER

PAYLOADS = Path(__file__).parents[1] / "payloads"
TEXT = re.compile(r"JVBER[A-Za-z0-9+/\\n\s]+=*|\^XA.*?\^XZ", re.DOTALL)


def artwork() -> list[Any]:
    """Every ZPL and PDF label of the sample payloads, with what its carrier's folder lists."""
    found = []
    for listing in sorted(PAYLOADS.glob("*/pii.json")):
        document = json.loads(listing.read_text("utf-8"))
        files = {label["file"] for label in document["labels"] if label["format"] in ("PDF", "ZPL")}
        blobs = {blob for name in files for blob in TEXT.findall((listing.parent / name).read_text("utf-8", "replace"))}
        for nth, blob in enumerate(sorted(blobs)):
            raw = (
                blob.replace("\\n", "\n").encode()
                if blob.startswith("^XA")
                else base64.b64decode(re.sub(r"\\n|\s", "", blob) + "==")
            )
            found.append(pytest.param(raw, document, id=f"{listing.parent.name}-{nth}"))
    return found


def people_of(document: dict[str, Any]) -> list[Party]:
    """One party a listed value: what belongs together is not told, and need not be."""
    member = {"name": "name", "phone": "phone", "email": "email", "company": "company"}
    parties = []
    for entry in document["pii"]:
        kind, value = entry["kind"], entry["value"]
        if kind in member:
            parties.append(Party(**{member[kind]: value}))
        elif kind == "address_line":
            parties.append(Party(address=PostalAddress(street=value)))
        else:
            parties.append(Party(ids=(value,)))
    return parties


@pytest.mark.parametrize(("raw", "document"), artwork())
def test_no_listed_value_is_left_in_a_carriers_label(raw: bytes, document: dict[str, Any]) -> None:
    done = remask(raw, people_of(document))
    before, after = read(raw), read(done.data)
    said = [" ".join(item.text.upper().split()) for item in after.said]
    values = [entry["value"] for entry in document["pii"] if not entry.get("weak")]
    assert [value for value in values if any(" ".join(value.upper().split()) in text for text in said)] == []
    assert code_contents(after) == code_contents(before)
    for kept in document["must_preserve"]:
        if any(kept["value"] in item.text for item in before.said):
            assert any(kept["value"] in text for text in said)


def test_the_payloads_have_artwork_with_values_in_it() -> None:
    marked = [
        label
        for listing in PAYLOADS.glob("*/pii.json")
        for label in json.loads(listing.read_text("utf-8"))["labels"]
        if label.get("pii_in_text")
    ]
    assert len(marked) >= 4 and len(artwork()) >= 10


ZPL = """^XA^CI28^PW800^LL1200
^FXorder for 欧阳娜娜^FS
^FO40,40^A0N,30,30^FDTO: 欧阳娜娜^FS
^FO40,80^A0N,30,30^FH^FD138_31234_35678^FS
^FO40,120^A0N,30,30^FD13812345678^FS
^FO40,160^FB700,2^A0N,30,30^FD上海市徐汇区漕溪北路88号圣爱大厦12楼1203室^FS
^FO40,240^A0N,30,30^FH^FD_E6_9D_8E_E9_9B_B7 0755-26806888^FS
^FO40,300^BY3^BCN,120,Y,N,N,A^FDSF1234567890123^FS
^FO40,480^BQN,2,5^FDMM,AROUTE/755A-021-33^FS
^XZ
"""


def test_a_zpl_label_of_our_own_is_masked_field_by_field() -> None:
    raw = ZPL.encode()
    done = remask(raw, [SENDER, RECIPIENT])
    text = done.data.decode()
    for gone in ("娜", "13812345678", "1203室", "_9B_B7", "26806888", "order for"):
        assert gone not in text
    for kept in (
        "欧阳**",
        "1******5678",
        "漕溪北路88号圣爱大厦****",
        "^BCN,120,Y,N,N,A^FDSF1234567890123^FS",
        "^FDMM,AROUTE/755A-021-33^FS",
        "^FB700,2",
    ):
        assert kept in text
    assert code_contents(read(done.data)) == code_contents(read(raw))
    assert check(done.data, Plain([SENDER, RECIPIENT], "SF1234567890123")).clean


def test_what_needs_no_masking_comes_back_unchanged() -> None:
    raw = b"^XA^CI28\n^FO40,40^A0N,32,28^FDDHL PARCEL DE^FS\n^FO40,90^BCN,90^FDSF1234567^FS\n^PQ1,0,1,Y\n^XZ\n"
    assert remask(raw, [RECIPIENT]).data == raw


def test_without_known_people_shapes_are_masked() -> None:
    text = remask("^XA^FO1,1^A0^FD收件人: 王小明 13987654321^FS^XZ".encode()).data.decode()
    assert text == "^XA^FO1,1^A0^FD收件人: 王** 1******4321^FS^XZ"


def test_a_code_that_says_a_phone_is_refused() -> None:
    raw = b"^XA^FO1,1^BQN,2,4^FDMM,A{tel:13812345678}^FS^XZ"
    with pytest.raises(LabelRefused) as refusal:
        remask(raw, [RECIPIENT])
    assert refusal.value.code == "code_holds_personal" and "138" not in str(refusal.value)


def test_a_picture_nobody_can_read_is_refused_trusted_or_covered(make_label) -> None:
    raw = render(make_label(), format="zpl").data  # its text is pictures
    with pytest.raises(LabelRefused) as refusal:
        remask(raw, [RECIPIENT])
    assert refusal.value.code == "picture_unreadable"
    marks: set[str] = set()
    while True:
        try:
            trusted = remask(raw, [RECIPIENT], cover=Cover(trusted=frozenset(marks)))
            break
        except LabelRefused as again:
            marks.add(re.findall(r"[0-9a-f]{64}", str(again))[0])
    assert trusted.data == raw
    covered = remask(raw, [RECIPIENT], cover=Cover(boxes=(Box(0, 53, 100, 30),)))
    page = read(covered.data).pictures[0].image
    assert page.crop((0, 53 * 8 + 8, page.width, 82 * 8)).getextrema() == (255, 255)
    assert code_contents(read(covered.data)) == code_contents(read(raw))


def test_a_box_over_a_code_is_refused(make_label) -> None:
    raw = render(make_label()).data
    with pytest.raises(LabelRefused) as refusal:
        remask(raw, [RECIPIENT], cover=Cover(boxes=(Box(0, 12, 100, 20),)))
    assert refusal.value.code == "code_changed"


def test_tspl_and_unknown_files_are_refused(make_label) -> None:
    for raw in (render(make_label(), format="tspl").data, b"hello"):
        with pytest.raises(LabelRefused) as refusal:
            remask(raw, [RECIPIENT])
        assert refusal.value.code == "file_unreadable"


def broken(data: bytes, seed: int) -> bytes:
    """The label with a few bytes changed, cut out or put in."""
    rng = random.Random(seed)
    out = bytearray(data)
    for _ in range(rng.randint(1, 6)):
        at, what = rng.randrange(len(out)), rng.random()
        if what < 0.5:
            out[at] = rng.randrange(256)
        elif what < 0.8:
            del out[at : at + rng.randint(1, 30)]
        else:
            out[at:at] = bytes(rng.choices(b"^~,:;0123456789FDGSXA<>/()[]", k=rng.randint(1, 8)))
    return bytes(out)


@pytest.mark.parametrize("format", ["png", "pdf", "zpl", "tspl", "carrier"])
def test_a_broken_file_is_looked_at_or_refused_and_never_a_surprise(make_label, format) -> None:
    raw = ZPL.encode() if format == "carrier" else render(make_label(), format=format, size="76x130").data
    for seed in range(25):
        for look in (check, lambda data: remask(data, [RECIPIENT])):
            with suppress(LabelRefused):  # anything else fails the test
                look(broken(raw, seed))


def test_the_result_says_nothing_in_its_repr() -> None:
    assert repr(remask(ZPL.encode(), [SENDER, RECIPIENT])).startswith("<Remasked ")
