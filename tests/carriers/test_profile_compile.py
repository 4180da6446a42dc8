"""A profile file is checked to the last word, and what is wrong is named with file and line."""

from __future__ import annotations

from pathlib import Path

import pytest

from carriers.errors import CarrierRefusal, ProfileError
from carriers.profile import BUILT_IN, load_profile, load_profiles
from carriers.profile_compile import compile_text
from carriers.wire import WireRequest
from masking.personal import Role

GOOD = """\
id = "acme"
name = { en = "Acme", zh = "顶点" }
last_mile = "ticket"
secrets = ["key"]

[sign.main]
text = "{body}{secret:key}"
digest = "md5"
encode = "hex"
into = "header:x-sign"

[shape.contact]
name = ["name"]
phone = ["phone"]

[[operation]]
id = "create"
effect = "create"
match = { path = "/orders/{version}" }
party = [
  { at = "from", shape = "contact", role = "sender" },
  { at = "to", shape = "contact", role = "recipient" },
]

[operation.fields]
reference = ["no"]
plain = ["weight"]

[[operation]]
id = "look"
effect = "lookup"
match = { method = "GET", path = "/orders" }
"""


def broken(old: str, new: str) -> ProfileError:
    assert old in GOOD
    with pytest.raises(ProfileError) as error:
        compile_text(GOOD.replace(old, new, 1), "acme.toml")
    return error.value


def test_a_good_profile_compiles() -> None:
    profile = compile_text(GOOD, "acme.toml")
    assert list(profile.operations) == ["create", "look"]
    assert profile.operations["create"].expects == {Role.RECIPIENT}
    assert profile.operations["create"].unclassified == "mask"  # not verified


@pytest.mark.parametrize(
    ("old", "new", "line", "word"),
    [
        ('last_mile = "ticket"', 'last_mile = "ticket"\ncolour = "red"', 4, "colour"),
        ('last_mile = "ticket"', 'last_mile = "door"', 3, "door"),
        ('digest = "md5"', 'digest = "md6"', 8, "md6"),
        ('encode = "hex"', 'encode = "octal"', 9, "octal"),
        ("{body}{secret:key}", "{body}{secret:kee}", 7, "kee"),
        ("{body}{secret:key}", "{body}{secret:key", 7, "brace"),
        ("{body}{secret:key}", "{body}{weather}", 7, "weather"),
        ('name = ["name"]', 'nom = ["name"]', 21, "nom"),
        ('shape = "contact", role = "recipient"', 'shape = "person", role = "recipient"', 22, "person"),
        ('role = "recipient"', 'role = "cat"', 22, "cat"),
        ('role = "recipient"', 'role = { "1" = "sender" }', 22, "by"),
        ('plain = ["weight"]', 'plain = ["weight["]', 27, "cannot be read"),
        ('plain = ["weight"]', 'plain = ["no"]', 27, "claimed both"),
        ('plain = ["weight"]', 'plane = ["weight"]', 27, "plane"),
        ('id = "look"', 'id = "create"', 30, "two operations"),
        ('effect = "lookup"', 'effect = "guess"', 31, "guess"),
        ('effect = "lookup"', 'effect = "lookup"\nsign = "other"', 32, "other"),
        ('effect = "lookup"', 'effect = "lookup"\nset = { "header:a" = "{token}" }', 32, "token"),
        ('effect = "create"', 'effect = "create"\nlookup = { operation = "ask" }', 19, "ask"),
        ('plain = ["weight"]', 'plain = ["x~rot13~$.a"]', 27, "rot13"),
        ('id = "acme"', "id = acme", 1, "TOML"),
        ('effect = "lookup"', 'effect = "lookup"\nhost = "far"', 32, "far"),
        ('last_mile = "ticket"', 'last_mile = "ticket"\nzone = "Mars/Olympus"', 4, "Mars"),
        ('last_mile = "ticket"', 'last_mile = "ticket"\nhosts = { "A b" = "https://x.example" }', 4, "A b"),
        (
            "[shape.contact]",
            '[shop_credential]\nissue = { key = "hex8" }\nverify = "sign"\n\n[shape.contact]',
            12,
            "hex8",
        ),
        (
            "[shape.contact]",
            '[shop_credential]\nissue = { key = "live_{hex40" }\nverify = "sign"\n\n[shape.contact]',
            12,
            "live_",
        ),
        (
            "[shape.contact]",
            '[shop_credential]\nissue = { key = "key" }\nverify = ["sign", "sign"]\n\n[shape.contact]',
            14,
            "once",
        ),
        (
            "[shape.contact]",
            '[shop_credential]\nissue = { key = "key" }\nverify = ["static"]\n\n[shape.contact]',
            14,
            "static",
        ),
    ],
)
def test_an_error_names_file_line_and_word(old: str, new: str, line: int, word: str) -> None:
    error = broken(old, new)
    assert word in str(error)
    assert error.path is not None
    name, _, number = error.path.partition(":")
    assert name == "acme.toml"
    assert abs(int(number) - line) <= 1


def test_a_cipher_is_a_proof_only_where_its_key_is_issued_and_shows_whose_text_it_is() -> None:
    def credential(cipher: str, more: str = 'id = "header:x-app"\nsecret = "form:d"\n') -> str:
        table = f'[ciphers]\n{cipher} = "key"\n\n[shop_credential]\nissue = {{ key = "base64_16" }}\nverify = "cipher"\n{more}\n[shape.contact]'
        return GOOD.replace("[shape.contact]", table, 1)

    compiled = compile_text(credential("ems_sm4"), "acme.toml").shop_credential
    assert compiled is not None and compiled.cipher == "ems_sm4"
    for text in (credential("aes_ecb"), credential("ems_sm4", "")):
        with pytest.raises(ProfileError) as error:
            compile_text(text, "acme.toml")
        assert error.value.code == "missing_signer"


@pytest.mark.parametrize("path", ["/orders/{a}/{a}", "/orders/{1}"])
def test_a_variable_of_a_path_stands_once_under_a_name(path: str) -> None:
    assert broken("/orders/{version}", path).code == "path_invalid"


def test_an_operation_may_have_a_last_mile_of_its_own() -> None:
    profile = compile_text(GOOD.replace('effect = "create"', 'effect = "create"\nlast_mile = "label"', 1), "acme.toml")
    assert [operation.manner.last_mile for operation in profile.operations.values()] == ["label", "ticket"]
    assert profile.last_mile == "ticket"


def test_an_operation_may_listen_at_a_host_of_its_own() -> None:
    text = GOOD.replace('last_mile = "ticket"', 'last_mile = "ticket"\nhosts = { far = "https://far.example" }')
    profile = compile_text(text.replace('effect = "lookup"', 'effect = "lookup"\nhost = "far"'), "acme.toml")
    assert [operation.host for operation in profile.operations.values()] == ["", "far"]
    assert profile.hosts == {"far": "https://far.example"}
    assert broken('effect = "lookup"', 'effect = "lookup"\nhost = "far"').code == "unknown_host"


def test_an_hmac_without_a_key_is_a_missing_signer() -> None:
    assert broken('digest = "md5"', 'digest = "hmac-md5"').code == "missing_signer"


def test_two_signers_and_no_word_which_is_a_missing_signer() -> None:
    more = '[sign.other]\ntext = "{body}"\ndigest = "md5"\ninto = "header:y"\n\n[shape.contact]'
    assert broken("[shape.contact]", more).code == "missing_signer"


def test_an_operation_is_told_by_method_path_and_values() -> None:
    profile = compile_text(GOOD.replace('"/orders" }', '"/orders", query = { kind = "b" } }'), "acme.toml")
    assert profile.match(WireRequest("POST", "/orders/v2", body=b"{}")).id == "create"
    assert profile.match(WireRequest("GET", "/orders", "a=1&kind=b")).id == "look"
    for request in (
        WireRequest("GET", "/orders", "akind=b&kind=bb"),
        WireRequest("PUT", "/orders/v2"),
        WireRequest("POST", "/orders/v2/x"),
        WireRequest("POST", "/orders/%2e%2e"),
    ):
        with pytest.raises(CarrierRefusal) as refusal:
            profile.match(request)
        assert refusal.value.code == "unknown_operation"


def test_a_path_that_two_operations_may_have_is_the_first_ones_whose_values_stand() -> None:
    look = 'match = { method = "GET", path = "/orders" }'
    create = 'match = { path = "/orders/{version}" }'
    literal = 'match = { path = "/orders/v2", query = { kind = "b" } }'
    late = compile_text(GOOD.replace(look, literal), "acme.toml")
    assert [late.match(WireRequest("POST", f"/orders/{v}", "kind=b")).id for v in ("v2", "v3")] == ["create", "create"]
    early = compile_text(GOOD.replace(create, literal).replace(look, create), "acme.toml")
    assert [early.match(WireRequest("POST", "/orders/v2", query)).id for query in ("kind=b", "")] == ["create", "look"]


def test_a_value_inside_a_nested_document_tells_operations_apart() -> None:
    text = GOOD.replace(
        'match = { method = "GET", path = "/orders" }',
        'match = { path = "/orders/{version}", json = { "form:d~$.kind" = "2" } }',
    )
    profile = compile_text(
        text.replace(
            'match = { path = "/orders/{version}" }',
            'match = { path = "/orders/{version}", json = { "form:d~$.kind" = "1" } }',
            1,
        ),
        "acme.toml",
    )
    assert profile.match(WireRequest("POST", "/orders/1", body=b"d=%7B%22kind%22%3A%222%22%7D")).id == "look"


def test_a_users_file_adds_a_carrier_and_wins_over_a_built_in_one(tmp_path: Path) -> None:
    (tmp_path / "acme.toml").write_text(GOOD, encoding="utf-8")
    (tmp_path / "mine.toml").write_text(GOOD.replace('id = "acme"', 'id = "sf-express"', 1), encoding="utf-8")
    profiles = load_profiles(tmp_path)
    assert profiles["acme"].name["zh"] == "顶点"
    assert profiles["sf-express"].name["en"] == "Acme"
    assert load_profile("sf-express", tmp_path) is not None
    assert load_profile("../profiles/ups") is None


def test_every_built_in_profile_compiles_under_its_own_name() -> None:
    for name, profile in load_profiles().items():
        assert (BUILT_IN / f"{name}.toml").is_file()
        assert profile.name["en"]
        assert any(operation.effect == "create" for operation in profile.operations.values())


def test_a_file_nested_beyond_reason_is_an_error() -> None:
    with pytest.raises(ProfileError):
        compile_text("a = " + "[" * 5000, "acme.toml")
