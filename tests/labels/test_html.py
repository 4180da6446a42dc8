"""A page that is a label: everything it says is read, whatever it is wrapped in; what it cannot hold is named; masking leaves the page whole."""

from __future__ import annotations

import base64
import io

import pytest
from PIL import Image

from masking.labels import html
from masking.labels.errors import LabelRefused
from masking.labels.lint import Plain, check
from masking.labels.remask import remask
from masking.labels.render import render
from tests.labels.conftest import LATIN, RECIPIENT

ORDER = Plain([RECIPIENT, LATIN])


def page(body: str, head: str = "") -> bytes:
    return f"<!DOCTYPE html><html><head>{head}</head><body><p>Waybill SF1234567890123 route 021-33</p>{body}</body></html>".encode()


def kinds(data: bytes) -> set[str]:
    return {finding.code for finding in check(data, ORDER).findings}


def png(data: bytes) -> str:
    return f"data:image/png;base64,{base64.b64encode(data).decode()}"


def picture(size: tuple[int, int] = (60, 60)) -> bytes:
    out = io.BytesIO()
    Image.linear_gradient("L").resize(size).save(out, "PNG")
    return out.getvalue()


def test_a_page_that_shows_nobody_is_clean() -> None:
    assert kinds(page("<table><tr><td>欧阳**</td><td>17012345678-8812</td></tr></table>")) == set()


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ("<td>13812345678</td>", "phone"),
        ("<td>138</td><td>1234</td><td>5678</td>", "phone"),
        ("<p>138<b>1234</b><!-- - -->5678</p>", "phone"),
        ("<p>&#49;3812345678</p>", "phone"),
        ("<p>欧<span>阳</span>娜娜</p>", "name"),
        ("<p>&#x6b27;&#x9633;娜娜</p>", "name"),
        ('<img alt="Marisol Quintanilla">', "name"),
        ('<a href="tel:%2B14155552671">call</a>', "phone"),
        ("<!-- 13812345678 -->", "phone"),
        ("<script>let to = 'Marisol Quintanilla'</script>", "name"),
        ('<iframe srcdoc="&lt;p&gt;138&lt;b&gt;12345678"></iframe>', "phone"),
        (f'<object data="data:text/plain;base64,{base64.b64encode(b"13812345678").decode()}"></object>', "phone"),
        (
            f'<img src="data:image/svg+xml;base64,{base64.b64encode(b"<svg><text>138<tspan>12345678").decode()}">',
            "phone",
        ),
        ("<p>漕溪北路88号圣爱大厦12楼1203室</p>", "address_line"),
    ],
)
def test_a_value_is_found_whatever_it_is_wrapped_in(body: str, kind: str) -> None:
    assert f"personal_{kind}" in kinds(page(body))


def test_a_page_in_gb18030_is_read_too() -> None:
    data = page("<p>欧阳娜娜</p>").decode().encode("gb18030")
    assert kinds(data) == {"personal_name"}
    done = remask(data, [RECIPIENT]).data.decode("gb18030")
    assert "欧阳**" in done and "欧阳娜娜" not in done


def test_a_code_inside_the_page_is_decoded(make_label) -> None:
    label = render(make_label()).data
    verdict = check(page(f'<img src="{png(label)}">'), ORDER)
    assert {text for _, kind, text in verdict.readable if kind == "code"} == {"SF1234567890123"}


def test_masking_leaves_tags_codes_and_waybill_as_they_were(make_label) -> None:
    code = png(picture((40, 40)))
    body = f'<table class="a"><tr><td> 收件人： 欧阳娜娜 </td><td title="13812345678">x</td></tr></table><img src="{code}"><!-- 欧阳娜娜 -->'
    done = remask(page(body), [RECIPIENT])
    text = done.data.decode()
    assert "欧阳娜娜" not in text and "13812345678" not in text and done.changed == 2
    assert 'class="a"' in text and code in text and "SF1234567890123" in text and " 收件人： 欧阳** " in text
    assert text.startswith("<!DOCTYPE html>")


def test_a_value_that_tags_cut_apart_cannot_be_masked_and_is_refused() -> None:
    with pytest.raises(LabelRefused) as refused:
        remask(page("<p>138<b>1234</b>5678</p>"), [RECIPIENT])
    assert refused.value.code == "value_left"


@pytest.mark.parametrize(
    "body",
    [
        '<img src="https://carrier.example/1.png">',
        '<iframe src="//carrier.example/"></iframe>',
        '<script src="/draw.js"></script>',
        '<link rel="stylesheet" href="a.css">',
        '<td background="b.gif"></td>',
        '<p style="background: url(c.png)">x</p>',
        "<style>p { background: url('d.png') }</style>",
        '<svg><image href="e.png"/></svg>',
    ],
)
def test_what_lies_elsewhere_is_named(body: str) -> None:
    assert html.elsewhere(page(body)) != ()
    assert check(page(body), ORDER).unread != ()


def test_what_stands_in_the_page_lies_nowhere_else() -> None:
    assert (
        html.elsewhere(
            page(f'<img src="{png(picture())}"><a href="https://x.example">a</a><svg><use href="#a"/></svg>')
        )
        == ()
    )


@pytest.mark.parametrize(
    ("start", "is_page"),
    [
        (b"<!DOCTYPE html>", True),
        (b"\xef\xbb\xbf <HTML>", True),
        (b"<!-- made by -->\n<div class='a'>", True),
        (b'<?xml version="1.0"?><html xmlns="x">', True),
        (b"<table>", True),
        (b"<shipment>", False),
        (b"^XA", False),
        (b"", False),
    ],
)
def test_pages_and_pieces_of_pages_are_told_from_other_things(start: bytes, is_page: bool) -> None:
    assert html.is_html(start) is is_page


@pytest.mark.parametrize(
    "data",
    [
        page('<img src="data:image/png;base64,AAAA">'),
        page(f'<img src="data:image/png;base64,{"A" * 5}">'),
        b"<html>" + b" " * html.MAX_BYTES,
    ],
)
def test_a_page_that_cannot_be_read_completely_is_refused(data: bytes) -> None:
    with pytest.raises(LabelRefused):
        check(data, ORDER)


def test_ten_thousand_levels_are_no_trouble() -> None:
    assert "personal_phone" in kinds(page("<div>" * 10_000 + "13812345678"))


def test_characters_that_no_page_may_hold_do_not_stop_the_masking() -> None:
    done = remask(page("<p>a&#1;<!-- x -->\x02欧阳娜娜&#xFFFE;</p>"), [RECIPIENT]).data.decode()
    assert "欧阳娜娜" not in done and "欧阳**" in done
