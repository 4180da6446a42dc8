"""Envelopes open, close again, and refuse what two parsers could read differently."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from hypothesis import given
from hypothesis import strategies as st

from carriers import envelope_cipher, envelope_form, envelope_json, envelope_multipart, envelope_xml
from carriers.errors import CarrierRefusal

KEYS = st.text(st.characters(blacklist_categories=("Cs",)), max_size=8)
TREES = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(10**30), 10**30),
        st.text(st.characters(blacklist_categories=("Cs",)), max_size=20),
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(KEYS, inner, max_size=4)),
    max_leaves=20,
)


def count_keys(tree: Any) -> int:
    if isinstance(tree, dict):
        return len(tree) + sum(count_keys(value) for value in tree.values())
    return sum(count_keys(item) for item in tree) if isinstance(tree, list) else 0


def refusal_of(function: Any, *arguments: Any) -> str:
    with pytest.raises(CarrierRefusal) as refusal:
        function(*arguments)
    return refusal.value.code


def test_numbers_keep_their_spelling() -> None:
    raw = b'{"a":12345678901234567890123,"b":1.10,"c":1E+5,"d":-0.0,"e":1e400}'
    assert envelope_json.dumps(envelope_json.loads(raw, "")) == raw


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b'{"a":NaN}', "not_a_number"),
        (b"[Infinity]", "not_a_number"),
        (b'["\\ud800"]', "bad_charset"),
        (b'{"\\udfff":1}', "bad_charset"),
        (b'["\xff"]', "bad_charset"),
        ("\ufeff{}".encode(), "bad_charset"),
        (b"[" * 100_000, "too_deep"),
        (b'{"a":' * 100_000, "too_deep"),
        (b'{"a":1', "malformed_json"),
        (b'{"a":1}x', "malformed_json"),
        (b"[01]", "malformed_json"),
        (b'["a\x01"]', "malformed_json"),
        (b"[" + b"1" * 5000 + b"]", "malformed_json"),
        (b"", "malformed_json"),
    ],
)
def test_bad_json_has_a_stable_code(raw: bytes, code: str) -> None:
    assert refusal_of(envelope_json.loads, raw, "$") == code


@given(TREES, st.sampled_from([(",", ":"), (", ", ": "), (" ,\n", "\t:\n ")]))
def test_a_document_without_duplicates_passes_however_it_is_spaced(tree: Any, separators: tuple[str, str]) -> None:
    raw = json.dumps(tree, separators=separators, ensure_ascii=False).encode()
    envelope_json.check_keys(raw, count_keys(envelope_json.loads(raw, "")), "$")


@pytest.mark.parametrize(
    "raw",
    [
        b'{"a":1,"a":2}',
        b'{"a" :1,"a"\n: 2}',
        b'{"x":":","a":1,"a":2}',
        b'{"x":{"a":1,"\\u0061":2}}',
        b'{"a\\\\":1,"a\\\\":2}',
        b'{"a":1,"a":2,"b\\\\":3}',
        b'{"n":"{\\"a\\":1}","a":1,"a":2}',
    ],
)
def test_a_key_that_stands_twice_is_refused_however_it_hides(raw: bytes) -> None:
    assert refusal_of(envelope_json.check_keys, raw, count_keys(envelope_json.loads(raw, "")), "$") == "duplicate_key"


@given(st.dictionaries(KEYS, TREES, min_size=1, max_size=4), st.integers(0, 10))
def test_doubling_any_key_is_found(tree: dict[str, Any], at: int) -> None:
    key, value = list(tree.items())[at % len(tree)]
    pairs = [f"{json.dumps(name)}:{json.dumps(item)}" for name, item in [*tree.items(), (key, value)]]
    raw = ("{" + ",".join(pairs) + "}").encode()
    assert refusal_of(envelope_json.check_keys, raw, count_keys(envelope_json.loads(raw, "")), "$") == "duplicate_key"


@given(TREES)
def test_canonical_bytes_do_not_see_key_order(tree: Any) -> None:
    def turned(node: Any) -> Any:
        if isinstance(node, dict):
            return {key: turned(node[key]) for key in reversed(list(node))}
        return [turned(item) for item in node] if isinstance(node, list) else node

    assert envelope_json.canonical(tree) == envelope_json.canonical(turned(tree))


@pytest.mark.parametrize("charset", ["utf-8", "gbk"])
def test_a_form_keeps_order_repeats_and_charset(charset: str) -> None:
    pairs = [("b", "收件人 1"), ("a", "=&%+"), ("b", "又一个"), ("empty", "")]
    form = envelope_form.Form([envelope_form.Field(*pair) for pair in pairs], charset)
    again = envelope_form.loads(envelope_form.dumps(form), charset, "")
    assert [(field.name, field.text) for field in again.fields] == pairs


def test_a_gbk_form_is_not_utf_8() -> None:
    body = b"name=" + b"%B9%CB"
    assert refusal_of(envelope_form.loads, body, "utf-8", "form") == "bad_charset"
    assert envelope_form.loads(body, "gbk", "form").get("name") == "顾"


def test_a_character_that_the_forms_charset_lacks_is_refused() -> None:
    form = envelope_form.Form([envelope_form.Field("name", "𠮷")], "gbk")
    assert refusal_of(envelope_form.dumps, form) == "bad_charset"


def test_ten_thousand_form_fields_are_refused() -> None:
    assert refusal_of(envelope_form.loads, b"a=1&" * 10_000, "utf-8", "form") == "malformed_form"


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


MULTIPART = b'--xyz\r\nContent-Disposition: form-data; name="meta"\r\nContent-Type: application/json\r\n\r\n{"a":1}\r\n--xyz\r\nContent-Disposition: form-data; name="label"; filename="a.pdf"\r\n\r\nJVBERi0=\r\n--xyz--\r\n'


def test_multipart_comes_out_as_it_came() -> None:
    parts = envelope_multipart.loads(MULTIPART, "multipart/form-data; boundary=xyz", "")
    assert [part.name for part in parts.parts] == ["meta", "label"]
    assert envelope_multipart.dumps(parts) == MULTIPART


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"no boundary",
        MULTIPART[:-10],
        b"--xyz\r\n\r\nno name\r\n--xyz--",
        b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n' * 1000,
    ],
)
def test_broken_multipart_is_refused(raw: bytes) -> None:
    assert refusal_of(envelope_multipart.loads, raw, "", "") == "malformed_multipart"


def test_sm4_is_the_standards() -> None:
    """GB/T 32907-2016, appendix A.1."""
    key = bytes.fromhex("0123456789abcdeffedcba9876543210")
    worker = Cipher(algorithms.SM4(key), modes.ECB()).encryptor()
    assert worker.update(key).hex() == "681edf34d206965e86b3e94f536e4246"
    assert envelope_cipher.sm4_ecb(key, key, encrypt=True)[:16].hex() == "681edf34d206965e86b3e94f536e4246"


KEY = base64.b64encode(bytes(range(16))).decode()


@given(st.binary(max_size=200), st.sampled_from(sorted(envelope_cipher.CIPHERS)))
def test_a_cipher_opens_what_it_closed(document: bytes, name: str) -> None:
    field = envelope_cipher.encrypt(name, document, KEY, "")
    assert envelope_cipher.decrypt(name, field, KEY, "") == document


def test_ems_writes_its_mark_and_appends_the_key() -> None:
    field = envelope_cipher.encrypt("ems_sm4", b'{"a":1}', KEY, "")
    assert field.startswith(b"|$4|")
    plain = envelope_cipher.sm4_ecb(bytes(range(16)), base64.b64decode(field[4:]), encrypt=False)
    assert plain == b'{"a":1}' + KEY.encode()


@pytest.mark.parametrize("field", [b"", b"|$4|", b"|$4|!!!!", b"|$4|" + base64.b64encode(b"x" * 16), b"plain"])
def test_a_field_that_does_not_decipher_is_refused(field: bytes) -> None:
    assert refusal_of(envelope_cipher.decrypt, "ems_sm4", field, KEY, "form:x") == "cipher_broken"


def test_a_cipher_without_a_key_says_so() -> None:
    assert refusal_of(envelope_cipher.decrypt, "ems_sm4", b"|$4|", None, "form:x") == "cipher_key_missing"
