"""Signed checkpoints: one form, one key, one refusal."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from hashlib import sha256
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from masking.audit import AuditError, Chain
from masking.audit_note import Checkpoint, key_hash, verifier_line, verify_note

GOLDEN = json.loads((Path(__file__).parents[1] / "golden" / "audit_v1.json").read_text("utf-8"))
KEY = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(GOLDEN["private_key"]))
OTHER = Ed25519PrivateKey.from_private_bytes(bytes(32))
ORIGIN = GOLDEN["origin"]
CHECKPOINT = Checkpoint(ORIGIN, 3, bytes.fromhex(GOLDEN["root"]), bytes.fromhex(GOLDEN["link"]))
NOTE = CHECKPOINT.signed(KEY)


def refused(note: str, *, origin: str = ORIGIN, key: Ed25519PrivateKey = KEY) -> bool:
    with pytest.raises(AuditError) as error:
        verify_note(note, origin=origin, key=key.public_key())
    return error.value.code == "audit_note_invalid"


def signed(body: str) -> str:
    """Any body, signed with the right key: what the signature does not protect, the form must."""
    line = b64encode(key_hash(ORIGIN, KEY.public_key()) + KEY.sign(body.encode())).decode()
    return f"{body}\n— {ORIGIN} {line}\n"


def test_a_checkpoint_is_signed_and_read_back() -> None:
    assert verify_note(NOTE, origin=ORIGIN, key=KEY.public_key()) == CHECKPOINT


def test_the_note_of_the_first_release_still_holds() -> None:
    assert GOLDEN["note"] == NOTE
    assert verifier_line(ORIGIN, KEY.public_key()) == GOLDEN["verifier"]


def test_the_form_is_that_of_signed_note() -> None:
    """Read by hand from the words of the C2SP document."""
    body, line = NOTE.split("\n\n")
    assert body.split("\n")[:3] == [ORIGIN, "3", b64encode(CHECKPOINT.root).decode()]
    dash, name, text = line.rstrip("\n").split(" ")
    assert (dash, name) == ("—", ORIGIN)
    public = KEY.public_key().public_bytes_raw()
    assert b64decode(text)[:4] == sha256(ORIGIN.encode() + b"\n\x01" + public).digest()[:4]
    KEY.public_key().verify(b64decode(text)[4:], (body + "\n").encode())


def test_witnesses_may_sign_too() -> None:
    witness = f"— witness.example {b64encode(bytes(68)).decode()}\n"
    body, ours = NOTE.split("\n\n")
    for lines in (witness + ours, ours + witness, "— odd\n" + ours, f"— {ORIGIN} !!!\n" + ours):
        assert verify_note(f"{body}\n\n{lines}", origin=ORIGIN, key=KEY.public_key()) == CHECKPOINT


@settings(max_examples=120)
@given(st.data())
def test_no_character_of_the_body_or_our_signature_may_change(data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(NOTE) - 1))
    sign = data.draw(st.sampled_from("aZ0/+ \n—").filter(lambda sign: sign != NOTE[at]))
    note = NOTE[:at] + sign + NOTE[at + 1 :]
    if note.rstrip("\n") != NOTE.rstrip("\n"):  # the note's own last line feed carries nothing
        assert refused(note)


def test_another_key_origin_or_length_is_refused() -> None:
    assert refused(NOTE, key=OTHER)
    assert refused(NOTE, origin="other.example")
    assert refused(CHECKPOINT.signed(OTHER))
    assert refused(Checkpoint("other.example", 3, CHECKPOINT.root, CHECKPOINT.link).signed(KEY))
    assert refused("")
    assert refused(CHECKPOINT.body)
    assert refused(NOTE + "— x y\n" * 5000)


@pytest.mark.parametrize(
    "body",
    [
        f"{ORIGIN}\n3\n",
        CHECKPOINT.body.replace("\n3\n", "\n03\n"),
        CHECKPOINT.body.replace("\n3\n", "\n-3\n"),
        CHECKPOINT.body.replace("\n3\n", "\n٣\n"),
        CHECKPOINT.body.replace("\n3\n", "\n\n"),
        CHECKPOINT.body.replace("link ", ""),
        CHECKPOINT.body.replace("link ", "chain "),
        CHECKPOINT.body + "more\n",
        CHECKPOINT.body.replace(ORIGIN, "other.example"),
        f"{ORIGIN}\n3\nAA==\nlink {b64encode(bytes(32)).decode()}\n",
        f"{ORIGIN}\n3\n!!\nlink {b64encode(bytes(32)).decode()}\n",
        f"{ORIGIN}\n3\n{b64encode(bytes(32)).decode()[:-2]}B=\nlink {b64encode(bytes(32)).decode()}\n",
    ],
)
def test_a_signed_body_in_another_form_is_refused(body: str) -> None:
    assert refused(signed(body))


def test_a_checkpoint_tells_the_chain_as_it_stands() -> None:
    empty = Chain.empty(ORIGIN)
    assert Checkpoint.of(empty) == Checkpoint(ORIGIN, 0, sha256(b"").digest(), empty.link)
    _, chain = empty.extend([b"a", b"b"])
    assert Checkpoint.of(chain) == Checkpoint(ORIGIN, 2, chain.root(), chain.link)
    note = Checkpoint.of(empty).signed(KEY)
    assert verify_note(note, origin=ORIGIN, key=KEY.public_key()).size == 0


def test_the_documentation_shows_the_note_of_the_vectors() -> None:
    page = (Path(__file__).parents[2] / "docs" / "audit.md").read_text("utf-8")
    assert GOLDEN["note"] in page
