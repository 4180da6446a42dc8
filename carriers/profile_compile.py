"""A profile file -> a compiled profile, or an error with file and line. Knows TOML, paths and claims; masks and sends nothing."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import msgspec

from carriers import clockwork, fieldpath
from carriers.claim import PERSONAL, WORDS, Node, Rule, Switch, claim, nodes, place, settle_lanes
from carriers.envelope_cipher import CIPHERS
from carriers.errors import ProfileError
from carriers.profile import (
    Answer,
    CarrierProfile,
    Condition,
    Lookup,
    Manner,
    Matcher,
    Operation,
    Push,
    Setter,
    ShopCredential,
    Target,
    TokenEndpoint,
)
from carriers.profile_lines import line_of
from carriers.profile_schema import (
    AnswerTable,
    OperationTable,
    PartyTable,
    ProfileTable,
    PushTable,
    Shape,
    ShopCredentialTable,
    SignTable,
    TokenTable,
)
from carriers.signing import DIGESTS, ENCODINGS, QUOTES, Scheme, Template, template
from carriers.tracking import EVENTS
from masking.personal import Kind, Role

_CODECS = {"json", "form", "xml", "multipart", *CIPHERS}
_VARIABLE = re.compile(r"\{(\w+)\}")
_SEGMENT = r"[A-Za-z0-9._~\-]{1,64}"
_SOURCES = ("secret", "form", "query", "header", "now", "nonce", "basic", "sign", "literal")
_PLACES = 1000  # a party table may stand for so many places; each is a claim of its own
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


class _Compiler:
    """Compiles one table; `where` and `needle` say what it is at, for the line of an error."""

    def __init__(self, table: ProfileTable) -> None:
        self.table = table
        self.where = "id"
        self.needle = ""
        self.manner = self._manner()
        self.schemes: dict[str, Scheme] = {}

    def at(self, where: str, needle: str = "") -> None:
        self.where, self.needle = where, needle

    def profile(self) -> CarrierProfile:
        table = self.table
        self._check_words()
        self.schemes.update({name: self._scheme(name, sign) for name, sign in table.sign.items()})
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
            base_url=table.base_url,
            secrets=tuple(table.secrets),
            operations=MappingProxyType(operations),
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
        return Manner(
            carrier=table.id,
            last_mile=table.last_mile,
            country=table.country,
            charset=table.charset,
            mask_allowed=frozenset(Kind(word) for word in table.mask_allowed if word in Kind._value2member_map_),
            email_required=table.email_required,
            phone_separator=table.phone_separator,
            phone_digits=table.phone_digits,
            ciphers=MappingProxyType(dict(table.ciphers)),
        )

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
        for cipher, secret in table.ciphers.items():
            self.at("ciphers", cipher)
            if cipher not in CIPHERS:
                raise ProfileError(f"unknown cipher {cipher!r}")
            self._secret(secret)
        for code, event in table.events.items():
            self.at("events", code)
            if event not in EVENTS:
                raise ProfileError(f"unknown event {event!r}; known are {', '.join(sorted(EVENTS))}")

    # --- signatures and what is put in -------------------------------------------------------------------------------------------------

    def _scheme(self, name: str, sign: SignTable) -> Scheme:
        self.at(f"sign.{name}")
        for key, value, known in (
            ("digest", sign.digest, DIGESTS),
            ("encode", sign.encode, ENCODINGS),
            ("quote", sign.quote, QUOTES),
        ):
            self.needle = key
            if value not in known:
                raise ProfileError(
                    f"unknown {key} {value!r}; known are {', '.join(filter(None, known))}", code="unknown_signer"
                )
        self.needle = "text"
        text = self._template(sign.text)
        self.needle = "key"
        if sign.digest.startswith("hmac-") and not sign.key:
            raise ProfileError("an HMAC needs a key", code="missing_signer")
        return Scheme(
            name=name,
            text=text,
            digest=sign.digest,
            encode=sign.encode,
            quote=sign.quote,
            key=self._template(sign.key) if sign.key else None,
            prefix=sign.prefix,
            into=sign.into,
            charset=sign.charset,
            normalise=sign.normalise,
        )

    def _template(self, text: str) -> Template:
        made = template(text)
        for name in made.names:
            word, _, rest = name.partition(":")
            if word in ("body", "path", "token", "reference") or name.startswith(("$", "/")):
                if word == "token" and self.table.token is None:
                    raise ProfileError("{token} without a [token] table", code="missing_signer")
                continue
            if word not in _SOURCES:
                raise ProfileError(f"unknown placeholder {{{name}}}", code="template_invalid")
            self._check_source(word, rest)
        return made

    def _check_source(self, word: str, rest: str) -> None:
        if word == "secret":
            self._secret(rest)
        elif word == "basic":
            for secret in rest.split(":"):
                if secret:
                    self._secret(secret)
        elif word == "now":
            clockwork.check(rest)
        elif word == "sign" and rest not in self.table.sign:
            raise ProfileError(f"no signature scheme called {rest!r}", code="missing_signer")

    def _secret(self, name: str) -> None:
        if name not in self.table.secrets:
            raise ProfileError(f"the secret {name!r} is not listed in `secrets`", code="unknown_secret")

    def _setters(self, wanted: Mapping[str, str]) -> tuple[Setter, ...]:
        made = []
        for path, text in wanted.items():
            self.needle = path
            made.append(Setter(self._target(path), self._template(text)))
        return tuple(made)

    def _target(self, path: str) -> Target:
        word, colon, name = path.partition(":")
        if colon and word in fieldpath.OUTSIDE:
            return Target(word, name.lower() if word == "header" else name, (), path)
        steps = fieldpath.parse(path)
        return Target("body", steps[-1].name, steps[1:], path)

    # --- operations --------------------------------------------------------------------------------------------------------------------

    def _operation(self, index: int, table: OperationTable) -> Operation:
        where = f"operation[{index}]"
        root, query = Node(), Node()
        personal = self._claims(root, query, where, table.document, table.party, table.fields)
        self.at(where, "query")
        for name in table.query:
            claim(query, fieldpath.parse(f"form:{name}"), Rule(Kind.PLAIN))
        self._marks(root, where, table)
        wanted = self.table.set if table.set is None else table.set
        self.at(where, "set")
        setters = self._setters(wanted)
        scheme = self._operation_scheme(table)
        into = self._target(scheme.into) if scheme and scheme.into else None
        targets = [setter.target for setter in setters] + ([into] if into else [])
        for target in targets:
            self._claim_target(root, query, target)
        _mark_late(root, targets)
        self._check_codecs(root)
        settle_lanes(root)
        settle_lanes(query)
        expects = self._expects(table, personal)
        return Operation(
            id=table.id,
            effect=table.effect,
            method=table.match.method,
            path=table.match.path,
            pattern=re.compile(
                "".join(
                    f"(?P<{part}>{_SEGMENT})" if at % 2 else re.escape(part)
                    for at, part in enumerate(_VARIABLE.split(table.match.path))
                )
            ),
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
            manner=self.manner,
            schemes=self.schemes,
            has_reference="reference" in table.fields,
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

    def _claims(
        self, root: Node, query: Node | None, where: str, document: str, parties: list[PartyTable], fields: Shape
    ) -> frozenset[Role]:
        """Claim all leaves; the roles that personal leaves may have."""
        roles: set[Role] = set()
        for number, party in enumerate(parties):
            self.at(f"{where}.party[{number}]", party.at)
            roles |= self._claim_party(root, document, number, party)
        for word, paths in fields.items():
            self.at(f"{where}.fields", word)
            if word not in WORDS:
                raise ProfileError(f"unknown kind {word!r}; known are {', '.join(WORDS)}", code="unknown_kind")
            kind, part = WORDS[word]
            for path in paths:
                self.needle = path
                for one in fieldpath.expand(path):
                    full = fieldpath.join(document, one)
                    if full.startswith("query:") and query is not None:
                        claim(query, fieldpath.parse("form:" + full[6:]), Rule(kind, part))
                    else:
                        claim(root, fieldpath.parse(full), Rule(kind, part))
            if kind in PERSONAL:
                roles.add(Role.THIRD_PARTY)
        return frozenset(roles)

    def _claim_party(self, root: Node, document: str, number: int, party: PartyTable) -> set[Role]:
        if party.shape not in self.table.shape:
            raise ProfileError(f"no shape called {party.shape!r}")
        role, switch = _role(party.role)
        for nth, at in enumerate(fieldpath.expand(party.at)):
            base = fieldpath.join(document, at)
            mark = number * _PLACES + nth
            if base and not base.endswith(":"):
                node = place(root, fieldpath.parse(base))
                shared = node.party >= 0 or node.party_role is not None
                node.party, node.party_role = (-1, role) if shared else (mark, role)
                node.switch = switch or node.switch
            for word, paths in self.table.shape[party.shape].items():
                if word not in WORDS:
                    raise ProfileError(f"unknown kind {word!r} in shape {party.shape!r}", code="unknown_kind")
                kind, part = WORDS[word]
                for path in (one for listed in paths for one in fieldpath.expand(listed)):
                    beside = _extension_beside(path, self.table.shape[party.shape]) if word == "phone" else ""
                    rule = Rule(kind, part, role, mark, beside) if word != "plain" else Rule(Kind.PLAIN)
                    claim(root, fieldpath.parse(fieldpath.join(base, path)), rule)
        return set(switch.roles.values()) if switch else {role or Role.THIRD_PARTY}

    def _marks(self, root: Node, where: str, table: OperationTable) -> None:
        self.at(where, table.batch or "batch")
        if table.batch:
            place(root, fieldpath.parse(fieldpath.join(table.document, table.batch).removesuffix("[]"))).single = True
        for path in table.drop:
            self.needle = path
            for one in fieldpath.expand(path):
                place(root, fieldpath.parse(fieldpath.join(table.document, one))).drop = True

    def _claim_target(self, root: Node, query: Node, target: Target) -> None:
        self.needle = target.text
        if target.place == "query":
            node = place(query, fieldpath.parse(f"form:{target.name}"))
        elif target.place == "body":
            node = place(root, fieldpath.parse(target.text))
        else:
            return
        if node.rule is None:
            node.rule = Rule(Kind.CREDENTIAL)

    def _check_codecs(self, root: Node) -> None:
        for node in nodes(root):
            if node.codec and node.codec not in _CODECS:
                raise ProfileError(f"unknown envelope {node.codec!r}", code="unknown_envelope")
            if node.codec in CIPHERS and node.codec not in self.table.ciphers:
                raise ProfileError(f"the cipher {node.codec!r} has no key in [ciphers]", code="missing_signer")

    def _answer(self, where: str, table: AnswerTable) -> Answer:
        root = Node()
        self._claims(root, None, where, table.document, table.party, table.fields)
        settle_lanes(root)
        self.at(where, "answer")
        return Answer(
            root=root,
            booked=self._conditions(table.booked, table.document),
            refused=self._conditions(table.refused, table.document),
            absent=self._conditions(table.absent, table.document),
            duplicate=frozenset(table.duplicate),
        )

    def _conditions(self, table: Mapping[str, str | list[str]], document: str = "") -> tuple[Condition, ...]:
        made = []
        for path, values in table.items():
            self.needle = path
            made.append(
                Condition(
                    fieldpath.parse(fieldpath.join(document, path)),
                    frozenset([values] if isinstance(values, str) else values),
                )
            )
        return tuple(made)

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
        self._claims(root, None, where, table.document, table.party, table.fields)
        settle_lanes(root)
        self.at(where, table.verify or "verify")
        if table.verify and table.verify not in self.schemes:
            raise ProfileError(f"no signature scheme called {table.verify!r}", code="missing_signer")
        return Push(
            id=table.id,
            content=table.content,
            match=self._conditions(table.match, table.document),
            root=root,
            each=fieldpath.join(table.document, table.each) if table.each else "",
            verify=self.schemes.get(table.verify),
            ack=table.ack,
            ack_type=table.ack_type,
        )

    def _token(self, table: TokenTable) -> TokenEndpoint:
        self.at("token", "set")
        return TokenEndpoint(
            method=table.method,
            path=table.path,
            base_url=table.base_url,
            setters=self._setters(table.set),
            token=fieldpath.parse(table.token),
            expires=fieldpath.parse(table.expires) if table.expires else (),
            default_seconds=table.default_seconds,
        )

    def _shop_credential(self, table: ShopCredentialTable) -> ShopCredential:
        self.at("shop_credential", "issue")
        for name in table.issue:
            self._secret(name)
        if table.verify == "sign" and not self.schemes:
            raise ProfileError(
                "the shop's signature cannot be verified: the profile has no scheme", code="missing_signer"
            )
        return ShopCredential(
            table.id,
            MappingProxyType(dict(table.issue)),
            table.verify,
            table.secret,
            table.scheme,
            table.window_seconds,
        )


def _extension_beside(phone: str, shape: Shape) -> str:
    """The key of the extension field in the object or element that holds the phone."""
    parent = re.split(r"[./]", phone)[:-1]
    for path in shape.get("phone_ext", []):
        *above, key = re.split(r"[./]", path)
        if above == parent:
            return key
    return ""


def _role(word: str | dict[str, str]) -> tuple[Role | None, Switch | None]:
    if isinstance(word, str):
        return Role(word), None
    by = word.get("by", "")
    roles = {value: role for value, role in word.items() if value != "by"}
    unknown = [role for role in roles.values() if role not in Role._value2member_map_]
    if not by or not roles or unknown:
        raise ProfileError("a role by value needs `by` and a role for each value")
    return None, Switch(by, {value: Role(role) for value, role in roles.items()})


def _matchers(table: OperationTable) -> Iterator[Matcher]:
    wanted = table.match
    for place_, pairs in (("form", wanted.form), ("query", wanted.query), ("header", wanted.header)):
        for name, value in pairs.items():
            yield Matcher(place_, name.lower() if place_ == "header" else name, value)
    for path, value in wanted.json.items():
        yield Matcher("body", path, value, fieldpath.parse(path))


def _mark_late(root: Node, targets: list[Target]) -> None:
    """Mark the levels that are closed only when the request is finished."""
    for target in targets:
        if target.place == "body":
            node = root
            root.late = True
            for step in target.steps:
                node = (node.inner or node) if node is root else node
                node = node.child(step)
                node.late = node.late or bool(node.codec)
    _late_ciphers(root)


def _late_ciphers(node: Node) -> bool:
    below: list[Any] = [*node.keys.values(), node.items, node.inner]
    late = [_late_ciphers(item) for item in below if item is not None]  # all of them: each marks its own
    if node.codec in CIPHERS or (any(late) and node.codec):
        node.late = True
    return any(late) or node.codec in CIPHERS
