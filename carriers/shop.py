"""The shop's side of a carrier's scheme: credentials in the carrier's own shape, issued, presented, verified.

Knows where a profile says they stand; keeps none of them. An SDK that can change nothing but its base URL and credentials works with these.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from carriers import envelope_cipher, envelope_json
from carriers.errors import CarrierRefusal
from carriers.fieldpath import Step
from carriers.profile import CarrierProfile, Operation, Setter, ShopCredential
from carriers.received import Received, check_fresh, verify
from carriers.shop_issue import Random, fresh
from carriers.wire import WireReply, WireRequest


@dataclass(frozen=True, slots=True, repr=False)
class Presented:
    """Who a request says it is from. `id` finds the issued credential; `secret` is what came along, for schemes that send it."""

    id: str
    secret: str = ""

    def __repr__(self) -> str:
        return "<Presented>"


def issue(profile: CarrierProfile, random: Random) -> dict[str, str]:
    """A new credential in the carrier's shape: secret name -> value. Raises CarrierRefusal(code="no_shop_credential")."""
    return {name: fresh(look, random) for name, look in _credential(profile).issue.items()}


def credential_id(profile: CarrierProfile, credential: Mapping[str, str]) -> str:
    """By what an issued credential is found again: the value that requests present."""
    return credential[next(iter(_credential(profile).issue))]


def presented(profile: CarrierProfile, request: WireRequest) -> Presented:
    """What the request presents. Raises CarrierRefusal: no_shop_credential, credential_missing."""
    rule = _credential(profile)
    received = Received(request, {}, charset=profile.manner.charset, path=_variables(profile, request))
    _proof, found = _first_shown(rule, received, request)
    if not found.id:
        raise CarrierRefusal("the request carries no credential", code="credential_missing")
    return found


def verify_shop(
    profile: CarrierProfile, operation: Operation, request: WireRequest, credential: Mapping[str, str], *, now: datetime
) -> None:
    """Check a request against the credential issued to its shop. Raises CarrierRefusal: bad_signature, stale_request, bad_credential."""
    rule = _credential(profile)
    received = Received(
        request, credential, charset=profile.manner.charset, schemes=profile.schemes, path=_variables(profile, request)
    )
    # The way in which the request names its shop is the one that has to hold: none stands in for another that failed.
    proof, came = _first_shown(rule, received, request)
    if proof == "sign":
        if operation.sign is None or not verify(operation.sign, received):
            raise CarrierRefusal("the signature is not the one this credential makes", code="bad_signature")
        check_fresh(operation, received, now=now, window=timedelta(seconds=rule.window_seconds))
        return
    if proof == "cipher":
        _check_cipher(profile, rule, received, credential)
        check_fresh(operation, received, now=now, window=timedelta(seconds=rule.window_seconds))
        return
    expected = list(credential.values())
    if proof == "basic" and len(expected) > 1:
        good = _same(came.id, expected[0]) and _same(came.secret, expected[1])
    else:
        good = _same(came.secret or came.id, expected[-1])
    if not good:
        raise CarrierRefusal("the credential is not one of ours", code="bad_credential")


def cipher_keys(profile: CarrierProfile, credential: Mapping[str, str]) -> dict[str, str]:
    """By cipher name: the keys of an issued credential, which open what its shop ciphers."""
    return {name: credential[secret] for name, secret in profile.manner.ciphers.items() if secret in credential}


def _check_cipher(
    profile: CarrierProfile, rule: ShopCredential, received: Received, credential: Mapping[str, str]
) -> None:
    """Refuse a field that is not ciphered under the shop's own key; one in clear shows nothing."""
    key = credential[profile.manner.ciphers[rule.cipher]]
    try:
        envelope_cipher.decrypt(rule.cipher, received.at(rule.secret).encode(), key, rule.secret)
    except CarrierRefusal:
        raise CarrierRefusal("the field is not ciphered under this credential's key", code="bad_signature") from None


# --- OAuth2: the carrier's token endpoint, answered by the gateway ---------------------------------------------------------------------


def is_token_request(profile: CarrierProfile, request: WireRequest) -> bool:
    """Whether a shop asks for a token."""
    return profile.token is not None and request.method == profile.token.method and request.path == profile.token.path


def read_token_request(profile: CarrierProfile, request: WireRequest) -> dict[str, str]:
    """The credential in a token request: secret name -> value, from the very places the gateway would write it."""
    received = Received(request, {})
    found: dict[str, str] = {}
    for setter in profile.token.setters if profile.token else ():
        found.update(_read_setter(setter, received))
    return found


def token_reply(profile: CarrierProfile, token: str, seconds: int) -> WireReply:
    """The answer to a token request, in the carrier's shape."""
    endpoint = profile.token
    if endpoint is None:
        raise CarrierRefusal(f"{profile.id} has no token endpoint", code="no_token_endpoint")
    document: dict[str, object] = {"token_type": "Bearer"}
    _place(document, endpoint.token, token)
    _place(document, endpoint.expires, seconds)
    return WireReply(200, {"content-type": "application/json"}, envelope_json.dumps(document))


def _place(document: dict[str, object], steps: tuple[Step, ...], value: object) -> None:
    for step in steps[1:-1]:
        document = document.setdefault(step.name, {})  # type: ignore[assignment]
    if steps:
        document[steps[-1].name] = value


def _read_setter(setter: Setter, received: Received) -> dict[str, str]:
    names = setter.template.names
    value = received.at(setter.target.text)
    if len(names) != 1:
        return {}
    word, _, rest = names[0].partition(":")
    if word == "secret":
        return {rest: value}
    if word == "basic":
        user, _, password = rest.partition(":")
        pair = _basic(value)
        return {user: pair.id, **({password: pair.secret} if password else {})}
    return {}


def _credential(profile: CarrierProfile) -> ShopCredential:
    if profile.shop_credential is None:
        raise CarrierRefusal(
            f"{profile.id} describes no credential for shops; use a Veilway key", code="no_shop_credential"
        )
    return profile.shop_credential


def _first_shown(rule: ShopCredential, received: Received, request: WireRequest) -> tuple[str, Presented]:
    """By which of the profile's ways the request says whose it is, and what it shows."""
    for proof in rule.verify:
        found = _shown(proof, rule, received, request)
        if found.id:
            return proof, found
    return rule.verify[0], Presented("")


def _shown(proof: str, rule: ShopCredential, received: Received, request: WireRequest) -> Presented:
    authorization = request.headers.get("authorization", "")
    match proof:
        case "sign" | "cipher":
            return Presented(received.at(rule.id))
        case "basic":
            return _basic(authorization)
        case "bearer":
            word, _, token = authorization.partition(" ")
            return Presented(token.strip() if word.lower() == (rule.scheme or "bearer").lower() else "")
    value = received.at(rule.secret)
    if rule.scheme:
        value = value.removeprefix(rule.scheme).strip() if value.startswith(rule.scheme) else ""
    return Presented(received.at(rule.id) if rule.id else value, value)


def _basic(header: str) -> Presented:
    word, _, coded = header.partition(" ")
    try:
        pair = base64.b64decode(coded.strip(), validate=True).decode() if word.lower() == "basic" else ""
    except (ValueError, binascii.Error):
        return Presented("")
    user, _, password = pair.partition(":")
    return Presented(user, password)


def _variables(profile: CarrierProfile, request: WireRequest) -> dict[str, str]:
    for operation in profile.operations.values():
        found = operation.pattern.fullmatch(request.path) if operation.pattern.groups else None
        if found:
            return found.groupdict()
    return {}


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode())
