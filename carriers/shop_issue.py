"""What an issued credential looks like: `id`, `key`, `alnum32`, `hex40`, `base64_16`, each also behind letters of the carrier's own.

Knows looks and chance, which is handed in; knows no profile. A carrier's client may read the letters before it sends anything (Shippo's
takes `shippo_live_…` for a token and everything else for a header), so `shippo_live_{hex40}` issues a key that it takes for its own.
"""

from __future__ import annotations

import base64
import re
import string
from collections.abc import Callable

from carriers.errors import ProfileError

Random = Callable[[int], bytes]
"""So many bytes of chance, as `secrets.token_bytes`."""

_LOOK = re.compile(
    r"(?:(?P<prefix>[A-Za-z0-9_.\-]{1,24})\{)?(?P<kind>id|key|alnum|hex|base64_)(?P<size>\d{0,3})(?(prefix)\})"
)
_ALNUM = string.ascii_letters + string.digits
_PLAIN_ID = string.ascii_uppercase + string.digits
_SIZES = {"alnum": range(16, 129), "hex": range(24, 257, 2), "base64_": range(12, 97)}
"""Nobody guesses twelve bytes; a format that wants fewer is not one to issue secrets in."""


def check_look(look: str) -> None:
    """Refuse what `fresh` cannot make, or could be guessed. Raises ProfileError."""
    _parts(look)


def fresh(look: str, random: Random) -> str:
    """A new value that looks so."""
    prefix, kind, size = _parts(look)
    match kind:
        case "id":
            return prefix + "VW" + _letters(_PLAIN_ID, 14, random)
        case "key":
            return prefix + "vwk_" + _letters(_ALNUM, 32, random)
        case "hex":
            return prefix + random(size // 2).hex()
        case "base64_":
            return prefix + base64.b64encode(random(size)).decode()
    return prefix + _letters(_ALNUM, size, random)


def _parts(look: str) -> tuple[str, str, int]:
    found = _LOOK.fullmatch(look)
    if found is None:
        raise ProfileError(
            f"a credential cannot look like {look!r}; known are id, key, alnumN, hexN, base64_N, and prefix_{{hexN}}"
        )
    kind, size = found["kind"], int(found["size"] or 0)
    if size not in _SIZES.get(kind, (0,)):
        raise ProfileError(f"{look!r}: too short to be a secret, too long to be sent, or not a whole number of bytes")
    return found["prefix"] or "", kind, size


def _letters(alphabet: str, length: int, random: Random) -> str:
    # Bytes that would favour the alphabet's first letters are thrown away.
    fair = 256 - 256 % len(alphabet)
    out: list[str] = []
    while len(out) < length:
        out += [alphabet[byte % len(alphabet)] for byte in random(2 * length) if byte < fair]
    return "".join(out[:length])
