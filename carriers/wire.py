"""What goes over the wire, as values: a request and a reply. Knows no socket; its `repr` never shows content."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from msgspec import Struct

_NO_HEADERS: Mapping[str, str] = MappingProxyType({})


class WireRequest(Struct, frozen=True):
    """A request as a carrier receives it, or as a shop sends it to the front door."""

    method: str
    path: str
    """Below `/c/{carrier}`, still percent-encoded, with its leading slash."""
    query: str = ""
    """The raw query string, without the question mark."""
    headers: Mapping[str, str] = _NO_HEADERS
    """Names in lower case."""
    body: bytes = b""

    def __repr__(self) -> str:
        return f"<WireRequest {self.method} {len(self.body)} bytes>"


class WireReply(Struct, frozen=True):
    """A carrier's answer, read to its end and no longer than the gateway's limit."""

    status: int
    headers: Mapping[str, str] = _NO_HEADERS
    """Names in lower case."""
    body: bytes = b""

    def __repr__(self) -> str:
        return f"<WireReply {self.status} {len(self.body)} bytes>"
