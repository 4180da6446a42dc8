"""How a carrier speaks, compiled: what a request is, what its leaves are, what goes in, where the answer's facts stand.

Knows no TOML (`profile_schema.py`, `profile_compile.py`) and rewrites nothing (`rewrite.py`). Everything here is built once, at load, and
never changes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timezone
from functools import cache
from pathlib import Path
from typing import NamedTuple

from carriers import fieldpath
from carriers.claim import Node
from carriers.errors import CarrierRefusal, ProfileError
from carriers.fieldpath import Step
from carriers.glance import Glance
from carriers.peek import peek
from carriers.signing import Scheme, Template
from carriers.wire import WireRequest
from masking.personal import Kind, Role

BUILT_IN = Path(__file__).parent / "profiles"


@dataclass(frozen=True, slots=True)
class Target:
    """Where a value goes: `header`, `query` or `path` with a name, or `body` with the steps below its first codec."""

    place: str
    name: str
    steps: tuple[Step, ...] = ()
    text: str = ""
    flat: bool = False
    """One step into the body: a field, where the body is a form."""


class Setter(NamedTuple):
    """A value that the gateway puts in: where, and the template it is made from."""

    target: Target
    template: Template


@dataclass(frozen=True, slots=True)
class Way:
    """A place where a fact may stand."""

    steps: tuple[Step, ...]
    straight: tuple[str, tuple[str, ...]] | None
    """The same as the path of a document and keys in it, where these do (`fieldpath.straight`)."""

    @classmethod
    def to(cls, path: str) -> Way:
        """The way to an absolute path. Raises ProfileError(code="path_invalid")."""
        steps = fieldpath.parse(path)
        return cls(steps, fieldpath.straight(steps))


@dataclass(frozen=True, slots=True)
class Condition:
    """A fact of an answer: what stands at one of the `ways` is one of `values` (`*` for anything but nothing)."""

    ways: tuple[Way, ...]
    values: frozenset[str]


@dataclass(frozen=True, slots=True)
class Answer:
    """How an answer is read."""

    root: Node
    booked: tuple[Condition, ...] = ()
    refused: tuple[Condition, ...] = ()
    absent: tuple[Condition, ...] = ()
    duplicate: frozenset[str] = frozenset()
    glance: Glance = field(init=False, repr=False, compare=False)
    """The quick way to read one."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "glance", Glance(self.root))


@dataclass(frozen=True, slots=True)
class Lookup:
    """How to ask for an order of which the answer was lost."""

    operation: Operation
    path: str
    query: Mapping[str, str]
    body: tuple[tuple[tuple[Step, ...], str], ...]
    """Paths and values of the document to ask with."""
    text: str
    """A whole XML body instead, with slots."""


@dataclass(frozen=True, slots=True)
class Push:
    """A message that the carrier sends on its own."""

    id: str
    content: str
    match: tuple[Condition, ...]
    root: Node
    each: str
    verify: Scheme | None
    ack: str
    ack_type: str
    verified: bool = True
    """A public source tells of it; otherwise it is recalled."""


@dataclass(frozen=True, slots=True)
class Manner:
    """What all operations of a carrier share."""

    carrier: str
    last_mile: str
    country: str
    charset: str
    mask_allowed: frozenset[Kind]
    email_required: bool
    phone_separator: str
    phone_digits: int
    ciphers: Mapping[str, str]

    whole_by_ticket: frozenset[str] = frozenset()
    """Kinds that go out whole where the courier scans: those that the carrier's rules do not let anybody mask."""
    whole_by_label: frozenset[str] = frozenset()
    """And where the parcel is delivered from the printed label."""

    def whole(self, last_mile: str) -> frozenset[str]:
        """Kinds, by value, that go out whole under `ticket` or `label`."""
        return self.whole_by_label if last_mile == "label" else self.whole_by_ticket


@dataclass(frozen=True, slots=True)
class Matcher:
    """A value that must stand in a request: in a `form`, `query` or `header` field of that name, or in the `body` at `steps` (`*`: any)."""

    place: str
    name: str
    value: str
    steps: tuple[Step, ...] = ()
    pair: bytes = b""
    """`name=value` as it stands in a form or a query; both are plain words that percent-coding leaves alone."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing that a shop does at this carrier."""

    id: str
    effect: str
    method: str
    path: str
    pattern: re.Pattern[str]
    matchers: tuple[Matcher, ...]
    """What besides method and path must hold."""
    root: Node
    """The claims on the body."""
    query: Node
    """The claims on the query string."""
    setters: tuple[Setter, ...]
    sign: Scheme | None
    sign_into: Target | None
    headers: frozenset[str]
    """Headers of the shop's that go on to the carrier; all others stay behind."""
    unclassified: str
    expects: frozenset[Role]
    duplicate: str
    key_header: str
    answer: Answer
    lookup: Lookup | None
    manner: Manner
    schemes: Mapping[str, Scheme] = field(default_factory=dict)
    host: str = ""
    """Which of the carrier's hosts listens; empty for the main one."""
    has_reference: bool = False
    """Whether the carrier's format has an order reference of its own."""
    verified: bool = True
    """A public source tells of it; otherwise it is recalled."""

    def __repr__(self) -> str:
        return f"<Operation {self.manner.carrier} {self.id}>"

    @property
    def name(self) -> str:
        return self.id


@dataclass(frozen=True, slots=True)
class TokenEndpoint:
    """Where an OAuth2 token comes from."""

    method: str
    path: str
    host: str
    setters: tuple[Setter, ...]
    token: tuple[Step, ...]
    expires: tuple[Step, ...]
    default_seconds: int


@dataclass(frozen=True, slots=True)
class ShopCredential:
    """The credential that a shop is given, in the carrier's own shape."""

    id: str
    issue: Mapping[str, str]
    verify: tuple[str, ...]
    """Ways of proof, in the order in which they are looked for: `sign`, `cipher`, `basic`, `static`, `bearer`."""
    secret: str
    scheme: str
    window_seconds: int
    cipher: str = ""
    """The cipher whose key the shop shows that it has."""


@dataclass(frozen=True, slots=True)
class CarrierProfile:
    """A carrier."""

    id: str
    name: Mapping[str, str]
    verified: bool
    last_mile: str
    zone: timezone
    """Of event times that name none."""
    base_url: str
    hosts: Mapping[str, str]
    """The carrier's further hosts by name, with their public URLs as a hint."""
    secrets: tuple[str, ...]
    operations: Mapping[str, Operation]
    literal: Mapping[str, tuple[Operation, ...]]
    """By path without variables: the operations that it may be, in the file's order."""
    variable: tuple[Operation, ...]
    """The operations with variables in their path, in the file's order."""
    pushes: tuple[Push, ...]
    events: Mapping[str, str]
    """The carrier's status code -> an event of the stage machine."""
    mask_allowed: frozenset[Kind]
    passthrough: str
    token: TokenEndpoint | None
    shop_credential: ShopCredential | None
    schemes: Mapping[str, Scheme]
    manner: Manner

    def __repr__(self) -> str:
        return f"<CarrierProfile {self.id}>"

    def match(self, request: WireRequest) -> Operation:
        """The operation that the request is. Raises CarrierRefusal(code="unknown_operation")."""
        path = request.path
        found = self.literal.get(path)
        for operation in self.variable if found is None else found:
            if (
                operation.method == request.method
                and (found is not None or operation.pattern.fullmatch(path))
                and _holds(operation, request)
            ):
                return operation
        raise CarrierRefusal(f"{self.id} has no such operation in its profile", code="unknown_operation")


def _holds(operation: Operation, request: WireRequest) -> bool:
    for matcher in operation.matchers:  # noqa: SIM110 - every request comes here: a generator costs more than its one matcher
        if not _one_holds(matcher, request):
            return False
    return True


def _one_holds(matcher: Matcher, request: WireRequest) -> bool:
    match matcher.place:
        case "form":
            return _stands(matcher.pair, request.body)
        case "query":
            return _stands(matcher.pair, request.query.encode())
        case "header":
            return request.headers.get(matcher.name, "") == matcher.value
    stands = peek(request.body, matcher.steps)
    return stands == matcher.value or (matcher.value == "*" and stands != "")


def _stands(pair: bytes, pairs: bytes) -> bool:
    """Whether a pair stands among those of a form."""
    at = pairs.find(pair)
    while at >= 0:
        end = at + len(pair)
        if (at == 0 or pairs[at - 1 : at] == b"&") and (end == len(pairs) or pairs[end : end + 1] == b"&"):
            return True
        at = pairs.find(pair, end)
    return False


def load_profiles(extra_dir: Path | None = None) -> dict[str, CarrierProfile]:
    """All profiles by carrier id: those that come with the package, and those of `extra_dir`, which win over them.

    Raises ProfileError with `path` = `FILE:LINE` at the first file that is wrong.
    """
    found = dict(_built_in())
    if extra_dir is not None and extra_dir.is_dir():
        found.update(_compiled(extra_dir))
    return found


@cache
def _built_in() -> dict[str, CarrierProfile]:
    """The package's own profiles, compiled once a process: they never change while it runs."""
    return _compiled(BUILT_IN)


def _compiled(folder: Path) -> dict[str, CarrierProfile]:
    from carriers.profile_compile import compile_file

    found: dict[str, CarrierProfile] = {}
    for file in sorted(folder.glob("*.toml")):
        profile = compile_file(file)
        if profile.id in found:
            raise ProfileError(f"two files describe {profile.id}", path=f"{file.name}:1")
        found[profile.id] = profile
    return found


def load_profile(carrier: str, extra_dir: Path | None = None) -> CarrierProfile | None:
    """One carrier's profile, reading no other built-in file; None where nobody describes the carrier."""
    from carriers.profile_compile import compile_file

    if extra_dir is not None and extra_dir.is_dir():
        for file in sorted(extra_dir.glob("*.toml")):
            profile = compile_file(file)
            if profile.id == carrier:
                return profile
    file = BUILT_IN / f"{carrier}.toml"
    return compile_file(file) if re.fullmatch(r"[a-z0-9-]+", carrier) and file.is_file() else None
