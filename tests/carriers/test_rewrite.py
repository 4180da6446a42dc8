"""The front of the carriers' wing offers what the gateway calls, and the whole way works through it alone."""

from __future__ import annotations

from datetime import UTC, datetime

from carriers import rewrite
from carriers.wire import WireReply
from tests.carriers.acme import ORDER, RELAYS, acme, request


def test_everything_that_is_promised_is_there() -> None:
    assert [name for name in rewrite.__all__ if not hasattr(rewrite, name)] == []


def test_down_and_back_through_the_front() -> None:
    shop = request(ORDER)
    operation = acme().match(shop)
    veiled = rewrite.veil(rewrite.open_order(operation, shop), relays=RELAYS)
    wire = rewrite.finish(veiled, {"app": "a", "key": "k"}, now=datetime.now(UTC), nonce="n")
    assert "林徽".encode() not in wire.body
    answer = rewrite.rewrite_answer(
        operation, veiled, WireReply(200, {}, '{"ok":true,"waybill":"W","to":{"name":"林**"}}'.encode())
    )
    assert (answer.outcome, answer.waybill, "林徽" in answer.body.decode()) == ("booked", "W", True)
