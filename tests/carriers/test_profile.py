"""A request is matched to an operation; profiles are loaded from the package and from a folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from carriers.errors import CarrierRefusal, ProfileError
from carriers.profile import load_profile, load_profiles
from carriers.wire import WireRequest
from masking.personal import Kind
from tests.carriers.acme import JSON_CARRIER, acme


@pytest.mark.parametrize(
    ("body", "operation"),
    [
        (b"serviceCode=EXP_RECE_CREATE_ORDER&msgData=%7B%7D", "create"),
        (b"msgData=%7B%22dealType%22%3A2%7D&serviceCode=EXP_RECE_UPDATE_ORDER", "cancel"),
        (b"msgData=%7B%22dealType%22%3A1%7D&serviceCode=EXP_RECE_UPDATE_ORDER", "update"),
        (b"a=serviceCode%3DEXP_RECE_CREATE_ORDER&serviceCode=EXP_RECE_SEARCH_ROUTES", "trace"),
    ],
)
def test_one_url_has_many_operations(body: bytes, operation: str) -> None:
    profile = load_profile("sf-express")
    assert profile is not None
    assert profile.match(WireRequest("POST", "/std/service", "", {}, body)).id == operation


@pytest.mark.parametrize(
    "body", [b"", b"serviceCode=EXP_RECE_CREATE_ORDER_2", b"xserviceCode=EXP_RECE_CREATE_ORDER", b"serviceCode=NEW"]
)
def test_an_unknown_operation_is_refused(body: bytes) -> None:
    profile = load_profile("sf-express")
    assert profile is not None
    with pytest.raises(CarrierRefusal) as refusal:
        profile.match(WireRequest("POST", "/std/service", "", {}, body))
    assert refusal.value.code == "unknown_operation"


def test_scopes_are_those_of_the_last_mile() -> None:
    manner = acme('mask_allowed = ["name", "phone", "email", "address_line", "id"]\n' + JSON_CARRIER).manner
    assert manner.whole("ticket") == {Kind.COMPANY}
    assert manner.whole("label") == {Kind.COMPANY, Kind.ADDRESS_LINE, Kind.ID}


def test_a_broken_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text('id = "mine"\n', encoding="utf-8")
    with pytest.raises(ProfileError) as error:
        load_profiles(tmp_path)
    assert error.value.path is not None and error.value.path.startswith("mine.toml:")
