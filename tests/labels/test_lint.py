from __future__ import annotations

import io

import pytest
from PIL import Image, ImageChops, ImageDraw, PngImagePlugin

from masking.labels.lint import Plain, check, plain_leaves
from masking.labels.render import render
from masking.personal import Kind, Party, PostalAddress
from tests.labels.conftest import RECIPIENT, RELAY, SENDER

ORDER = Plain([SENDER, RECIPIENT], "SF1234567890123")


def codes(data: bytes, plain: Plain | None = None) -> set[str]:
    return {finding.code for finding in check(data, plain).findings}


def repainted(data: bytes, paint) -> bytes:
    out = io.BytesIO()
    with Image.open(io.BytesIO(data)) as image:
        paint(image.convert("L")).save(out, "PNG")
    return out.getvalue()


def zpl(*fields: str) -> bytes:
    return ("^XA^CI28" + "".join(fields) + "^FO40,600^BY3^BCN,100,N,N,N,A^FDSF1234567890123^FS^XZ").encode()


@pytest.mark.parametrize("format", ["png", "pdf", "zpl", "tspl"])
@pytest.mark.parametrize("relay", [None, RELAY])
def test_our_own_labels_are_clean_with_and_without_the_order(make_label, format, relay) -> None:
    data = render(make_label(relay=relay), format=format).data
    assert check(data).clean and check(data, ORDER).clean


def test_the_verdict_says_what_a_stranger_gets(make_label) -> None:
    readable = check(render(make_label()).data).readable
    assert [(kind, text[:12]) for _, kind, text in readable] == [("code", "SF1234567890"), ("ticket", "HTTPS://V.EX")]


@pytest.mark.parametrize(
    ("field", "kind"),
    [
        ("^FO1,1^A0N,30,30^FD13812345678^FS", Kind.PHONE),
        ("^FO1,1^A0N,30,30^FD138 1234 5678^FS", Kind.PHONE),
        ("^FO1,1^A0N,30,30^FH^FD13_3812345678^FS", Kind.PHONE),
        ("^FO1,1^A0N,30,30^FD欧阳娜娜^FS", Kind.NAME),
        ("^FO1,1^A0N,30,30^FD漕溪北路88号圣爱大厦12楼1203室^FS", Kind.ADDRESS_LINE),
        ("^FX欧阳娜娜^FS", Kind.NAME),
        ("^FO40,1^BQN,2,4^FDMM,A13812345678^FS", Kind.PHONE),
        ("^FO1,1^A0N,30,30^FD1******5678^FS", None),
        ("^FO1,1^A0N,30,30^FD欧阳**^FS", None),
        ("^FO1,1^A0N,30,30^FD漕溪北路88号圣爱大厦****^FS", None),
    ],
)
def test_the_orders_own_values_are_found_in_any_field(field: str, kind: str | None) -> None:
    expected = {f"personal_{kind}"} if kind else set()
    assert codes(zpl(field), ORDER) == expected


@pytest.mark.parametrize(
    "text",
    [
        "收件人: 王小明",
        "13987654321",
        "2205 Agua Fria Loop",
        "科技园A栋3单元1201",
        "a.b@example.com",
        "11010519491231002X",
    ],
)
def test_without_an_order_shapes_are_found(text: str) -> None:
    data = zpl(f"^FO1,1^A0N,30,30^FD{text}^FS")
    assert codes(data) and text not in str(check(data))


def test_plain_text_in_a_foreign_qr_is_found() -> None:
    import zxingcpp

    image = zxingcpp.create_barcode(
        "MMM={'k1':'755','k5':'SF1234567890123','tel':'13812345678'}", zxingcpp.QRCode
    ).to_image(scale=6)
    out = io.BytesIO()
    page = Image.new("L", (image.shape[1] + 80, image.shape[0] + 80), 255)
    page.paste(Image.frombuffer("L", (image.shape[1], image.shape[0]), image), (40, 40))
    page.save(out, "PNG")
    assert codes(out.getvalue()) == {"personal_phone"} == codes(out.getvalue(), Plain([RECIPIENT]))


def test_metadata_that_names_a_person_is_found(make_label) -> None:
    notes = PngImagePlugin.PngInfo()
    notes.add_itxt("Title", "欧阳娜娜 13812345678")
    out = io.BytesIO()
    with Image.open(io.BytesIO(render(make_label()).data)) as image:
        image.save(out, "PNG", pnginfo=notes)
    assert codes(out.getvalue()) == {"personal_phone"}
    assert codes(out.getvalue(), ORDER) == {"personal_phone", "personal_name"}


def test_a_barcode_of_another_waybill_is_found(make_label) -> None:
    data = render(make_label(waybill="SF9999999999999")).data
    assert codes(data, ORDER) == {"waybill_differs"} and codes(data) == set()


def blot(image: Image.Image) -> Image.Image:
    ImageDraw.Draw(image).rectangle((0, 90, image.width, 260), fill=255)
    ImageDraw.Draw(image).rectangle((560, 800, 799, 1040), fill=255)
    return image


def crowd(image: Image.Image) -> Image.Image:
    ImageDraw.Draw(image).rectangle((80, 100, 84, 230), fill=0)
    return image


@pytest.mark.parametrize(
    ("paint", "code"),
    [
        (blot, "no_code"),
        (crowd, "quiet_zone"),
        (
            lambda image: image.resize(
                (round(image.width * 1.13), round(image.height * 1.13)), Image.Resampling.NEAREST
            ),
            "module_off_grid",
        ),
        (ImageChops.invert, "code_inverted"),
    ],
)
def test_codes_that_will_not_scan_are_found(make_label, paint, code) -> None:
    assert code in codes(repainted(render(make_label()).data, paint))


@pytest.mark.parametrize(
    ("field", "code"),
    [
        ("^FO10,300^BY2^BCN,90^FDSF12345678^FS", "quiet_zone"),
        ("^FO40,300^BY1^BCN,90^FDSF12345678^FS", "module_too_fine"),
        ("^FO8,300^BQN,2,4^FDMM,AHELLO^FS", "quiet_zone"),
        ("^LH4,0^FO10,300^BY2^BCN,90^FDSF12345678^FS", "quiet_zone"),
        ("^FO40,300^BQN,2,2^FDMM,AHELLO^FS", "module_too_fine"),
    ],
)
def test_native_codes_are_judged_by_their_numbers(field: str, code: str) -> None:
    assert codes(zpl(field)) == {code}


def test_a_wrong_check_digit_is_a_note_and_no_fault(make_label) -> None:
    verdict = check(render(make_label(waybill="RR473124828GB")).data)
    assert verdict.clean and [note.code for note in verdict.notes] == ["s10_check_digit"]


def test_leaves_are_told_apart_by_kind_and_line() -> None:
    party = Party("A B", "1\n2", "e@x.org", "C", PostalAddress(street="one\ntwo"), ("9",))
    kinds = [kind for kind, _ in plain_leaves(party)]
    assert kinds == [
        Kind.NAME,
        Kind.COMPANY,
        Kind.EMAIL,
        Kind.PHONE,
        Kind.PHONE,
        Kind.ADDRESS_LINE,
        Kind.ADDRESS_LINE,
        Kind.ID,
    ]
