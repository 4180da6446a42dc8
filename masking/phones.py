"""A phone number becomes the few digits a station needs; at least six are hidden (GB/T 41833-2022) or none is shown.

Masks and gives the one canonical form; reading notations is `phone_numbers.py`'s. A relay number is no phone and is not
masked: only the type `RelayNumber` prints in clear.
"""

from __future__ import annotations

import re

from masking.personal import Masked, RelayNumber
from masking.phone_numbers import LIMIT, Number, Shape, read_numbers
from masking.policies import DEFAULT, POLICIES, Policy, policy_named
from masking.text import clean

_PLAIN_MOBILE = re.compile(r"(?:\+?86|0086|0)?[- ]?(1[3-9][0-9])[- ]?([0-9]{4})[- ]?([0-9]{4})", re.ASCII)
_PLAIN_CHINESE = re.compile(r"(?:\+?86|0086)?(1[3-9][0-9]{9})", re.ASCII)
_PLAIN_LANDLINE = re.compile(r"(0(?:10|2[0-9]))-?([2-8][0-9]{7})|(0[3-9][1-9][0-9])-([2-8][0-9]{6,7})", re.ASCII)
SHORTEST_E164 = 7  # shorter ones are service numbers, dialled as they stand
_REASONS = {
    Shape.MOBILE: "phone_mobile",
    Shape.LANDLINE: "phone_landline",
    Shape.INTERNATIONAL: "phone_international",
    Shape.OTHER: "phone_other",
    Shape.WORDS: "phone_letters",
}
NOTHING = "****"
EXT_STARS = "-****"


def mask_phone(text: str, policy: str = DEFAULT) -> Masked:
    """Mask every number of a phone field; several are joined by `/`. Raises PolicyRefused for an unknown policy."""
    rule = POLICIES.get(policy) or policy_named(policy)
    plain = _PLAIN_MOBILE.fullmatch(text)
    if plain:
        tail = rule.phone_tail
        return Masked("1" + "*" * (10 - tail) + plain[3][4 - tail :], "phone_mobile")
    landline = _PLAIN_LANDLINE.fullmatch(text)
    if landline:
        return Masked(f"{landline[1] or landline[3]}-{_tail(landline[2] or landline[4], rule)}", "phone_landline")
    return _mask_numbers(text, rule)


def _mask_numbers(text: str, rule: Policy) -> Masked:
    numbers = read_numbers(text)
    if numbers:
        reason = _REASONS[numbers[0].shape] if len(numbers) == 1 else "phone_several"
        return Masked("/".join([_mask_one(number, rule) for number in numbers]), reason)
    return Masked("", "empty") if not clean(text, LIMIT) else Masked(NOTHING, "phone_no_digits")


def _mask_one(number: Number, rule: Policy) -> str:
    local, ext = number.local, EXT_STARS if number.ext else ""
    match number.shape:
        case Shape.MOBILE:
            tail = rule.phone_tail
            return "1" + "*" * (10 - tail) + local[11 - tail :] + ext
        case Shape.LANDLINE:
            return f"{number.prefix}-{_tail(local, rule)}{ext}"
        case Shape.INTERNATIONAL:
            return f"+{number.prefix} {_tail(local, rule)}{ext}"
        case Shape.WORDS:
            return local + ext
        case _:
            return _tail(local, rule) + ext


def _tail(digits: str, rule: Policy) -> str:
    """Hide digits one for one, but for a few at the end."""
    shown = max(0, min(rule.phone_tail, len(digits) - rule.phone_hidden))
    return "*" * (len(digits) - shown) + digits[len(digits) - shown :]


def show_relay(relay: RelayNumber) -> Masked:
    """A relay number in clear, extension included: it leads to nobody once its binding is over."""
    return Masked(relay.dial, "relay_in_clear")


def normalise_phone(text: str, region: str = "CN") -> str:
    """Give the one form that is dialled and indexed: E.164 with `+` where the plan is known, else digits; `;ext=` behind.

    Of several numbers the first. Empty where nothing can be dialled: no digit at all, or digits that somebody hid.
    `region` (ISO 3166-1 alpha-2) reads a number without its country code.
    """
    if region == "CN":
        plain = _PLAIN_CHINESE.fullmatch(text)
        if plain:
            return "+86" + plain[1]
    for number in read_numbers(text):
        if number.raw and "*" not in number.raw:
            return _dialable(number, region) + (f";ext={number.ext}" if number.ext.isdigit() else "")
    return ""


def _dialable(number: Number, region: str) -> str:
    if number.shape is Shape.MOBILE and (region == "CN" or number.prefix):
        return "+86" + number.local
    if number.shape is Shape.LANDLINE and region == "CN":
        return "+86" + number.prefix[1:] + number.local
    if number.prefix:
        return _e164(f"+{number.prefix}{number.local}", region)
    return _e164(number.raw, region)


def _e164(text: str, region: str) -> str:
    """Ask the library, which is a hundred times dearer than the shapes above and slow to import."""
    import phonenumbers

    digits = "".join([ch for ch in text if ch in "0123456789"])
    if len(digits) < SHORTEST_E164 and digits == text:
        return digits
    # A number of no plan stays as it is written, its plus sign with it: read again without, it would be another country's.
    as_written = "+" + digits if text.startswith("+") else digits
    try:
        parsed = phonenumbers.parse(text, region or None)
    except phonenumbers.NumberParseException:
        return as_written
    if not phonenumbers.is_possible_number(parsed):
        return as_written
    written = str(phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164))
    # Of a number that is none the library drops noughts and carrier codes with each reading.
    return written if written == text or phonenumbers.is_valid_number(parsed) else _e164(written, region)
