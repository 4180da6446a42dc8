"""A request as it came in, read for its signature: what stands where, before anybody claims or changes anything.

Knows codecs and templates; knows no kind and no role. Used for both who speaks to us in a carrier's scheme: shops and carriers' pushes.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any

from lxml import etree

from carriers import clockwork, envelope_form, envelope_json, envelope_xml
from carriers.envelope_form import Form
from carriers.errors import CarrierRefusal
from carriers.finish import Moment, value_at
from carriers.profile import Operation
from carriers.signing import Placeholder, Scheme, matches, sign
from carriers.wire import WireRequest

_EPOCH = datetime.fromtimestamp(0, UTC)


class Received:
    """Reads a raw request by the places that profiles name."""

    def __init__(
        self,
        request: WireRequest,
        secrets: Mapping[str, str],
        *,
        charset: str = "utf-8",
        schemes: Mapping[str, Scheme] | None = None,
        path: Any = None,
    ) -> None:
        self.request = request
        self.charset = charset
        self.schemes = schemes or {}
        self.variables: dict[str, str] = path or {}
        self._moment = Moment(secrets, _EPOCH, "")

    def __repr__(self) -> str:
        return f"<Received {self.request!r}>"

    @cached_property
    def form(self) -> Form:
        """The body's pairs."""
        return envelope_form.loads(self.request.body, self.charset, "form")

    @cached_property
    def query(self) -> Form:
        """The query string's pairs."""
        return envelope_form.loads(self.request.query.encode(), "utf-8", "query")

    @cached_property
    def document(self) -> Any:
        """The body as JSON."""
        return envelope_json.loads(self.request.body, "$")

    def at(self, place: str) -> str:
        """What stands at `form:x`, `query:x`, `header:x`, `path:x`, `$.a.b` or `/A/B`; empty where nothing does."""
        word, colon, name = place.partition(":")
        if colon and word in ("form", "query", "header", "path"):
            return self._named(word, name)
        if place.startswith("/"):
            return self._in_xml(place)
        return value_at(self.document, place.removeprefix("$.").split("."))

    def _named(self, word: str, name: str) -> str:
        match word:
            case "form":
                return self.form.get(name) or ""
            case "query":
                return self.query.get(name) or ""
            case "header":
                return self.request.headers.get(name.lower(), "")
        return self.variables.get(name, "")

    def _in_xml(self, place: str) -> str:
        element: etree._Element | None = envelope_xml.loads(self.request.body, "").root
        for name in place.strip("/").split("/")[1:]:
            if name.startswith("@"):
                return str(element.get(name[1:], "")) if element is not None else ""
            element = next(
                (item for item in (() if element is None else element) if envelope_xml.local_name(item) == name), None
            )
        return (element.text or "") if element is not None else ""

    def source(self, name: Placeholder) -> bytes:
        """What a signature's placeholder stands for. The token is the one that the request carries."""
        match name.word:
            case "body":
                return self.request.body
            case "path":
                return self.request.path.encode()
            case "token":
                return self.at("query:access_token").encode()
            case "sign":
                return sign(self.schemes[name.rest], self.source).encode()
        known = self._moment.value(name) if name.word in ("secret", "basic") else None
        return (self.at(name) if known is None else known).encode(self.charset)


def verify(scheme: Scheme, received: Received) -> bool:
    """True where the request carries the signature that the scheme makes of it: the twin of `signing.sign`."""
    presented = received.at(scheme.into)
    return bool(presented) and matches(scheme, presented, received.source)


def check_fresh(operation: Operation, received: Received, *, now: datetime, window: timedelta) -> None:
    """Refuse a request dated outside the window, where its format dates requests. Raises CarrierRefusal(code="stale_request")."""
    for setter in operation.setters:
        names = setter.template.names
        if len(names) == 1 and names[0].startswith("now:"):
            at = clockwork.read_time(names[0][4:], received.at(setter.target.text))
            if at is None or abs(now - at) > window:
                raise CarrierRefusal(
                    "the request's timestamp is outside the window", code="stale_request", path=setter.target.text
                )
