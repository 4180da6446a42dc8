from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from masking.labels.errors import TicketRefused
from masking.labels.ticket import issue, verify_offline, verify_online
from masking.labels.ticket_keys import BadTicketKeys, TicketKeys, public_keys_from_jwks

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
UNTIL = NOW + timedelta(days=30)


def test_keys_survive_the_key_file() -> None:
    keys = TicketKeys.generate().rotate(NOW, UNTIL)
    again = TicketKeys.from_private_dict(json.loads(json.dumps(keys.to_private_dict())))
    assert again.to_private_dict() == keys.to_private_dict()
    text = issue(keys.signer, audience="zto", expires=UNTIL).text("h.example")
    assert verify_online(text, again.tag_keys(NOW), NOW, "zto") == verify_offline(
        text, again.public_keys(NOW), NOW, "zto"
    )


def test_rotation_overlaps_until_the_stated_moment() -> None:
    old = TicketKeys.generate()
    text = issue(old.signer, audience="zto", expires=UNTIL + timedelta(days=9)).text("h.example")
    new = old.rotate(NOW, UNTIL)
    assert new.signer.kid != old.signer.kid
    assert verify_offline(text, new.public_keys(NOW), NOW, "zto") and verify_online(text, new.tag_keys(NOW), NOW, "zto")
    for verify, keys in ((verify_offline, new.public_keys(UNTIL)), (verify_online, new.tag_keys(UNTIL))):
        with pytest.raises(TicketRefused):
            verify(text, keys, UNTIL, "zto")


def test_a_retired_private_key_is_gone() -> None:
    old = TicketKeys.generate()
    assert old.to_private_dict()["ed25519"] not in json.dumps(old.rotate(NOW, UNTIL).to_private_dict())


def test_key_ids_are_never_reused_while_accepted() -> None:
    keys = TicketKeys.generate()
    for _ in range(254):
        keys = keys.rotate(NOW, UNTIL)
        assert len(keys.public_keys(NOW)) == len(keys.retired) + 1
    with pytest.raises(BadTicketKeys):
        keys.rotate(NOW, UNTIL)
    assert keys.rotate(UNTIL, UNTIL + timedelta(days=1)).signer.kid == 1


def test_the_public_set_is_all_that_an_offline_reader_needs_and_holds_no_secret() -> None:
    keys = TicketKeys.generate().rotate(NOW, UNTIL)
    document = json.loads(json.dumps(keys.public_jwks(NOW, hosts=["h.example"])))
    text = issue(keys.signer, audience="zto", expires=UNTIL).text("h.example")
    assert verify_offline(text, public_keys_from_jwks(document), NOW, "zto", hosts=document["hosts"])
    private = keys.to_private_dict()
    assert private["ed25519"] not in str(document) and private["tag"] not in str(document)


@pytest.mark.parametrize(
    "damage", [{}, {"kid": 1}, {"kid": 1, "ed25519": "AA", "tag": "AA"}, {"kid": "1", "ed25519": 3, "tag": None}]
)
def test_a_damaged_key_file_is_refused_with_its_code(damage: dict) -> None:
    with pytest.raises(BadTicketKeys) as refusal:
        TicketKeys.from_private_dict(damage)
    assert refusal.value.code == "bad_ticket_keys"


@pytest.mark.parametrize("document", [{}, {"keys": 3}, {"keys": [{"crv": "Ed25519", "kid": "1", "x": "AA"}]}])
def test_a_document_that_is_no_key_set_is_refused(document: dict) -> None:
    with pytest.raises(BadTicketKeys):
        public_keys_from_jwks(document)
