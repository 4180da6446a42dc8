"""Finish a veiled order: the carrier's credentials in their places, the signature over the exact bytes, nothing of the shop's left over.

Knows templates, targets and signatures; knows no personal value. Everything variable (`now`, `nonce`, `token`) is handed in.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from lxml import etree

from carriers import clockwork, envelope_form, envelope_xml
from carriers.envelope_form import Form
from carriers.errors import CarrierRefusal
from carriers.fieldpath import Step
from carriers.percent import quote
from carriers.profile import Operation, Setter, Target
from carriers.sheet import Level, Sheet, close_level, put_back
from carriers.signing import Placeholder, Scheme, sign
from carriers.veil import Veiled
from carriers.wire import WireRequest

_CONTENT_TYPES = {
    "json": "application/json",
    "form": "application/x-www-form-urlencoded",
    "xml": "text/xml",
}


class Moment:
    """What a template may say that stands in no document: secrets, time, chance, the token."""

    __slots__ = ("nonce", "now", "reference", "secrets", "token")

    def __init__(
        self, secrets: Mapping[str, str], now: datetime, nonce: str, token: str | None = None, reference: str = ""
    ) -> None:
        self.secrets = secrets
        self.now = now
        self.nonce = nonce
        self.token = token
        self.reference = reference

    def __repr__(self) -> str:
        return "<Moment>"

    def value(self, name: Placeholder) -> str | None:
        """What `{name}` stands for; None where the request itself has to tell. Raises CarrierRefusal(code="secret_missing")."""
        match name.word:
            case "secret":
                return self.secret(name.rest)
            case "now":
                return clockwork.write_time(name.rest, self.now)
            case "nonce":
                return clockwork.write_nonce(name.rest, self.nonce)
            case "token":
                if self.token is None:
                    raise CarrierRefusal("the carrier's access token is missing", code="token_missing")
                return self.token
            case "basic":
                user, _, password = name.rest.partition(":")
                pair = f"{self.secret(user)}:{self.secret(password) if password else ''}"
                return base64.b64encode(pair.encode()).decode()
            case "reference":
                return self.reference
        return None

    def secret(self, name: str) -> str:
        """A credential of the carrier's."""
        if name not in self.secrets:
            raise CarrierRefusal(f"the secret {name!r} is not set for this carrier", code="secret_missing")
        return self.secrets[name]


class Draft:
    """A request in the making: the document's levels, and what stands outside the body."""

    def __init__(self, operation: Operation, sheet: Sheet, moment: Moment, method: str, path: str) -> None:
        self.operation = operation
        self.sheet = sheet
        self.moment = moment
        self.method = method
        self.path = path
        self.headers: dict[str, str] = {}
        self.body: bytes | None = None
        self.root: Level | None = None
        self.form: Form | None = None
        """The body, where it is one."""
        self.query: Form | None = None
        self.asked: Level | None = None
        for level in sheet.levels:
            if level.path == "":
                self.root = self.root or level
            elif level.path == "query":
                self.query, self.asked = level.tree, level
        if self.root is not None and type(self.root.tree) is Form:
            self.form = self.root.tree

    def __repr__(self) -> str:
        return f"<Draft {self.operation.id}>"

    def text(self, name: Placeholder) -> str:
        """What a placeholder stands for."""
        known = self.moment.value(name)
        if known is not None:
            return known
        value = self._standing(name)
        return value if isinstance(value, str) else value.decode(self.sheet.charset)

    def source(self, name: Placeholder) -> bytes:
        """The same as bytes."""
        known = self.moment.value(name)
        value: str | bytes = self._standing(name) if known is None else known
        return value if isinstance(value, bytes) else envelope_form.encode(value, self.sheet.charset, name)

    def quoted(self, name: Placeholder) -> bytes:
        """The same percent-coded; a field of the form once, for the signature and the body alike."""
        if self.form is not None and name.word == "form":
            field = self.form.field(name.rest)
            return field.quoted(self.form.charset) if field is not None else b""
        return quote(self.source(name))

    def _standing(self, name: Placeholder) -> str | bytes:
        rest = name.rest
        match name.word:
            case "body":
                return self.closed()
            case "path":
                return self.path
            case "form" if self.form is not None:
                return self.form.get(rest) or ""
            case "query":
                return (self.query.get(rest) if self.query else None) or ""
            case "header":
                return self.headers.get(rest.lower(), "")
            case "sign":
                return sign(self.operation.schemes[rest], self.source)
        return value_at(self.root.tree, name.removeprefix("$.").split(".")) if self.root else ""

    def closed(self) -> bytes:
        """The body's bytes, closed once."""
        if self.body is None:
            self.body = close_level(self.root, self.sheet) if self.root else b""
        return self.body

    def put(self, target: Target, value: str) -> None:
        """Set a value where the profile says."""
        match target.place:
            case "body" if self.form is not None and target.flat:
                self.body = None
                self.form.put(target.name, value)
            case "body" if self.root is not None:
                self.body = None
                put_inside(self.root, target.steps, value, self.sheet.levels)
            case "header":
                self.headers[target.name] = value
            case "query" if not target.steps:
                self.query = self.query or Form([], "utf-8")
                self.query.put(target.name, value)
            case "query" if self.asked is not None:
                put_inside(self.asked, target.steps, value, self.sheet.levels)
            case "path":
                found = self.operation.pattern.fullmatch(self.path)
                if found:
                    self.path = (
                        self.path[: found.start(target.name)]
                        + quote(value.encode()).decode()
                        + self.path[found.end(target.name) :]
                    )

    def request(self) -> WireRequest:
        """The finished request."""
        body = self.closed()
        if body and "content-type" not in self.headers:
            self.headers["content-type"] = _content_type(self.operation, self.sheet)
        query = envelope_form.dumps(self.query).decode() if self.query else ""
        return WireRequest(self.method, self.path, query, self.headers, body)


def finish(
    veiled: Veiled, secrets: Mapping[str, str], *, now: datetime, nonce: str, token: str | None = None
) -> WireRequest:
    """The request that the carrier receives. May be called again with another token: nothing of the first call stays.

    `nonce` is 32 hex digits of chance, `token` the OAuth2 token where the profile has a `[token]` table.
    """
    order = veiled.order
    operation, sheet, shop = order.operation, order.sheet, order.request
    if operation.manner.ciphers:
        sheet.secrets = {cipher: secrets[name] for cipher, name in operation.manner.ciphers.items() if name in secrets}
    draft = Draft(operation, sheet, Moment(secrets, now, nonce, token, order.reference), shop.method, shop.path)
    for name in operation.headers:
        if name in shop.headers:
            draft.headers[name] = shop.headers[name]
    return complete(draft)


def complete(draft: Draft) -> WireRequest:
    """Put in what the profile sets, close the inner levels, sign, close the rest."""
    operation = draft.operation
    put_all(draft, operation.setters)
    for level in draft.sheet.levels:
        if level.container is not None and level.node.late:
            put_back(level, draft.sheet)
    if operation.sign is not None and operation.sign_into is not None:
        draft.put(operation.sign_into, sign_draft(operation.sign, draft))
    return draft.request()


def preview(veiled: Veiled) -> WireRequest:
    """The request as `finish` makes it, without a secret: `<name>` stands for each credential, and the signature is left out."""
    operation, sheet, shop = veiled.order.operation, veiled.order.sheet, veiled.order.request
    sheet.dry = True
    draft = Draft(operation, sheet, _Unknown(), shop.method, shop.path)
    draft.headers.update((name, value) for name, value in shop.headers.items() if name in operation.headers)
    put_all(draft, operation.setters)
    for level in sheet.levels:
        if level.container is not None and level.node.late:
            put_back(level, sheet)
    if operation.sign_into is not None:
        draft.put(operation.sign_into, "")
    return draft.request()


class _Unknown(Moment):
    """A moment of which no secret is known."""

    def __init__(self) -> None:
        super().__init__({}, datetime.fromtimestamp(0, UTC), "0" * 32, "<token>")

    def secret(self, name: str) -> str:
        return f"<{name}>"


def sign_draft(scheme: Scheme, draft: Draft) -> str:
    """Sign. Percent-coding goes byte by byte, so coded pieces joined are the joined text coded."""
    if scheme.quote == "java" and scheme.text.bare:
        return sign(scheme, draft.quoted, quoted=True)
    return sign(scheme, draft.source)


def put_inside(level: Level, steps: Sequence[Step], value: str, levels: list[Level]) -> None:
    """Set a value at `steps` below a level's tree; inner strings are reached through their own levels."""
    tree = level.tree
    if isinstance(tree, Form):
        _put_in_form(tree, level, steps, value, levels)
    elif isinstance(tree, envelope_xml.Xml):
        _put_in_xml(tree.root, steps[1:], value)
    elif isinstance(tree, dict | list):
        _put_in_json(tree, steps, value, levels)


def _put_in_form(form: Form, level: Level, steps: Sequence[Step], value: str, levels: list[Level]) -> None:
    name = steps[0].name
    if len(steps) == 1:
        form.put(name, value)
        return
    for inner in levels:
        if getattr(inner.container, "name", None) == name and inner.container in form.fields:
            put_inside(_innermost(inner, levels), steps[2:], value, levels)


def _innermost(level: Level, levels: list[Level]) -> Level:
    """Through a cipher's box to the document in it."""
    return (
        next((inner for inner in levels if inner.container is level.tree), level)
        if isinstance(level.tree, list) and level.node.codec != "json"
        else level
    )


def _put_in_json(tree: Any, steps: Sequence[Step], value: str, levels: list[Level]) -> None:
    step, rest = steps[0], steps[1:]
    if step.verb == "items":
        for item in tree if isinstance(tree, list) else [tree]:
            _put_in_json(item, rest, value, levels)
    elif not rest:
        if value or step.name in tree:
            tree[step.name] = value
    elif rest[0].verb == "open":
        inner = next((level for level in levels if level.container is tree and level.key == step.name), None)
        if inner is not None:
            put_inside(inner, rest[1:], value, levels)
    else:
        _put_in_json(tree.setdefault(step.name, {}), rest, value, levels)


def _put_in_xml(element: envelope_xml.Element, steps: Sequence[Step], value: str) -> None:
    if not steps:
        element.text = value
        return
    step, rest = steps[0], steps[1:]
    if step.name.startswith("@"):
        element.set(step.name[1:], value)
        return
    found = [item for item in element if envelope_xml.local_name(item) == step.name]
    if not found:
        namespace = etree.QName(element).namespace
        found = [etree.SubElement(element, f"{{{namespace}}}{step.name}" if namespace else step.name)]
    for item in found:
        _put_in_xml(item, rest, value)


def value_at(tree: Any, keys: list[str]) -> str:
    """The text at dotted keys of a JSON document, empty where nothing stands."""
    for key in keys:
        tree = tree.get(key) if isinstance(tree, dict) else None
    return "" if tree is None else str(tree)


def _content_type(operation: Operation, sheet: Sheet) -> str:
    codec = operation.root.codec
    if codec in ("multipart", "xml") and sheet.content_type:
        return sheet.content_type
    made = _CONTENT_TYPES.get(codec, "application/octet-stream")
    if codec == "form" or (codec == "xml" and sheet.charset != "utf-8"):
        return f"{made}; charset={sheet.charset.upper()}" if sheet.charset != "utf-8" else made
    return made


def put_all(draft: Draft, setters: tuple[Setter, ...]) -> None:
    """Put in a list of values. An empty template takes out what stands there."""
    put, text = draft.put, draft.text
    for target, template in setters:
        value = template.fill(text) if template.only is None else text(template.only)
        if target.flat and draft.form is not None:
            draft.body = None
            draft.form.put(target.name, value)
        else:
            put(target, value)
