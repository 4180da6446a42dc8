"""The shape of a profile file: every table and key that TOML may hold, typed, nothing else allowed. Documented in `docs/carriers.md`.

Knows names and types only; whether paths can be reached, secrets are declared and signatures exist is checked by `profile_compile.py`.
"""

from __future__ import annotations

from typing import Literal

import msgspec

Effect = Literal["create", "update", "cancel", "lookup", "trace", "rate", "label", "return"]
RoleWord = Literal["sender", "recipient", "third_party"]
Policy = Literal["block", "mask", "report"]
LastMile = Literal["ticket", "label"]
Duplicate = Literal["replays", "refused", "books_again", "with_key", "unknown"]
Proof = Literal["sign", "cipher", "basic", "static", "bearer"]
Shape = dict[str, list[str]]


class Table(msgspec.Struct, forbid_unknown_fields=True, kw_only=True, frozen=True):
    """The base of every table: an unknown key is an error."""


class MatchTable(Table, kw_only=True, frozen=True):
    """When a request is this operation."""

    method: str = "POST"
    path: str
    """With `{name}` for a variable segment."""
    form: dict[str, str] = {}
    query: dict[str, str] = {}
    header: dict[str, str] = {}
    json: dict[str, str] = {}
    """Path in the body (of any envelope) -> value; `*` for any."""


class PartyTable(Table, kw_only=True, frozen=True):
    """A person in the document."""

    at: str
    shape: str
    role: RoleWord | dict[str, str]
    """A role, or `{by = "contactType", "1" = "sender", …}`."""


class AnswerTable(Table, kw_only=True, frozen=True):
    """How an answer or a push is read."""

    document: str = "$"
    party: list[PartyTable] = []
    fields: Shape = {}
    booked: dict[str, str | list[str]] = {}
    """Path -> value(s) that a success shows, all of them. Where none are named, a waybill is the success."""
    refused: dict[str, str | list[str]] = {}
    absent: dict[str, str | list[str]] = {}
    """For look-ups: what says that the carrier does not know the order."""
    duplicate: list[str] = []
    """Error codes that say that the order was booked before."""


class LookupTable(Table, kw_only=True, frozen=True):
    """How the sweeper asks for an order of which the answer was lost."""

    operation: str
    path: str = ""
    query: dict[str, str] = {}
    body: dict[str, str] = {}
    """Path -> value, `{reference}` and `{last4}` filled in; the document is built from the paths. A whole XML body stands under the key `/`."""


class SignTable(Table, kw_only=True, frozen=True):
    """A signature scheme: `docs/carriers.md` lists digests and encodings."""

    text: str
    digest: str
    key: str = ""
    encode: str = "hex"
    quote: str = ""
    prefix: str = ""
    into: str = ""
    charset: str = "utf-8"
    normalise: Literal["", "NFKD"] = ""


class OperationTable(Table, kw_only=True, frozen=True):
    """One thing a shop does at this carrier."""

    id: str
    effect: Effect
    verified: bool | None = None
    """`false` in a verified profile: recalled, no public source tells it; otherwise as the profile."""
    match: MatchTable
    document: str = "$"
    batch: str = ""
    party: list[PartyTable] = []
    fields: Shape = {}
    drop: list[str] = []
    set: dict[str, str] | None = None
    sign: str | None = None
    headers: list[str] = []
    query: list[str] = []
    unclassified: Policy | None = None
    last_mile: LastMile | None = None
    duplicate: Duplicate = "unknown"
    key_header: str = ""
    """The header that makes a create idempotent at the carrier, where it has one."""
    host: str = ""
    """Which of `hosts` listens; empty for the route's main one."""
    expects: list[RoleWord] | None = None
    """Roles of which something personal must stand in the request."""
    answer: AnswerTable | None = None
    lookup: LookupTable | None = None


class PushTable(Table, kw_only=True, frozen=True):
    """A message the carrier sends on its own."""

    id: str
    verified: bool | None = None
    content: Literal["json", "form", "xml"] = "json"
    match: dict[str, str | list[str]] = {}
    document: str = "$"
    each: str = ""
    """The list of events, where one push holds several."""
    party: list[PartyTable] = []
    fields: Shape = {}
    verify: str = ""
    """The signature scheme; empty where the carrier signs nothing."""
    ack: str = ""
    ack_type: str = "application/json"


class TokenTable(Table, kw_only=True, frozen=True):
    """Where an OAuth2 token comes from."""

    method: str = "POST"
    path: str
    host: str = ""
    set: dict[str, str]
    token: str
    expires: str = ""
    default_seconds: int = 3000


class ShopCredentialTable(Table, kw_only=True, frozen=True):
    """The credential that a shop is given, in the carrier's own shape."""

    id: str = ""
    """Where the shop's id stands in its requests."""
    issue: dict[str, str]
    """Secret name -> what it looks like: `id`, `alnum32`, `hex32`, `base64_16`, `key`, or one of them behind letters: `live_{hex40}`."""
    verify: Proof | list[Proof]
    """How a request proves it; of several, the first that it carries anything of decides."""
    secret: str = ""
    """For `static`: where the secret itself stands; for `cipher`: the ciphered field."""
    scheme: str = ""
    """The Authorization scheme word, where it is not Bearer or Basic."""
    window_seconds: int = 300


class ProfileTable(Table, kw_only=True, frozen=True):
    """A whole file."""

    id: str
    name: dict[str, str]
    verified: bool = False
    last_mile: LastMile
    country: str = ""
    zone: str = ""
    """Of event times that name none: `UTC`, `+08:00`."""
    base_url: str = ""
    hosts: dict[str, str] = {}
    """Name -> URL of each further host, as a hint; the route's own decide."""
    charset: str = "utf-8"
    secrets: list[str] = []
    passthrough: Literal["refuse", "inspect"] = "refuse"
    unclassified: Policy | None = None
    mask_allowed: tuple[str, ...] = ("name", "company", "phone", "email", "address_line", "id")
    email_required: bool = False
    phone_separator: str = "-"
    phone_digits: int = 0
    """The longest dial string that a phone field takes; 0 for no limit."""
    set: dict[str, str] = {}
    headers: list[str] = []
    sign: dict[str, SignTable] = {}
    shape: dict[str, Shape] = {}
    ciphers: dict[str, str] = {}
    """Cipher name -> the secret that is its key."""
    token: TokenTable | None = None
    shop_credential: ShopCredentialTable | None = None
    operation: list[OperationTable]
    push: list[PushTable] = []
    events: dict[str, str] = {}
    """The carrier's status code -> an event of the parcel's stage machine."""
