"""Sealing: whole, in its own place, and nowhere else."""

from __future__ import annotations

import hashlib
import hmac
import json
import struct
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given, settings
from hypothesis import strategies as st

from masking.errors import VeilwayError
from masking.keyring import Keyring
from masking.vault import (
    Sealed,
    VaultError,
    blind_index,
    key_number,
    keyed_digest,
    reference_key,
    rewrap,
    seal,
    seal_more,
    unseal,
)

GOLDEN = json.loads((Path(__file__).parents[1] / "golden" / "vault_v1.json").read_text("utf-8"))
KEYS = Keyring.from_dict(GOLDEN["keyring"])
PLACE: dict[str, Any] = {"tenant": "t1", "record": "r1"}
GROUPS = {"name": b"one", "phone": b"two", "address": b"three"}

names = st.text(st.characters(codec="utf-8"), max_size=12)
bodies = st.binary(max_size=200)


def lp(text: bytes) -> bytes:
    return struct.pack(">I", len(text)) + text


@settings(max_examples=60)
@given(st.dictionaries(names, bodies, max_size=5), names, names, st.integers(0, 2**32 - 1))
def test_what_is_sealed_is_unsealed(groups: dict[str, bytes], tenant: str, record: str, version: int) -> None:
    sealed = seal(KEYS, tenant=tenant, record=record, groups=groups, version=version)
    assert unseal(KEYS, sealed.wrapped, sealed.groups, tenant=tenant, record=record, version=version) == groups


def test_ciphertexts_of_the_first_release_open_for_ever() -> None:
    groups = {name: bytes.fromhex(held) for name, held in GOLDEN["groups"].items()}
    place = {"tenant": GOLDEN["tenant"], "record": GOLDEN["record"]}
    wrapped = bytes.fromhex(GOLDEN["wrapped"])
    opened = unseal(KEYS, wrapped, groups, version=GOLDEN["version"], **place)
    assert {name: plain.decode() for name, plain in opened.items()} == GOLDEN["plain"]
    assert reference_key(KEYS, wrapped, **place).hex() == GOLDEN["reference_key"]


def test_the_format_is_what_the_docstring_says() -> None:
    """Opened by hand, from the words of `vault.py` alone."""
    wrapped = bytes.fromhex(GOLDEN["wrapped"])
    tenant, record = GOLDEN["tenant"].encode(), GOLDEN["record"].encode()
    place = lp(b"vw1") + b"\x01" + lp(tenant) + lp(record)
    version, suite, kid, nonce = struct.unpack(">BBI12s", wrapped[:18])
    assert (version, suite, kid) == (1, 1, 2)
    bound = place + lp(b"#key") + struct.pack(">II", 0, 2)
    dek = AESGCM(bytes(range(32, 64))).decrypt(nonce, wrapped[18:], bound)
    for name, held in GOLDEN["groups"].items():
        version, suite, kid, nonce = struct.unpack(">BBI12s", bytes.fromhex(held)[:18])
        assert (version, suite, kid) == (1, 1, 0)
        bound = place + lp(name.encode()) + struct.pack(">II", GOLDEN["version"], 0)
        padded = AESGCM(dek).decrypt(nonce, bytes.fromhex(held)[18:], bound)
        assert len(padded) % (32 if name in ("name", "phone") else 64) == 0
        assert padded.rstrip(b"\0") == GOLDEN["plain"][name].encode() + b"\x80"


@settings(max_examples=80)
@given(st.data())
def test_any_changed_bit_is_refused(data: st.DataObject) -> None:
    sealed = seal(KEYS, groups=GROUPS, **PLACE)
    part = data.draw(st.sampled_from(["wrapped", *GROUPS]))
    held = bytearray(sealed.wrapped if part == "wrapped" else sealed.groups[part])
    bit = data.draw(st.integers(0, len(held) * 8 - 1))
    held[bit // 8] ^= 1 << bit % 8
    wrapped = bytes(held) if part == "wrapped" else sealed.wrapped
    groups = sealed.groups if part == "wrapped" else {**sealed.groups, part: bytes(held)}
    with pytest.raises(VeilwayError) as refused:
        unseal(KEYS, wrapped, groups, **PLACE)
    assert refused.value.code in {"unseal_failed", "ciphertext_unknown", "key_unknown"}


@pytest.mark.parametrize(
    "place",
    [
        {"tenant": "t2", "record": "r1"},
        {"tenant": "t1", "record": "r2"},
        {"tenant": "t1r", "record": "1"},
        {"tenant": "t1", "record": "r1", "version": 2},
    ],
    ids=str,
)
def test_a_ciphertext_opens_in_no_other_place(place: dict[str, Any]) -> None:
    sealed = seal(KEYS, groups=GROUPS, **PLACE)
    with pytest.raises(VaultError):
        unseal(KEYS, sealed.wrapped, sealed.groups, **place)


def test_groups_cannot_change_places_within_a_record() -> None:
    sealed = seal(KEYS, groups=GROUPS, **PLACE)
    with pytest.raises(VaultError):
        unseal(KEYS, sealed.wrapped, {"name": sealed.groups["phone"]}, **PLACE)


def test_a_wrapped_key_does_not_pass_for_a_group_nor_a_group_for_a_wrapped_key() -> None:
    sealed = seal(KEYS, groups={"#key": b"x"}, version=0, **PLACE)
    with pytest.raises(VaultError):
        unseal(KEYS, sealed.wrapped, {"#key": sealed.wrapped}, version=0, **PLACE)
    with pytest.raises(VeilwayError):
        unseal(KEYS, sealed.groups["#key"], {}, version=0, **PLACE)


def test_two_records_have_two_keys_and_no_nonce_twice() -> None:
    many = [seal(KEYS, groups=GROUPS, **PLACE) for _ in range(200)]
    nonces = [held[6:18] for sealed in many for held in (sealed.wrapped, *sealed.groups.values())]
    assert len(set(nonces)) == 200 * 4
    assert len({sealed.wrapped for sealed in many}) == 200
    with pytest.raises(VaultError):
        unseal(KEYS, many[0].wrapped, many[1].groups, **PLACE)


def test_a_later_group_is_sealed_under_the_same_key() -> None:
    sealed = seal(KEYS, groups=GROUPS, **PLACE)
    more = seal_more(KEYS, sealed.wrapped, groups={"answer": b"kept", "caller": b"who"}, **PLACE)
    assert unseal(KEYS, sealed.wrapped, {**sealed.groups, **more}, **PLACE) == {
        **GROUPS,
        "answer": b"kept",
        "caller": b"who",
    }
    assert more["answer"][6:18] != more["caller"][6:18]


def test_no_nonce_is_used_twice_however_often_a_record_goes_on() -> None:
    sealed = seal(KEYS, groups={"a": b"1", "b": b"2"}, **PLACE)
    held = [*sealed.groups.values(), *(sealed.more({"c": b"3"}, **PLACE)["c"] for _ in range(5))]
    assert len({ciphertext[6:18] for ciphertext in [sealed.wrapped, *held]}) == len(held) + 1


def test_whoever_sealed_a_record_goes_on_without_unwrapping_its_key() -> None:
    sealed = seal(KEYS, groups=GROUPS, **PLACE)
    more = sealed.more({"answer": b"kept", "caller": b"who"}, **PLACE)
    assert unseal(KEYS, sealed.wrapped, more, **PLACE) == {"answer": b"kept", "caller": b"who"}
    with pytest.raises(VaultError):
        unseal(KEYS, sealed.wrapped, more, tenant="t1", record="r2")
    with pytest.raises(VaultError):
        unseal(KEYS, sealed.wrapped, more, version=2, **PLACE)
    assert unseal(KEYS, sealed.wrapped, sealed.more({"a": b""}, version=2, **PLACE), version=2, **PLACE) == {"a": b""}
    stored = Sealed(sealed.kid, sealed.wrapped, sealed.groups)
    assert stored == sealed
    with pytest.raises(VaultError):
        stored.more({"answer": b"kept"}, **PLACE)


def test_only_the_groups_asked_for_are_opened() -> None:
    sealed = seal(KEYS, groups=GROUPS, **PLACE)
    assert unseal(KEYS, sealed.wrapped, {"name": sealed.groups["name"]}, **PLACE) == {"name": b"one"}


def test_length_shows_only_in_steps() -> None:
    def length(group: str, size: int) -> int:
        return len(seal(KEYS, groups={group: b"x" * size}, **PLACE).groups[group])

    assert {length("name", size) for size in range(32)} == {34 + 32}
    assert {length("address", size) for size in range(64)} == {34 + 64}
    assert (length("phone", 32), length("other", 64)) == (34 + 64, 34 + 128)


def test_rotation_rewraps_the_key_and_leaves_the_groups() -> None:
    old = Keyring.generate()
    sealed = seal(old, groups=GROUPS, **PLACE)
    new = old.rotated()
    assert unseal(new, sealed.wrapped, sealed.groups, **PLACE) == GROUPS
    wrapped = rewrap(new, sealed.wrapped, **PLACE)
    assert (key_number(sealed.wrapped), key_number(wrapped)) == (1, 2)
    assert rewrap(new, wrapped, **PLACE) == wrapped
    assert unseal(new.retired(1), wrapped, sealed.groups, **PLACE) == GROUPS
    with pytest.raises(VeilwayError) as refused:
        unseal(new.retired(1), sealed.wrapped, sealed.groups, **PLACE)
    assert refused.value.code == "key_unknown"


def test_a_rewrapped_key_stays_in_its_place() -> None:
    old = Keyring.generate()
    sealed = seal(old, groups=GROUPS, **PLACE)
    with pytest.raises(VaultError):
        rewrap(old.rotated(), sealed.wrapped, tenant="t1", record="r2")


def test_another_keyring_opens_nothing() -> None:
    sealed = seal(Keyring.generate(), groups=GROUPS, **PLACE)
    with pytest.raises(VaultError):
        unseal(Keyring.generate(), sealed.wrapped, sealed.groups, **PLACE)


@pytest.mark.parametrize("at", range(2))
def test_an_unknown_version_or_suite_is_refused_before_any_key_is_used(at: int) -> None:
    sealed = seal(KEYS, groups=GROUPS, **PLACE)
    for held in (sealed.wrapped, sealed.groups["name"]):
        odd = held[:at] + b"\x02" + held[at + 1 :]
        wrapped, groups = (odd, {}) if held is sealed.wrapped else (sealed.wrapped, {"name": odd})
        with pytest.raises(VaultError) as refused:
            unseal(KEYS, wrapped, groups, **PLACE)
        assert refused.value.code == "ciphertext_unknown"


@pytest.mark.parametrize("size", [0, 1, 17, 18, 33])
def test_a_ciphertext_shorter_than_header_and_tag_is_refused(size: int) -> None:
    sealed = seal(KEYS, groups=GROUPS, **PLACE)
    with pytest.raises(VaultError) as refused:
        unseal(KEYS, sealed.wrapped, {"name": sealed.groups["name"][:size]}, **PLACE)
    assert (refused.value.code, refused.value.path) == ("ciphertext_unknown", "name")


def test_an_authentic_plaintext_without_padding_is_refused() -> None:
    place = lp(b"vw1") + b"\x01" + lp(b"t1") + lp(b"r1")
    dek, nonce = bytes(32), bytes(12)
    kek = AESGCM(bytes(range(32, 64)))
    wrapped = struct.pack(">BBI12s", 1, 1, 2, nonce) + kek.encrypt(
        nonce, dek, place + lp(b"#key") + struct.pack(">II", 0, 2)
    )
    bound = place + lp(b"name") + struct.pack(">II", 1, 0)
    for plain in (b"", bytes(32), b"a" * 32):
        held = struct.pack(">BBI12s", 1, 1, 0, nonce) + AESGCM(dek).encrypt(nonce, plain, bound)
        with pytest.raises(VaultError):
            unseal(KEYS, wrapped, {"name": held}, **PLACE)


def test_a_blind_index_finds_within_one_tenant_and_field_only() -> None:
    told = GOLDEN["blind_index"]
    found = blind_index(KEYS, GOLDEN["tenant"], told["field"], told["normalised"])
    key = KEYS.tenant_key("index", GOLDEN["tenant"])
    by_hand = hmac.digest(key, lp(b"phone") + told["normalised"].encode(), "sha256")[:16]
    assert found.hex() == told["index"] == by_hand.hex()
    others = {
        blind_index(KEYS, "other", "phone", told["normalised"]),
        blind_index(KEYS, GOLDEN["tenant"], "order", told["normalised"]),
        blind_index(KEYS, GOLDEN["tenant"], "phone", told["normalised"] + "1"),
        blind_index(Keyring.generate(), GOLDEN["tenant"], "phone", told["normalised"]),
        hashlib.sha256(told["normalised"].encode()).digest()[:16],
    }
    assert len(others) == 5
    assert found not in others


def test_a_keyed_digest_is_equal_for_equal_documents_of_one_purpose() -> None:
    told = GOLDEN["keyed_digest"]
    assert keyed_digest(KEYS, GOLDEN["tenant"], told["purpose"], told["data"].encode()).hex() == told["digest"]
    one = keyed_digest(KEYS, "t", "document", b"abc")
    assert one == keyed_digest(KEYS, "t", "document", b"abc")
    different = {keyed_digest(KEYS, "u", "document", b"abc"), keyed_digest(KEYS, "t", "answer", b"abc")}
    assert one not in different | {keyed_digest(KEYS, "t", "document", b"abd")}
    assert len(one) == 32


def test_a_reference_key_dies_with_the_record() -> None:
    one, two = (seal(KEYS, groups=GROUPS, **PLACE) for _ in range(2))
    keys = {reference_key(KEYS, sealed.wrapped, **PLACE) for sealed in (one, two)}
    assert len(keys) == 2
    assert reference_key(KEYS, one.wrapped, **PLACE) in keys


def test_no_message_and_no_repr_tells_content() -> None:
    sealed = seal(KEYS, groups=GROUPS, **PLACE)
    assert repr(sealed) == "<Sealed under key 2: name phone address>"
    assert isinstance(sealed, Sealed)
    with pytest.raises(VaultError) as refused:
        unseal(KEYS, sealed.wrapped, {"name": sealed.groups["phone"]}, **PLACE)
    assert refused.value.__cause__ is None
    assert "t1" not in str(refused.value)
