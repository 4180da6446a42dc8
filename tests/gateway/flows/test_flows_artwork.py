"""Labels inside carriers' answers: clean ones pass, those that show somebody are masked or withheld, URLs become ours."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from typing import Any

import pytest
import zxingcpp
from PIL import Image, PngImagePlugin

from gateway.flows.artwork import Terms, police
from masking.labels.errors import LabelRefused
from masking.personal import Party, PostalAddress

LIN = Party("林徽音", "13950427716", address=PostalAddress("CN", street="福州市鼓楼区东街口花园2座1501"))
CLEAN = b"^XA^FO50,50^A0N,30^FDRoute 591W^FS^FO50,100^BCN,100^FDSF7000000001^FS^XZ"
SPEAKS = b"^XA^FO50,50^A0N,30^FDTel 13950427716^FS^FO50,100^BCN,100^FDSF7000000001^FS^XZ"


@dataclass
class Label:
    """An artwork as the carriers' wing hands it over."""

    format: str
    content: bytes
    state: str = "as it came"
    replaced: bytes = b""

    def replace(self, content: bytes) -> None:
        self.state, self.replaced = "replaced", content

    def withhold(self) -> None:
        self.state = "withheld"


@dataclass
class Reply:
    artwork: list[Any] = field(default_factory=list)
    waybills: tuple[str, ...] = ()


async def judged(label: Label, *, waybills: tuple[str, ...] = (), **terms: Any) -> Label:
    await police(Reply([label], waybills), [LIN], Terms(**terms))  # type: ignore[arg-type]
    return label


async def test_a_label_that_shows_nobody_passes() -> None:
    assert (await judged(Label("ZPL", CLEAN))).state == "as it came"


async def test_a_phone_in_a_zpl_field_is_masked_and_the_barcode_stays() -> None:
    label = await judged(Label("ZPL", SPEAKS))

    assert label.state == "replaced"
    assert b"13950427716" not in label.replaced
    assert b"SF7000000001" in label.replaced


def png(text: str = "", says: str = "") -> bytes:
    """A label drawn dot by dot, with a code that says `text`; `says` stands in its metadata."""
    page = Image.linear_gradient("L").resize((600, 800))
    if text:
        barcode = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode)
        page.paste(255, (40, 40, 400, 400))
        page.paste(Image.fromarray(barcode.to_image(scale=6)), (60, 60))
    out, notes = io.BytesIO(), PngImagePlugin.PngInfo()
    if says:
        notes.add_text("Comment", says)
    page.save(out, "PNG", pnginfo=notes)
    return out.getvalue()


@pytest.mark.parametrize("by_label", [False, True])
async def test_a_picture_that_nobody_can_read_is_withheld_unless_the_operator_trusts_the_carrier(
    by_label: bool,
) -> None:
    assert (await judged(Label("PNG", png()), by_label=by_label)).state == "withheld"
    assert (await judged(Label("PNG", png("SF7000000001")), by_label=by_label, unread="trust")).state == "as it came"


async def test_trust_ends_where_a_code_or_the_metadata_of_a_picture_tells_of_somebody() -> None:
    for told in (png("13950427716"), png(f"{LIN.name};SF7000000001"), png("SF7000000001", says="to +86 139 5042 7716")):
        assert (await judged(Label("PNG", told), by_label=True, unread="trust")).state == "withheld"
    # What the label scope grants may stand in a code.
    assert (await judged(Label("PNG", png(LIN.address.street)), by_label=True, unread="trust")).state == "as it came"
    assert (await judged(Label("PNG", png(LIN.address.street)), unread="trust")).state == "withheld"


async def test_a_pdf_that_is_a_picture_is_no_more_than_a_picture() -> None:
    out = io.BytesIO()
    Image.open(io.BytesIO(png())).save(out, "PDF")
    assert (await judged(Label("PDF", out.getvalue()), by_label=True)).state == "withheld"
    assert (await judged(Label("PDF", out.getvalue()), by_label=True, unread="trust")).state == "as it came"


async def test_another_printer_s_language_is_searched_and_its_word_is_not_enough() -> None:
    epl = b'N\nA50,50,0,4,1,1,N,"Route 591W"\nB50,90,0,1,2,4,80,B,"SF7000000001"\nP1\n'
    assert (await judged(Label("unknown", epl), by_label=True)).state == "withheld"
    assert (await judged(Label("unknown", epl), by_label=True, unread="trust")).state == "as it came"
    told = epl.replace(b"Route 591W", b"Tel 139-5042-7716")
    assert (await judged(Label("unknown", told), by_label=True, unread="trust")).state == "withheld"


PAGE = "<html><body><table><tr><td>%s</td></tr></table><p>Waybill SF7000000001</p></body></html>"


async def test_a_page_is_read_as_text_and_masked() -> None:
    assert (await judged(Label("HTML", (PAGE % "591W").encode()))).state == "as it came"
    label = await judged(Label("HTML", (PAGE % f"{LIN.name} {LIN.phone}").encode()))
    assert label.state == "replaced" and b"SF7000000001" in label.replaced
    assert LIN.name.encode() not in label.replaced and LIN.phone.encode() not in label.replaced


async def test_a_page_whose_values_are_cut_apart_or_lie_elsewhere_is_withheld() -> None:
    for body in ("139<b>5042</b>7716", '<img src="https://carrier.example/label.png">'):
        assert (await judged(Label("HTML", (PAGE % body).encode()))).state == "withheld"


async def test_ours_stands_in_its_place_where_the_route_says_so_and_one_waybill_is_meant() -> None:
    async def own(format: str) -> bytes:
        if format == "unknown":
            raise LabelRefused("no such label", code="format_unknown")
        return f"our {format}".encode()

    terms = {"unread": "replace", "own": own}
    assert (await judged(Label("PNG", png()), **terms)).replaced == b"our PNG"
    assert (await judged(Label("HTML", (PAGE % "139<b>5042</b>7716").encode()), **terms)).replaced == b"our HTML"
    assert (await judged(Label("ZPL", CLEAN), **terms)).state == "as it came"
    assert (await judged(Label("unknown", b"\0\1"), **terms)).state == "withheld"
    assert (await judged(Label("PNG", png()), waybills=("A", "B"), **terms)).state == "withheld"


@pytest.mark.parametrize(
    ("own", "state"), [("https://veilway.example/v1/shipments/s/label", "replaced"), ("", "withheld")]
)
async def test_a_label_by_url_becomes_ours(own: str, state: str) -> None:
    label = await judged(Label("URL", b"https://carrier.example/label/1"), own_url=own)

    assert label.state == state
    assert label.replaced == own.encode()


async def test_a_broken_file_is_withheld_whomever_the_operator_trusts() -> None:
    for unread in ("withhold", "trust"):
        assert (await judged(Label("PDF", b"%PDF-1.4 not really"), unread=unread)).state == "withheld"
