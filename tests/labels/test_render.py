"""The matrix of papers, formats, resolutions and scripts, and the test no text search can give: what is hidden changes no dot."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs
from PIL import Image, ImageChops

from masking.labels.errors import LabelRefused
from masking.labels.lint import Plain, check
from masking.labels.render import MEDIA_TYPES, render
from masking.labels.sinks import read
from masking.labels.ticket import TicketSigner, issue
from masking.party import mask_party
from masking.personal import Party, PostalAddress
from tests.labels.conftest import EXPIRES, MIXED, PEOPLE, SENDER, SIGNER

SIZES, FORMATS, DPI = ("76x130", "100x150", "100x180", "4x6", "a6"), ("png", "pdf", "zpl", "tspl"), (203, 300)
MATRIX = [(size, format, dpi, who) for size in SIZES for format in FORMATS for dpi in DPI for who in PEOPLE]
ROOM = {"zpl": 12_000, "pdf": 30_000}


@pytest.mark.parametrize(("size", "format", "dpi", "who"), MATRIX)
def test_a_label_decodes_is_clean_and_fits(make_label, size, format, dpi, who) -> None:
    label = make_label(PEOPLE[who])
    rendered = render(label, format=format, size=size, dpi=dpi, public_keys={1: SIGNER.public_key})
    assert rendered.media_type == MEDIA_TYPES[format] and rendered.findings == ()
    verdict = check(rendered.data, Plain([PEOPLE[who], SENDER], label.waybill))
    assert verdict.findings == ()
    said = {text for _, kind, text in verdict.readable if kind in ("code", "ticket")}
    assert label.waybill in said and any(text.startswith("HTTPS://V.EXAMPLE/Q/") for text in said)
    if dpi == 203 and format in ROOM:
        assert len(rendered.data) < ROOM[format]


HAN = "".join(chr(point) for point in range(0x4E00, 0x4E60))


def like(surname: str, given_name: str, middle: str, unit: str) -> Party:
    """A person of whom only the surname, the last four digits and the route may be seen."""
    street = f"漕溪北路88号圣爱大厦{unit}室"
    return Party(
        surname + given_name,
        f"1{middle}5678",
        address=PostalAddress("CN", "上海市", "上海市", "徐汇区", street, "200030"),
    )


@settings(max_examples=12, deadline=None)
@given(
    given_name=st.text(HAN, min_size=1, max_size=3),
    middle=st.integers(300_000, 999_999).map(str),
    unit=st.integers(101, 9999).map(str),
)
@pytest.mark.parametrize("format", FORMATS)
def test_what_must_be_hidden_changes_no_dot_in_any_format(make_label, format, given_name, middle, unit) -> None:
    first = render(make_label(like("王", "一", "380000", "101")), format=format, size="76x130")
    second = render(make_label(like("王", given_name, middle, unit)), format=format, size="76x130")
    assert first.data == second.data


def test_another_ticket_changes_only_the_code(make_label) -> None:
    label = make_label()
    other = issue(SIGNER, audience="sf-express", expires=EXPIRES, random_bytes=lambda n: b"\xff" * n).text("V.EXAMPLE")
    pages = [read(render(item).data).pictures[0].image for item in (label, replace(label, ticket=other))]
    changed = ImageChops.difference(*pages).getbbox()
    from masking.labels.layout import MatrixItem, layout
    from masking.labels.template import builtin

    code = next(item for item in layout(label, builtin("100x150")).items if isinstance(item, MatrixItem)).box()
    assert changed is not None
    assert code[0] <= changed[0] and code[1] <= changed[1] and changed[2] <= code[2] and changed[3] <= code[3]


@pytest.mark.parametrize("format", FORMATS)
def test_no_format_says_a_letter_of_the_people_outside_its_dots(make_label, format) -> None:
    data = render(make_label(MIXED), format=format).data
    for text in ("王小明", "小明", "Briain", "13987654321", "8号楼", "建国路", "李雷", "26806888", "A栋"):
        for encoding in ("utf-8", "utf-16-le", "utf-16-be", "gb18030"):
            assert text.encode(encoding) not in data


@pytest.mark.parametrize(
    ("ticket", "keys"),
    [
        (lambda t: t[:-1], None),
        (lambda t: t.replace("V.EXAMPLE", "v.example"), None),
        (lambda t: "", None),
        (lambda t: issue(SIGNER, audience="zto", expires=EXPIRES).text("V.EXAMPLE"), None),
        (lambda t: issue(SIGNER, audience="sf-express", expires=EXPIRES.replace(year=2025)).text("V.EXAMPLE"), None),
        (lambda t: t, {1: TicketSigner.generate(1).public_key}),
        (lambda t: t, {}),
    ],
)
def test_a_label_with_a_bad_ticket_is_not_printed(make_label, ticket, keys) -> None:
    label = make_label()
    with pytest.raises(LabelRefused) as refusal:
        render(replace(label, ticket=ticket(label.ticket)), public_keys=keys)
    assert refusal.value.code == "ticket_invalid"


def test_unknown_formats_are_refused(make_label) -> None:
    with pytest.raises(LabelRefused) as refusal:
        render(make_label(), format="epl")
    assert refusal.value.code == "format_unknown"


def test_the_same_label_gives_the_same_bytes(make_label) -> None:
    for format in FORMATS:
        assert render(make_label(), format=format).data == render(make_label(), format=format).data


def test_a_picture_knows_its_resolution_and_nothing_else(make_label) -> None:
    import io

    with Image.open(io.BytesIO(render(make_label(), dpi=300).data)) as image:
        assert image.mode == "1" and set(image.info) == {"dpi"} and round(image.info["dpi"][0]) == 300


def test_rendered_says_nothing_of_the_label_in_its_repr(make_label) -> None:
    assert repr(render(make_label())).startswith("<Rendered image/png ")


def test_masking_is_the_only_way_in(make_label) -> None:
    with pytest.raises(LabelRefused):
        render(replace(make_label(), recipient=structs.replace(mask_party(SENDER), name="李雷")))
