"""Requests and replies show no content."""

from __future__ import annotations

from carriers.wire import WireReply, WireRequest


def test_a_repr_tells_the_size_only() -> None:
    assert "138" not in repr(WireRequest("POST", "/138", "p=138", {"a": "138"}, b"138")) + repr(
        WireReply(200, {"a": "138"}, b"138")
    )
