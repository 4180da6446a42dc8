"""Every signature scheme of the notes, against values worked out here by hand from its formula."""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import UTC, datetime

import pytest

from carriers import clockwork
from carriers.errors import ProfileError
from carriers.signing import DIGESTS, ENCODINGS, Scheme, matches, sign, template

PLACES = {
    "form:data": "收件 a=1&b=*~",
    "body": '{"a":"收件"}',
    "secret:s": "S3cret+/ key",
    "secret:k": "clé-ﬁne-№7",
    "form:t": "1596008063000",
    "method": "create",
    "path": "/v1/x",
    "header:h": "H",
    "now:s": "1700000000",
}


def source(name: str) -> bytes:
    return PLACES[name].encode()


def scheme(text: str, digest: str, encode: str, **more: str) -> Scheme:
    key = template(more.pop("key")) if "key" in more else None
    return Scheme("test", template(text), digest, encode, key=key, **more)


def md5(text: str) -> bytes:
    return hashlib.md5(text.encode()).digest()


DATA, BODY, SECRET = PLACES["form:data"], PLACES["body"], PLACES["secret:s"]
JAVA = "%E6%94%B6%E4%BB%B6+a%3D1%26b%3D*%7E1596008063000S3cret%2B%2F+key"


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (scheme("{form:data}{form:t}{secret:s}", "md5", "base64", quote="java"), base64.b64encode(md5(JAVA)).decode()),
        (scheme("{body}{secret:s}", "md5", "base64"), base64.b64encode(md5(BODY + SECRET)).decode()),
        (
            scheme("{form:data}{secret:s}", "md5", "base64_hex"),
            base64.b64encode(md5(DATA + SECRET).hex().encode()).decode(),
        ),
        (scheme("{body}_{secret:s}", "md5", "hex"), md5(BODY + "_" + SECRET).hex()),
        (
            scheme("{form:data}{form:t}k{secret:s}", "md5", "HEX"),
            md5(DATA + PLACES["form:t"] + "k" + SECRET).hex().upper(),
        ),
        (
            scheme("{secret:s}method{path}param_json{body}v2.0{secret:s}", "md5", "hex"),
            md5(f"{SECRET}method/v1/xparam_json{BODY}v2.0{SECRET}").hex(),
        ),
        (scheme("{form:data}{secret:s}", "md5", "HEX", quote="upper"), md5((DATA + SECRET).upper()).hex().upper()),
        (
            scheme("{secret:s};{now:s};en;{body}", "sha256", "hex"),
            hashlib.sha256(f"{SECRET};1700000000;en;{BODY}".encode()).hexdigest(),
        ),
        (
            scheme("{body}", "hmac-sha256", "hex", key="{secret:k}", prefix="hmac-sha256-hex=", normalise="NFKD"),
            "hmac-sha256-hex=" + hmac.new("cle\u0301-fine-No7".encode(), BODY.encode(), "sha256").hexdigest(),
        ),
        (
            scheme("{body}", "hmac-sha1", "base64", key="{secret:s}"),
            base64.b64encode(hmac.new(SECRET.encode(), BODY.encode(), "sha1").digest()).decode(),
        ),
        (scheme("{secret:s}", "none", "plain"), SECRET),
    ],
    ids=[
        "sf",
        "zto",
        "kdniao-deppon",
        "yunda",
        "kuaidi100",
        "jd",
        "upper",
        "geodis",
        "easypost",
        "hmac-sha1",
        "static",
    ],
)
def test_a_scheme_makes_what_its_formula_says(made: Scheme, expected: str) -> None:
    assert sign(made, source) == expected
    assert matches(made, expected, source)
    assert not matches(made, expected[:-1] + ("0" if expected[-1] != "0" else "1"), source)


@pytest.mark.parametrize("digest", [name for name in DIGESTS if name != "none"])
@pytest.mark.parametrize("encode", [name for name in ENCODINGS if name != "plain"])
def test_every_digest_and_encoding_is_told_from_a_changed_byte(digest: str, encode: str) -> None:
    made = scheme("{body}", digest, encode, key="{secret:s}")
    signature = sign(made, source)
    assert matches(made, signature, source)
    assert not matches(made, signature, lambda name: source(name) + b" ")


def test_hex_is_compared_without_case_and_base64_with() -> None:
    assert matches(scheme("{body}", "md5", "hex"), md5(BODY).hex().upper(), source)
    assert not matches(scheme("{body}", "md5", "base64"), base64.b64encode(md5(BODY)).decode().swapcase(), source)


@pytest.mark.parametrize("text", ["{open", "close}", "{a}{"])
def test_a_template_with_a_loose_brace_is_an_error(text: str) -> None:
    with pytest.raises(ProfileError):
        template(text)


def test_a_template_is_filled_between_its_literals() -> None:
    made = template("a{secret:s}b{method}")
    assert made.fill(PLACES.__getitem__) == f"a{SECRET}bcreate"
    assert made.render(source, "gbk") == made.fill(PLACES.__getitem__).encode()
    assert [(name.word, name.rest) for name in made.names] == [("secret", "s"), ("method", "")]
    assert (template("{path}").only, made.only, template("").fill(PLACES.__getitem__)) == ("path", None, "")


NOW = datetime(2026, 11, 25, 13, 1, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    ("notation", "text"),
    [
        ("ms", "1795611662000"),
        ("s", "1795611662"),
        ("iso", "2026-11-25T13:01:02Z"),
        ("yyyy-MM-dd HH:mm:ss", "2026-11-25 21:01:02"),
        ("yyyyMMddHHmmss", "20261125210102"),
    ],
)
def test_times_are_written_and_read_in_every_notation(notation: str, text: str) -> None:
    assert clockwork.write_time(notation, NOW) == text
    assert clockwork.read_time(notation, text) == NOW


@pytest.mark.parametrize("text", ["", "soon", "99999999999999999999", "-1e9"])
def test_what_names_no_moment_is_none(text: str) -> None:
    assert clockwork.read_time("ms", text) is None


def test_the_same_nonce_gives_the_same_uuid() -> None:
    one, again, other = (clockwork.write_nonce("uuid", nonce) for nonce in ("a", "a", "b"))
    assert one == again != other
