"""Keys: numbered, replaced without a gap, never shown."""

from __future__ import annotations

import copy
import hmac
import json
import pickle
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from masking.keyring import Keyring, KeyringError, prefixed

GOLDEN = json.loads((Path(__file__).parents[1] / "golden" / "vault_v1.json").read_text("utf-8"))
NOW = datetime(2026, 11, 25, tzinfo=UTC)


def test_a_keyring_survives_its_key_file() -> None:
    held = Keyring.generate(at=NOW).rotated(at=NOW)
    again = Keyring.from_dict(json.loads(json.dumps(held.to_dict())))
    assert again.to_dict() == held.to_dict()
    assert (again.current, again.accepted, again.born(2)) == (2, {1, 2}, NOW.isoformat())


def test_rotation_adds_a_current_key_and_keeps_the_old_ones() -> None:
    first = Keyring.generate()
    second = first.rotated()
    assert (first.current, first.accepted) == (1, {1})
    assert (second.current, second.accepted) == (2, {1, 2})
    assert second.to_dict()["keks"]["1"] == first.to_dict()["keks"]["1"]


def test_a_retired_key_is_refused_and_its_number_is_not_used_again() -> None:
    held = Keyring.generate().rotated().rotated().retired(1)
    with pytest.raises(KeyringError) as refused:
        held.aead(1)
    assert refused.value.code == "key_unknown"
    assert held.rotated().current == 4


def test_the_current_key_cannot_be_retired() -> None:
    with pytest.raises(KeyringError):
        Keyring.generate().retired(1)


def test_each_tenant_and_purpose_has_a_key_of_its_own() -> None:
    held = Keyring.generate()
    keys = {
        held.tenant_key(purpose, tenant)
        for purpose in ("index", "digest", "audit", "alias")
        for tenant in ("a", "b", "")
    }
    assert len(keys) == 12


def test_a_tenant_key_is_plain_hkdf_over_the_root_of_its_purpose() -> None:
    held = Keyring.from_dict(GOLDEN["keyring"])
    for purpose, root in (("index", bytes(range(64, 96))), ("audit", bytes(range(96, 128)))):
        expected = HKDF(SHA256(), 32, None, prefixed("vw1", purpose, "shp_1")).derive(root)
        assert held.tenant_key(purpose, "shp_1") == expected


@pytest.mark.parametrize("data", [b"", b"one", b"x" * 55, b"x" * 56, b"x" * 64, b"x" * 10_000])
def test_a_mac_is_hmac_sha256_and_does_not_remember_what_the_last_caller_wrote(data: bytes) -> None:
    held = Keyring.generate()
    expected = hmac.digest(held.tenant_key("index", "t"), prefixed("phone") + data, "sha256")
    assert held.mac("index", "t", "phone", data) == expected
    held.mac("index", "t", "phone", b"another")
    assert held.mac("index", "t", "phone", data) == expected


def test_derived_keys_are_kept_in_bounded_memory_and_derived_alike_again() -> None:
    held = Keyring.generate()
    first = held.tenant_key("index", "t0")
    for number in range(20_010):
        held.tenant_key("index", f"t{number}")
    assert len(held._derived) <= 20_000
    assert held.tenant_key("index", "t0") == first


def test_prefixed_parts_never_run_together() -> None:
    assert prefixed("ab", "c") != prefixed("a", "bc")
    assert prefixed("a", "") != prefixed("a")


def test_neither_repr_nor_pickle_nor_copy_gives_keys_away() -> None:
    held = Keyring.generate()
    assert repr(held) == "<Keyring current=1 accepted=[1]>"
    for taking in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError):
            taking(held)


@pytest.mark.parametrize(
    "change",
    [
        {"version": 2},
        {"current": 9},
        {"current": "x"},
        {"keks": {}},
        {"current": 1, "keks": {"1": {"key": "AA=="}}},
        {"current": 1, "keks": {"1": {"key": "not base64!"}}},
        {"current": 1, "keks": {"1": {"key": GOLDEN["keyring"]["keks"]["1"]["key"] + "!"}}},
        {"current": 1, "keks": {"1": {"key": "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8AAECAwQFBgcICQoL"}}},
        {"keks": {"0": GOLDEN["keyring"]["keks"]["1"]}},
        {"keks": {"4294967296": GOLDEN["keyring"]["keks"]["1"], "2": GOLDEN["keyring"]["keks"]["2"]}},
        {"keks": ["1"]},
        {"index_root": "AA=="},
        {"audit_root": GOLDEN["keyring"]["index_root"]},
        {"index_root": GOLDEN["keyring"]["keks"]["1"]["key"]},
    ],
    ids=str,
)
def test_a_spoilt_key_file_is_refused_without_quoting_it(change: dict[str, object]) -> None:
    with pytest.raises(KeyringError) as refused:
        Keyring.from_dict({**GOLDEN["keyring"], **change})
    assert refused.value.__cause__ is None
    assert "not base64!" not in str(refused.value)
    assert not any(entry["key"] in str(refused.value) for entry in GOLDEN["keyring"]["keks"].values())


def test_the_last_key_number_fits_the_header() -> None:
    last = {**GOLDEN["keyring"], "current": 4294967295, "keks": {"4294967295": GOLDEN["keyring"]["keks"]["1"]}}
    assert Keyring.from_dict(last).current == 4294967295
    with pytest.raises(KeyringError):
        Keyring.from_dict(last).rotated()


def test_a_key_file_lacking_an_entry_is_refused() -> None:
    for name in GOLDEN["keyring"]:
        with pytest.raises(KeyringError):
            Keyring.from_dict({key: value for key, value in GOLDEN["keyring"].items() if key != name})
