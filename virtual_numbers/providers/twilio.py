"""Twilio Voice and Messaging: webhooks that are answered in TwiML. Twilio holds no binding; it asks for every call.

The signature covers the public URL, so that URL is a setting and never guessed from forwarded headers. Twilio gives up after 15
seconds and then follows its fallback URL; ours is a refusal.
"""

from __future__ import annotations

import hashlib
import hmac
from base64 import b64encode
from collections.abc import Iterable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import parse_qs, parse_qsl, urlsplit
from xml.sax.saxutils import escape, quoteattr

from virtual_numbers.errors import ProviderRefused
from virtual_numbers.events import Direction, Event, Kind, Outcome, call_digest
from virtual_numbers.providers.wire import MAX_BODY, Asked, Told, digits, same

PROVIDER = "twilio"
CONTENT_TYPE = "text/xml"
Form = list[tuple[str, str]]

_DIAL_OUTCOMES = {
    "completed": Outcome.ANSWERED, "answered": Outcome.ANSWERED, "busy": Outcome.BUSY, "no-answer": Outcome.NO_ANSWER,
    "canceled": Outcome.NO_ANSWER, "failed": Outcome.FAILED,
}  # fmt: skip
_STATUS = {"initiated": Kind.STARTED, "ringing": Kind.RINGING, "in-progress": Kind.ANSWERED, "answered": Kind.ANSWERED}


def read_form(body: bytes) -> Form:
    """The fields in order, repeats and empty ones kept. Raises ProviderRefused."""
    if len(body) > MAX_BODY:
        raise ProviderRefused("a provider's body is larger than any of its documents", code="provider_body_malformed")
    try:
        return parse_qsl(body.decode(), keep_blank_values=True, strict_parsing=bool(body), max_num_fields=1000)
    except ValueError:
        raise ProviderRefused("a provider's body is no form", code="provider_body_malformed") from None


def signature(url: str, form: Iterable[tuple[str, str]], token: str, *, algorithm: str = "sha1") -> str:
    """Base64 HMAC over the URL and each distinct field, sorted by name and then by value."""
    text = url + "".join(name + value for name, value in sorted(set(form)))
    return b64encode(hmac.digest(token.encode(), text.encode(), algorithm)).decode()


def verify(url: str, body: bytes, content_type: str, given: str, token: str, *, algorithm: str = "sha1") -> None:
    """Check X-Twilio-Signature for the public `url`, with and without its port. Raises ProviderRefused `provider_signature`.

    A JSON body is not in the signature; its hash stands in the signed URL as `bodySHA256`.
    """
    form: Form = read_form(body) if content_type.startswith("application/x-www-form-urlencoded") else []
    hashes = parse_qs(urlsplit(url).query).get("bodySHA256", [])
    good = bool(given) and any(
        same(signature(spelling, form, token, algorithm=algorithm), given) for spelling in _spellings(url)
    )
    if not form and body:
        good = good and len(hashes) == 1 and same(hashlib.sha256(body).hexdigest(), hashes[0])
    if not good:
        raise ProviderRefused("the signature does not fit", code="provider_signature")


def _spellings(url: str) -> list[str]:
    """Twilio signs with the port at times and without at others."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    default = {"https": 443, "http": 80}.get(parts.scheme)
    bare = parts._replace(netloc=host).geturl()
    ported = parts._replace(netloc=f"{host}:{parts.port or default}").geturl()
    return [url, bare, ported]


def read_call(form: Form) -> Asked:
    """A call that came in, or the digits that a Gather brought."""
    fields = dict(form)
    return Asked(
        PROVIDER,
        "voice",
        _need(fields, "CallSid"),
        _caller(fields),
        digits(_need(fields, "To")),
        digits(fields.get("Digits", "")),
    )


def read_message(form: Form) -> Asked:
    """A message that came in; its extension is still in its text (`sms.open_text`)."""
    fields = dict(form)
    return Asked(
        PROVIDER,
        "sms",
        _need(fields, "MessageSid"),
        _caller(fields),
        digits(_need(fields, "To")),
        text=fields.get("Body", ""),
    )


def write_decision(
    told: Told,
    *,
    ext_url: str,
    done_url: str,
    event_url: str,
    ext_digits: int = 4,
    prompt: str = "",
    language: str = "zh-CN",
) -> bytes:
    """TwiML: Dial with X as caller id, Gather for the extension, or Reject.

    Calls are never recorded. `prompt` is what a caller hears, if anything, before digits or a hang-up.
    """
    say = f"<Say language={quoteattr(language)}>{escape(prompt)}</Say>" if prompt else ""
    if told.action == "connect":
        events = f'statusCallback={quoteattr(event_url)} statusCallbackEvent="initiated ringing answered completed"'
        return _twiml(
            f"<Dial callerId={quoteattr(_e164(told.display))} timeout={quoteattr(str(told.ring_seconds))}"
            f' timeLimit={quoteattr(str(told.longest_seconds))} action={quoteattr(done_url)} record="do-not-record">'
            f"<Number {events}>{escape(_e164(told.callee))}</Number></Dial>"
        )
    if told.action == "collect":
        attributes = f'numDigits="{ext_digits}" timeout="6" action={quoteattr(ext_url)}'
        return _twiml(f"<Gather {attributes}>{say}</Gather><Hangup/>")
    return _twiml(f"{say}<Hangup/>" if say else '<Reject reason="rejected"/>')


def write_message(told: Told, text: str) -> bytes:
    """TwiML that passes a scrubbed text on from X, or nothing at all."""
    if told.action != "connect":
        return _twiml("")
    return _twiml(
        f"<Message from={quoteattr(_e164(told.display))} to={quoteattr(_e164(told.callee))}>{escape(text)}</Message>"
    )


def write_reply(text: str) -> bytes:
    """TwiML that answers the sender: the help text."""
    return _twiml(f"<Message>{escape(text)}</Message>")


def read_status(form: Form, now: datetime, *, x: str = "", binding: str = "") -> Event:
    """A status callback of the dialled leg, or the Dial's own closing post. Both are about the parent call.

    `x` and `binding` come from our own callback URL, which the signature covers: the leg's From is X, its To a real number.
    """
    fields = dict(form)
    call = call_digest(PROVIDER, fields.get("ParentCallSid") or _need(fields, "CallSid"))
    at = _instant(fields.get("Timestamp", ""), now)
    status = fields.get("DialCallStatus") or _need(fields, "CallStatus")
    if (kind := _STATUS.get(status)) is not None and "DialCallStatus" not in fields:
        return Event(PROVIDER, call, kind, at, x, binding=binding, direction=Direction.UNKNOWN)
    outcome = _DIAL_OUTCOMES.get(status, Outcome.FAILED)
    seconds = fields.get("DialCallDuration") or fields.get("CallDuration") or ""
    answered = None
    if outcome is Outcome.ANSWERED and seconds.isascii() and seconds.isdecimal() and len(seconds) < 7:
        answered = datetime.fromtimestamp(at.timestamp() - int(seconds), UTC)
    return Event(PROVIDER, call, Kind.ENDED, at, x, binding=binding, outcome=outcome, answered_at=answered)


def _instant(text: str, now: datetime) -> datetime:
    """RFC 2822, as callbacks carry it; `now` where it is missing."""
    try:
        at = parsedate_to_datetime(text)
    except (ValueError, TypeError):
        return now
    return at if at.tzinfo is not None else at.replace(tzinfo=UTC)


def _need(fields: dict[str, str], name: str) -> str:
    if not fields.get(name):
        raise ProviderRefused("a webhook without one of its fields", code="provider_body_malformed", path=name)
    return fields[name]


def _caller(fields: dict[str, str]) -> str:
    """Empty for what the network withheld: Twilio writes words, or the digits of such a word."""
    caller = fields.get("From", "")
    return (
        caller
        if caller.startswith("+") and digits(caller) not in {"266696687", "86282452253", "464", "8656696"}
        else ""
    )


def _e164(number: str) -> str:
    return number if number.startswith("+") else f"+{digits(number)}"


def _twiml(inner: str) -> bytes:
    return f'<?xml version="1.0" encoding="UTF-8"?><Response>{inner}</Response>'.encode()
