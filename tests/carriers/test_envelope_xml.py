"""XML comes out as it came; doctypes, bombs and depth do not get in."""

from __future__ import annotations

from typing import Any

import pytest

from carriers import envelope_xml
from carriers.errors import CarrierRefusal


def refusal_of(function: Any, *arguments: Any) -> str:
    with pytest.raises(CarrierRefusal) as refusal:
        function(*arguments)
    return refusal.value.code


BOMB = (
    b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x "ha">'
    + b"".join(b'<!ENTITY x%d "&x%d;&x%d;">' % (n, n - 1, n - 1) for n in range(1, 40))
    + b"]><a>&x39;</a>"
)


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (BOMB, "doctype_refused"),
        (b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>', "doctype_refused"),
        (
            '<?xml version="1.0" encoding="UTF-16"?><!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>'.encode("utf-16"),
            "doctype_refused",
        ),
        (b"<a>" * 100_000, "too_deep"),
        (b"<a><b></a>", "malformed_xml"),
        (b"", "malformed_xml"),
        (b"<a>&undefined;</a>", "malformed_xml"),
        (b'<?xml version="1.0" encoding="UTF-8"?><a>\xff</a>', "bad_charset"),
        (b'<?xml version="1.0" encoding="klingon"?><a/>', "bad_charset"),
    ],
)
def test_bad_xml_has_a_stable_code(raw: bytes, code: str) -> None:
    assert refusal_of(envelope_xml.loads, raw, "/") == code


@pytest.mark.parametrize(
    "raw",
    [
        b'<s:Envelope xmlns:s="urn:soap" xmlns="urn:b"><s:Body><Order id="1"><Name>x</Name></Order></s:Body></s:Envelope>',
        "<?xml version='1.0' encoding='GBK'?>\n<a b=\"顾客\">收件人</a>".encode("gbk"),
        b"<a><![CDATA[<raw>&</raw>]]></a>",
    ],
)
def test_untouched_xml_comes_out_as_it_came(raw: bytes) -> None:
    assert envelope_xml.dumps(envelope_xml.loads(raw, "")) == raw


def test_comments_and_instructions_do_not_go_on() -> None:
    raw = b"<a><!-- call 13800138000 --><?note 13800138000?><b/></a>"
    assert envelope_xml.dumps(envelope_xml.loads(raw, "")) == b"<a><b/></a>"


@pytest.mark.parametrize("charset", ["GBK", "UTF-8", "utf-8"])
def test_a_document_inside_a_string_may_declare_any_charset(charset: str) -> None:
    from carriers.finish import preview
    from carriers.order import open_order
    from carriers.percent import quote
    from carriers.veil import veil
    from carriers.wire import WireRequest
    from tests.carriers.test_nesting import OPERATIONS

    text = f"<?xml version='1.0' encoding='{charset}'?>\n<R><a>林徽</a><b>顺丰</b></R>"
    order = open_order(
        OPERATIONS["form", "xml"], WireRequest("POST", "/", "", {}, b"a=" + quote(text.encode()) + b"&b=1")
    )
    assert [value for _, _, _, value in order.fields] == ["林徽"]
    assert preview(veil(order, relays={})).body == b"a=" + quote(text.replace("林徽", "林**").encode()) + b"&b=1"


def test_a_charset_that_does_not_exist_is_refused_inside_a_string_too() -> None:
    assert refusal_of(envelope_xml.recoded, b"<?xml version='1.0' encoding='klingon'?><a/>", "") == "bad_charset"


def test_names_in_a_relative_namespace_can_be_compared() -> None:
    one, same, other = (
        envelope_xml.loads(raw, "") for raw in (b"<a xmlns='b'>1</a>", b'<a xmlns="b" >1</a>', b"<a xmlns='b'>2</a>")
    )
    assert envelope_xml.canonical(one) == envelope_xml.canonical(same) != envelope_xml.canonical(other)
