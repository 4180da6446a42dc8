"""A practice courier books, counts and checks as the profile says, without a socket."""

from __future__ import annotations

from datetime import UTC, datetime

from carriers.order import open_order
from carriers.rewrite import finish, rewrite_answer, veil
from carriers.sandbox.practice import Courier, practice_secrets
from tests.carriers.acme import ORDER, RELAYS, acme, request

NOW = datetime(2026, 11, 25, 13, 0, tzinfo=UTC)


def test_a_replay_gets_the_first_waybill_and_an_echo_comes_back() -> None:
    profile = acme()
    courier = Courier(profile, practice_secrets(profile))
    waybills = []
    for _ in range(2):
        veiled = veil(open_order(profile.operations["create"], request(ORDER)), relays=RELAYS)
        answer = rewrite_answer(
            profile.operations["create"], veiled, courier.answer(finish(veiled, courier.secrets, now=NOW, nonce="n"))
        )
        waybills.append(answer.waybill)
        assert "林徽" in answer.body.decode() and "诸葛文静" in answer.body.decode()
    assert waybills[0] == waybills[1] and courier.waybills == 1
    assert all("林徽".encode() not in seen.request.body for seen in courier.seen)


def test_a_request_with_other_credentials_books_nothing() -> None:
    profile = acme()
    courier = Courier(profile, practice_secrets(profile))
    veiled = veil(open_order(profile.operations["create"], request(ORDER)), relays=RELAYS)
    assert courier.answer(finish(veiled, {**courier.secrets, "key": "x"}, now=NOW, nonce="n")).status == 401
    assert courier.waybills == 0
