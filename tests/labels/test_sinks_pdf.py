from __future__ import annotations

import io

import pikepdf
import pytest

from masking.labels.errors import LabelRefused
from masking.labels.sinks import read


def document(content: bytes = b"", **root: object) -> pikepdf.Pdf:
    pdf = pikepdf.new()
    pdf.add_blank_page(page_size=(288, 432))
    font = pikepdf.Dictionary(
        Type=pikepdf.Name.Font,
        Subtype=pikepdf.Name.Type1,
        BaseFont=pikepdf.Name.Helvetica,
        Encoding=pikepdf.Name.WinAnsiEncoding,
    )
    pdf.pages[0].obj.Resources = pikepdf.Dictionary(Font=pikepdf.Dictionary(F1=pdf.make_indirect(font)))
    pdf.pages[0].obj.Contents = pdf.make_stream(content)
    return pdf


def saved(pdf: pikepdf.Pdf, **options: object) -> bytes:
    out = io.BytesIO()
    pdf.save(out, **options)
    return out.getvalue()


def said(data: bytes) -> str:
    return "\n".join(item.text for item in read(data).said)


@pytest.mark.parametrize("mode", [b"0 Tr", b"3 Tr"])  # 3: invisible
def test_text_is_read_whether_it_shows_or_not(mode: bytes) -> None:
    data = saved(document(b"BT /F1 12 Tf " + mode + b" 20 400 Td (Marisol Quintanilla) Tj ET"))
    assert "Marisol Quintanilla" in said(data)


def test_text_outside_the_paper_and_in_white_is_read() -> None:
    assert "Marisol" in said(saved(document(b"BT /F1 12 Tf 1 1 1 rg 20 400 Td (Marisol) Tj ET")))


def test_metadata_annotations_and_attachments_are_read() -> None:
    pdf = document()
    note = pikepdf.Dictionary(
        Type=pikepdf.Name.Annot, Subtype=pikepdf.Name.Text, Rect=[0, 0, 10, 10], Contents="call 13812345678"
    )
    pdf.pages[0].obj.Annots = pikepdf.Array([pdf.make_indirect(note)])
    pdf.attachments["order.json"] = pikepdf.AttachedFileSpec(pdf, b'{"name": "Quintanilla"}')
    with pdf.open_metadata() as meta:
        meta["dc:title"] = "Label of Ida Holm"
    pdf.docinfo["/Author"] = "Reto Zurbruegg"
    text = said(saved(pdf))
    for secret in ("Reto Zurbruegg", "call 13812345678", "Quintanilla", "order.json", "Ida Holm"):
        assert secret in text


def test_an_earlier_revision_is_read() -> None:
    first = saved(document(b"BT /F1 12 Tf 20 400 Td (Marisol) Tj ET"))
    # An incremental update that empties the page: the old text is still in the file.
    with pikepdf.open(io.BytesIO(first)) as pdf:
        number, _ = pdf.pages[0].obj.Contents.objgen
        size = len(pdf.objects) + 1
        root, _ = pdf.Root.objgen
    start = first.rfind(b"startxref")
    old = int(first[start + 9 :].split()[0])
    body = f"{number} 0 obj\n<</Length 0>>\nstream\n\nendstream\nendobj\n".encode()
    xref = len(first) + len(body)
    table = f"xref\n{number} 1\n{len(first):010d} 00000 n \ntrailer\n<</Size {size} /Root {root} 0 R /Prev {old}>>\nstartxref\n{xref}\n%%EOF".encode()
    data = first + body + table
    with pikepdf.open(io.BytesIO(data)) as pdf:
        assert pdf.pages[0].obj.Contents.read_bytes() in (b"", b"\n")
    assert "Marisol" in said(data)


def test_an_encrypted_pdf_is_refused() -> None:
    data = saved(document(), encryption=pikepdf.Encryption(owner="a", user="b"))
    with pytest.raises(LabelRefused) as refusal:
        read(data)
    assert refusal.value.code == "pdf_encrypted"


def test_a_page_larger_than_any_label_is_refused() -> None:
    pdf = pikepdf.new()
    pdf.add_blank_page(page_size=(14000, 14000))
    with pytest.raises(LabelRefused):
        read(saved(pdf))
