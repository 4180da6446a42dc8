"""A profile file -> a compiled profile, or an error with file and line. Knows TOML, paths and claims; masks and sends nothing."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timezone
from pathlib import Path
from types import MappingProxyType

import msgspec

from carriers import clockwork, fieldpath
from carriers.claim import PERSONAL, Node, Rule, claim, settle_lanes
from carriers.envelope_cipher import CIPHERS, PROVING
from carriers.errors import ProfileError
from carriers.profile import (
    Answer,
    CarrierProfile,
    Lookup,
    Manner,
    Matcher,
    Operation,
    Push,
    ShopCredential,
    TokenEndpoint,
)
from carriers.profile_claims import Claims, mark_late
from carriers.profile_lines import line_of
from carriers.profile_schema import (
    AnswerTable,
    OperationTable,
    ProfileTable,
    PushTable,
    ShopCredentialTable,
    TokenTable,
)
from carriers.shop_issue import check_look
from carriers.signing import Scheme
from carriers.tracking import EVENTS
from masking.personal import Kind, Role

_CODECS = {"json", "form", "xml", "multipart", *CIPHERS}
_VARIABLE = re.compile(r"\{(\w+)\}")
_SEGMENT = r"[A-Za-z0-9._~\-]{1,64}"
_SOURCES = ("secret", "form", "query", "header", "now", "nonce", "basic", "sign", "literal")
_PLACES = 1000  # a party table may stand for so many places; each is a claim of its own
_LABEL_SCOPE = frozenset((Kind.ADDRESS_LINE, Kind.ID))
"""What a carrier that delivers from the printed label reads whole."""
_EXPECTING = frozenset(("create", "return"))


def compile_file(file: Path) -> CarrierProfile:
    """Read and compile one file. Raises ProfileError whose `path` is `FILE:LINE`."""
    return compile_text(file.read_text(encoding="utf-8"), file.name)


def compile_text(text: str, name: str) -> CarrierProfile:
    """Compile a profile's text; `name` stands for the file in errors."""
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        at = re.search(r"line (\d+)", str(error))
        raise _located(f"not TOML: {error}", f"{name}:{at[1] if at else 1}") from None
    except RecursionError:
        raise _located("nested too deeply", f"{name}:1") from None
    try:
        table = msgspec.convert(raw, ProfileTable)
    except msgspec.ValidationError as error:
        raise _located(str(error), f"{name}:{line_of(text, str(error))}") from None
    compiler = _Compiler(table)
    try:
        return compiler.profile()
    except ProfileError as error:
        raise _located(
            f"{compiler.where}: {error}", f"{name}:{line_of(text, compiler.where, compiler.needle)}", error.code
        ) from None


def _located(message: str, place: str, code: str = "profile_invalid") -> ProfileError:
    return ProfileError(f"{place}: {message}", code=code, path=place)


class _Compiler(Claims):
    """Compiles one table."""

    def __init__(self, table: ProfileTable) -> None:
        super().__init__(table)
        self.manner = self._manner()
        self.schemes: dict[str, Scheme] = {}

    def profile(self) -> CarrierProfile:
        table = self.table
        self._check_words()
        self.schemes.update({name: self.scheme(name, sign) for name, sign in table.sign.items()})
        operations: dict[str, Operation] = {}
        for index, operation in enumerate(table.operation):
            self.at(f"operation[{index}]", operation.id)
            if operation.id in operations:
                raise ProfileError("two operations of this id")
            operations[operation.id] = self._operation(index, operation)
        operations = {
            table.id: self._with_lookup(index, table, operations) for index, table in enumerate(self.table.operation)
        }
        return CarrierProfile(
            id=table.id,
            name=MappingProxyType(dict(table.name)),
            verified=table.verified,
            last_mile=table.last_mile,
            zone=self._zone(),
            base_url=table.base_url,
            hosts=MappingProxyType(dict(table.hosts)),
            secrets=tuple(table.secrets),
            operations=MappingProxyType(operations),
            literal=MappingProxyType(_by_literal_path(operations)),
            variable=tuple(operation for operation in operations.values() if operation.pattern.groups),
            pushes=tuple(self._push(index, push) for index, push in enumerate(table.push)),
            events=MappingProxyType(dict(table.events)),
            mask_allowed=self.manner.mask_allowed,
            passthrough=table.passthrough,
            token=self._token(table.token) if table.token else None,
            shop_credential=self._shop_credential(table.shop_credential) if table.shop_credential else None,
            schemes=MappingProxyType(self.schemes),
            manner=self.manner,
        )

    def _manner(self) -> Manner:
        table = self.table
        allowed = frozenset(Kind(word) for word in table.mask_allowed if word in Kind._value2member_map_)
        return Manner(
            carrier=table.id,
            last_mile=table.last_mile,
            country=table.country,
            charset=table.charset,
            mask_allowed=allowed,
            email_required=table.email_required,
            phone_separator=table.phone_separator,
            phone_digits=table.phone_digits,
            ciphers=MappingProxyType(dict(table.ciphers)),
            whole_by_ticket=frozenset(kind.value for kind in PERSONAL - allowed),
            whole_by_label=frozenset(kind.value for kind in (PERSONAL - allowed) | _LABEL_SCOPE),
        )

    def _zone(self) -> timezone:
        written = self.table.zone or ("+08:00" if self.table.country == "CN" else "UTC")
        self.at("zone", written)
        found = clockwork.read_zone(written)
        if found is None:
            raise ProfileError(f"{written!r} is no zone: write UTC, or an offset such as +08:00")
        return found

    def _check_words(self) -> None:
        table = self.table
        if not re.fullmatch(r"[a-z][a-z0-9-]{0,39}", table.id):
            raise ProfileError("an id has lower-case letters, digits and hyphens")
        self.at("name")
        if not table.name.get("en"):
            raise ProfileError("a name in English is missing (name.en)")
        for word in table.mask_allowed:
            self.at("mask_allowed", word)
            if word not in Kind._value2member_map_:
                raise ProfileError(f"unknown kind {word!r}", code="unknown_kind")
        for host in table.hosts:
            self.at("hosts", host)
            if not re.fullmatch(r"[a-z][a-z0-9_-]{0,39}", host):
                raise ProfileError(f"{host!r}: a host's name has lower-case letters, digits, hyphens and underscores")
        for cipher, secret in table.ciphers.items():
            self.at("ciphers", cipher)
            if cipher not in CIPHERS:
                raise ProfileError(f"unknown cipher {cipher!r}")
            self.secret(secret)
        for code, event in table.events.items():
            self.at("events", code)
            if event not in EVENTS:
                raise ProfileError(f"unknown event {event!r}; known are {', '.join(sorted(EVENTS))}")

    # --- operations --------------------------------------------------------------------------------------------------------------------

    def _operation(self, index: int, table: OperationTable) -> Operation:
        where = f"operation[{index}]"
        root, query = Node(), Node()
        personal = self.claims(root, query, where, table.document, table.party, table.fields)
        self.at(where, "query")
        for name in table.query:
            claim(query, fieldpath.parse(f"form:{name}"), Rule(Kind.PLAIN))
        self.marks(root, where, table)
        wanted = self.table.set if table.set is None else table.set
        self.at(where, "set")
        setters = self.setters(wanted)
        scheme = self._operation_scheme(table)
        into = self.target(scheme.into) if scheme and scheme.into else None
        targets = [setter.target for setter in setters] + ([into] if into else [])
        for target in targets:
            self.claim_target(root, query, target)
        mark_late(root, query, targets)
        self.check_codecs(root)
        settle_lanes(root)
        settle_lanes(query)
        expects = self._expects(table, personal)
        return Operation(
            id=table.id,
            effect=table.effect,
            method=table.match.method,
            path=table.match.path,
            pattern=_pattern(table.match.path),
            matchers=tuple(_matchers(table)),
            root=root,
            query=query,
            setters=setters,
            sign=scheme,
            sign_into=into,
            headers=frozenset(name.lower() for name in (*self.table.headers, *table.headers)),
            unclassified=table.unclassified or self.table.unclassified or ("block" if self.table.verified else "mask"),
            expects=expects,
            duplicate=table.duplicate,
            key_header=table.key_header.lower(),
            answer=self._answer(f"{where}.answer", table.answer or AnswerTable()),
            lookup=None,
            manner=replace(self.manner, last_mile=table.last_mile) if table.last_mile else self.manner,
            schemes=self.schemes,
            host=self._host(table.host),
            has_reference="reference" in table.fields,
            verified=self.table.verified if table.verified is None else table.verified,
        )

    def _operation_scheme(self, table: OperationTable) -> Scheme | None:
        name = self._default_scheme() if table.sign is None else table.sign
        self.needle = name
        if name and name not in self.schemes:
            raise ProfileError(f"no signature scheme called {name!r}", code="missing_signer")
        return self.schemes[name] if name else None

    def _default_scheme(self) -> str:
        """The one scheme that requests travel with; pushes' own do not count."""
        pushes = {push.verify for push in self.table.push}
        found = [name for name, sign in self.table.sign.items() if sign.into and name not in pushes]
        if not found:
            found = [name for name, sign in self.table.sign.items() if sign.into and len(self.table.sign) == 1]
        if len(found) > 1:
            raise ProfileError("several signature schemes: say which (`sign = …`)", code="missing_signer")
        return found[0] if found else ""

    def _expects(self, table: OperationTable, personal: frozenset[Role]) -> frozenset[Role]:
        if table.expects is None:
            return personal & {Role.RECIPIENT} if table.effect in _EXPECTING else frozenset()
        expects = frozenset(Role(word) for word in table.expects)
        self.needle = "expects"
        if not expects <= personal:
            raise ProfileError("expects a role of which no field is claimed")
        return expects

    def _answer(self, where: str, table: AnswerTable) -> Answer:
        root = Node()
        self.claims(root, None, where, table.document, table.party, table.fields)
        settle_lanes(root)
        self.at(where, "answer")
        return Answer(
            root=root,
            booked=self.conditions(table.booked, table.document),
            refused=self.conditions(table.refused, table.document),
            absent=self.conditions(table.absent, table.document),
            duplicate=frozenset(table.duplicate),
        )

    def _with_lookup(self, index: int, table: OperationTable, operations: Mapping[str, Operation]) -> Operation:
        """The operation with its look-up resolved, which may be any operation of the file."""
        operation, lookup = operations[table.id], table.lookup
        if lookup is None:
            return operation
        self.at(f"operation[{index}].lookup", lookup.operation)
        if lookup.operation not in operations:
            raise ProfileError(f"no operation called {lookup.operation!r}")
        body = tuple((fieldpath.parse(path), text) for path, text in lookup.body.items() if path != "/")
        return replace(
            operation,
            lookup=Lookup(operations[lookup.operation], lookup.path, lookup.query, body, lookup.body.get("/", "")),
        )

    def _push(self, index: int, table: PushTable) -> Push:
        where = f"push[{index}]"
        root = Node()
        self.claims(root, None, where, table.document, table.party, table.fields)
        settle_lanes(root)
        self.at(where, table.verify or "verify")
        if table.verify and table.verify not in self.schemes:
            raise ProfileError(f"no signature scheme called {table.verify!r}", code="missing_signer")
        return Push(
            id=table.id,
            content=table.content,
            match=self.conditions(table.match, table.document),
            root=root,
            each=fieldpath.join(table.document, table.each) if table.each else "",
            verify=self.schemes.get(table.verify),
            ack=table.ack,
            ack_type=table.ack_type,
            verified=self.table.verified if table.verified is None else table.verified,
        )

    def _host(self, name: str) -> str:
        if name and name not in self.table.hosts:
            self.needle = name
            raise ProfileError(f"no host called {name!r} in [hosts]", code="unknown_host")
        return name

    def _token(self, table: TokenTable) -> TokenEndpoint:
        self.at("token", "set")
        return TokenEndpoint(
            method=table.method,
            path=table.path,
            host=self._host(table.host),
            setters=self.setters(table.set),
            token=fieldpath.parse(table.token),
            expires=fieldpath.parse(table.expires) if table.expires else (),
            default_seconds=table.default_seconds,
        )

    def _shop_credential(self, table: ShopCredentialTable) -> ShopCredential:
        self.at("shop_credential", "issue")
        for name, look in table.issue.items():
            self.secret(name)
            check_look(look)
        verify = (table.verify,) if isinstance(table.verify, str) else tuple(table.verify)
        self.needle = "verify"
        if not verify or len(set(verify)) < len(verify):
            raise ProfileError("each way of proof is named once, and at least one")
        if "sign" in verify and not self.schemes:
            raise ProfileError(
                "the shop's signature cannot be verified: the profile has no scheme", code="missing_signer"
            )
        if "static" in verify and not table.secret:
            raise ProfileError("`static` needs `secret`, the place where it stands", code="missing_signer")
        return ShopCredential(
            table.id,
            MappingProxyType(dict(table.issue)),
            verify,
            table.secret,
            table.scheme,
            table.window_seconds,
            self._proving_cipher(table) if "cipher" in verify else "",
        )

    def _proving_cipher(self, table: ShopCredentialTable) -> str:
        found = [name for name, secret in self.table.ciphers.items() if secret in table.issue and name in PROVING]
        if len(found) != 1 or not table.id or not table.secret:
            raise ProfileError(
                "`cipher` needs `id`, `secret` (the ciphered field), and one cipher whose key is issued and shows whose text it is",
                code="missing_signer",
            )
        return found[0]


def _pattern(path: str) -> re.Pattern[str]:
    """The paths that are this operation's; each variable stands once, under a name."""
    pieces = [f"(?P<{part}>{_SEGMENT})" if at % 2 else re.escape(part) for at, part in enumerate(_VARIABLE.split(path))]
    try:
        return re.compile("".join(pieces))
    except re.error:
        raise ProfileError(
            f"a variable of the path {path!r} stands twice, or is no name", code="path_invalid"
        ) from None


def _by_literal_path(operations: Mapping[str, Operation]) -> dict[str, tuple[Operation, ...]]:
    """Which operations a path without variables may be: a segment of it may be another operation's variable."""
    paths = [operation.path for operation in operations.values() if not operation.pattern.groups]
    return {
        path: tuple(operation for operation in operations.values() if operation.pattern.fullmatch(path))
        for path in paths
    }


def _matchers(table: OperationTable) -> Iterator[Matcher]:
    wanted = table.match
    for place_, pairs in (("form", wanted.form), ("query", wanted.query), ("header", wanted.header)):
        for name, value in pairs.items():
            yield Matcher(place_, name.lower() if place_ == "header" else name, value, pair=f"{name}={value}".encode())
    for path, value in wanted.json.items():
        yield Matcher("body", path, value, fieldpath.parse(path))
