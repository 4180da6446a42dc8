"""What the carriers' wing raises. Knows codes and paths; a value of the document never stands in a message."""

from __future__ import annotations

import re

from masking.errors import VeilwayError

_IDENTIFIER = re.compile(r"[A-Za-z_@][A-Za-z0-9_.\-]{0,39}")


class CarrierRefusal(VeilwayError):
    """A request, an answer or a push that is not passed on. `code` says why, `path` where."""

    code = "carrier_refusal"


class ProfileError(VeilwayError):
    """A profile file that cannot be used; `path` is `FILE:LINE`."""

    code = "profile_invalid"


def shown_key(key: object) -> str:
    """A foreign document's key as an error may show it: a plain identifier of at most 40 characters, or its length."""
    if isinstance(key, str) and _IDENTIFIER.fullmatch(key):
        return key
    return f"<key of {len(str(key))} characters>"
