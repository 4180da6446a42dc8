"""Templates, secrets and schemes of a profile are checked where they stand."""

from __future__ import annotations

import pytest

from carriers.errors import ProfileError
from carriers.profile_schema import SignTable
from carriers.profile_values import Values
from tests.carriers.acme import acme  # the invented carrier's own compile proves the good case


def values() -> Values:
    import msgspec

    from carriers.profile_schema import ProfileTable

    raw = {"id": "a", "name": {"en": "A"}, "last_mile": "ticket", "secrets": ["key"], "operation": []}
    return Values(msgspec.convert(raw, ProfileTable))


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("{secret:no}", "unknown_secret"),
        ("{basic:key:no}", "unknown_secret"),
        ("{token}", "missing_signer"),
        ("{sign:no}", "missing_signer"),
        ("{moon}", "template_invalid"),
        ("{now:later}", "template_invalid"),
    ],
)
def test_a_placeholder_that_nothing_fills_is_an_error(text: str, code: str) -> None:
    with pytest.raises(ProfileError) as error:
        values().template(text)
    assert error.value.code == code


@pytest.mark.parametrize(
    ("path", "place", "name"),
    [
        ("header:X-Key", "header", "x-key"),
        ("query:k", "query", "k"),
        ("path:v", "path", "v"),
        ("form:a~$.b", "body", "b"),
        ("$.a", "body", "a"),
    ],
)
def test_a_target_has_a_place_and_a_name(path: str, place: str, name: str) -> None:
    target = values().target(path)
    assert (target.place, target.name) == (place, name)


def test_a_scheme_keeps_what_its_table_says() -> None:
    scheme = values().scheme("s", SignTable(text="{body}{secret:key}", digest="md5", encode="base64", into="header:x"))
    assert (scheme.text.names, scheme.encode, scheme.into) == (("body", "secret:key"), "base64", "header:x")
    assert acme().schemes["main"].name == "main"
