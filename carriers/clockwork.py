"""The moment and the chance that a request carries: `{now:…}` and `{nonce:…}` of templates, written and read back.

Knows notations of time; has no clock and no randomness of its own, both are handed in.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from hashlib import sha1
from uuid import NAMESPACE_OID

from carriers.errors import ProfileError

CHINA = timezone(timedelta(hours=8))  # Chinese carriers' wall-clock timestamps; China has one zone and no summer time
_JAVA = {"yyyy": "%Y", "MM": "%m", "dd": "%d", "HH": "%H", "mm": "%M", "ss": "%S"}
_JAVA_WORD = re.compile("|".join(_JAVA))
_EPOCHS = {10: 1, 13: 1000}  # digits of a Unix time from 2001 to 2286, and how many make a second
_OFFSET = re.compile(r"([+-])(0\d|1[0-4]):([0-5]\d)")
_OID = NAMESPACE_OID.bytes
_VARIANT = dict(zip("0123456789abcdef", "89ab" * 4, strict=True))


def check(notation: str) -> None:
    """Refuse a notation of time that nobody here can write."""
    if notation not in ("ms", "s", "iso") and not _JAVA_WORD.search(notation):
        raise ProfileError(
            f"the time notation {notation!r} is none of ms, s, iso or a pattern such as yyyy-MM-dd",
            code="template_invalid",
        )


def write_time(notation: str, now: datetime) -> str:
    """`now` in a notation: `ms`, `s`, `iso` (UTC), or a Java pattern in Chinese wall-clock time."""
    match notation:
        case "ms":
            return str(int(now.timestamp() * 1000))
        case "s":
            return str(int(now.timestamp()))
        case "iso":
            return now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return now.astimezone(CHINA).strftime(_strftime(notation))


def read_time(notation: str, text: str) -> datetime | None:
    """The moment that `text` names; None where it names none."""
    try:
        match notation:
            case "ms":
                return datetime.fromtimestamp(int(text) / 1000, UTC)
            case "s":
                return datetime.fromtimestamp(int(text), UTC)
            case "iso":
                return datetime.fromisoformat(text)
        return datetime.strptime(text, _strftime(notation)).replace(tzinfo=CHINA)
    except (ValueError, OverflowError, OSError):
        return None


def read_event(text: str, clock: str, zone: timezone) -> datetime | None:
    """The moment that an event's date (and time of day, where it stands apart as `clock`) names; `zone` is that of times that name none.

    Digits alone are a date, date and time, seconds or milliseconds, by their number. None where the text names no moment.
    """
    text, clock = text.strip(), clock.strip()
    if zone == CHINA:
        text = text.removesuffix(" CST")  # Chinese wall clock, which a time without a zone is taken for anyway
    if text.isascii() and text.isdigit():
        seconds = _EPOCHS.get(len(text))
        if seconds is not None:
            return datetime.fromtimestamp(int(text) / seconds, UTC)
        text = " ".join(filter(None, (_dashed(text[:8], "-", 4), _dashed(text[8:], ":", 2))))
    if clock:
        text = f"{text[:10]} {_dashed(clock, ':', 2) if clock.isdigit() else clock}"
    try:
        at = datetime.fromisoformat(text.replace("/", "-"))
    except ValueError:
        return None
    return at if at.tzinfo is not None else at.replace(tzinfo=zone)


def _dashed(digits: str, sign: str, first: int) -> str:
    """`20261125` as 2026-11-25, `130501` as 13:05:01."""
    return sign.join(filter(None, (digits[:first], *(digits[at : at + 2] for at in range(first, len(digits), 2)))))


def read_zone(text: str) -> timezone | None:
    """`UTC` or `+08:00` as a zone; None for anything else."""
    found = _OFFSET.fullmatch(text)
    if found is None:
        return UTC if text == "UTC" else None
    offset = timedelta(hours=int(found[2]), minutes=int(found[3]))
    return timezone(-offset if found[1] == "-" else offset)


def write_nonce(notation: str, nonce: str) -> str:
    """`nonce` as it is, as a UUID (the same nonce gives the same one), or as so many of its characters."""
    if notation == "uuid":
        # RFC 9562 version 5, as `uuid.uuid5` makes it by way of a big integer.
        name = sha1(_OID + nonce.encode(), usedforsecurity=False).hexdigest()
        return f"{name[:8]}-{name[8:12]}-5{name[13:16]}-{_VARIANT[name[16]]}{name[17:20]}-{name[20:32]}"
    return nonce[: int(notation)] if notation.isdigit() else nonce


def _strftime(pattern: str) -> str:
    return _JAVA_WORD.sub(lambda word: _JAVA[word[0]], pattern)
