"""OAuth2 access tokens, as a profile's `[token]` table describes them: the request for one, and the reply read.

Knows client-credentials and password grants alike (both are a form and a few fields); keeps no token and sends nothing. The gateway
caches what comes out, one flight at a time.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime

from carriers import envelope_form, envelope_json
from carriers.envelope_form import Form
from carriers.errors import CarrierRefusal
from carriers.fieldpath import Step
from carriers.finish import Moment
from carriers.profile import CarrierProfile, TokenEndpoint
from carriers.wire import WireReply, WireRequest

LONGEST = 90 * 86400  # seconds; a token that is said to live longer is asked for anew by then
_SECONDS = re.compile(r"([0-9]{1,10})(?:\.[0-9]{1,10})?")
_EPOCH = datetime.fromtimestamp(0, UTC)


def token_request(
    profile: CarrierProfile, secrets: Mapping[str, str], *, now: datetime = _EPOCH, nonce: str = "0" * 32
) -> WireRequest:
    """The request for an access token. Raises CarrierRefusal(code="no_token_endpoint") where the carrier has none."""
    endpoint = _endpoint(profile)
    moment = Moment(secrets, now, nonce)
    form, headers, query, document = Form([], "utf-8"), {}, Form([], "utf-8"), {}
    for setter in endpoint.setters:
        target = setter.target
        value = setter.template.render(lambda name: (moment.value(name) or "").encode()).decode()
        if target.place == "header":
            headers[target.name] = value
        elif target.place == "query":
            query.put(target.name, value)
        elif target.text.startswith("$"):
            document[target.steps[-1].name] = value
        else:
            form.put(target.name, value)
    body = envelope_json.dumps(document) if document else envelope_form.dumps(form)
    headers["content-type"] = "application/json" if document else "application/x-www-form-urlencoded"
    headers.setdefault("accept", "application/json")
    return WireRequest(endpoint.method, endpoint.path, envelope_form.dumps(query).decode(), headers, body)


def parse_token(profile: CarrierProfile, reply: WireReply) -> tuple[str, int]:
    """The token and for how many seconds it holds. Raises CarrierRefusal: token_refused, token_unreadable."""
    endpoint = _endpoint(profile)
    if reply.status >= 400:
        raise CarrierRefusal(f"the carrier refuses a token with status {reply.status}", code="token_refused")
    try:
        document = envelope_json.loads(reply.body, "token")
    except CarrierRefusal:
        raise CarrierRefusal("the carrier's token reply does not parse", code="token_unreadable") from None
    token = _at(document, endpoint.token)
    if not token:
        raise CarrierRefusal("the carrier's token reply holds no token", code="token_refused")
    said = _SECONDS.fullmatch(_at(document, endpoint.expires) if endpoint.expires else "")
    return token, min(int(said[1]), LONGEST) if said else endpoint.default_seconds


def _endpoint(profile: CarrierProfile) -> TokenEndpoint:
    if profile.token is None:
        raise CarrierRefusal(f"{profile.id} has no token endpoint", code="no_token_endpoint")
    return profile.token


def _at(document: object, steps: tuple[Step, ...]) -> str:
    for step in steps[1:]:
        document = document.get(step.name) if isinstance(document, dict) else None
    return "" if document is None or isinstance(document, dict | list) else str(document)
