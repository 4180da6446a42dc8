"""Alibaba Cloud's two request signatures: v1 (HMAC-SHA1 over the parameters) and v3 (ACS3-HMAC-SHA256 over headers and body).

v3 is what this product sends; v1 is what X-mode pushes and older accounts use. Both reproduce Alibaba's published examples
(tests/virtual_numbers/test_alibaba_signing.py).
"""

from __future__ import annotations

import hashlib
import hmac
from base64 import b64encode
from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import quote

ALGORITHM = "ACS3-HMAC-SHA256"


def percent(text: str) -> str:
    """RFC 3986: only letters, digits and `-_.~` stay."""
    return quote(text, safe="-_.~")


def canonical_query(params: Mapping[str, str]) -> str:
    """Sorted by name, both sides encoded."""
    return "&".join(f"{percent(name)}={percent(value)}" for name, value in sorted(params.items()))


def timestamp(now: datetime) -> str:
    return now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def sign_v1(method: str, params: Mapping[str, str], secret: str) -> str:
    """The value of the parameter `Signature`, over all other parameters."""
    rest = {name: value for name, value in params.items() if name != "Signature"}
    text = f"{method}&%2F&{percent(canonical_query(rest))}"
    return b64encode(hmac.digest(f"{secret}&".encode(), text.encode(), "sha1")).decode()


def sign_v3(
    method: str, params: Mapping[str, str], headers: Mapping[str, str], body: bytes, secret: str
) -> tuple[str, str]:
    """Names of the signed headers and the signature in hex. `headers` are lower-case; host, content-type and x-acs-* are signed."""
    signed = sorted(name for name in headers if name in ("host", "content-type") or name.startswith("x-acs-"))
    names = ";".join(signed)
    lines = "".join(f"{name}:{headers[name].strip()}\n" for name in signed)
    canonical = "\n".join([method, "/", canonical_query(params), lines, names, hashlib.sha256(body).hexdigest()])
    text = f"{ALGORITHM}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    return names, hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()


def authorization(access_key: str, names: str, signature: str) -> str:
    return f"{ALGORITHM} Credential={access_key},SignedHeaders={names},Signature={signature}"


def sign_x_mode(params: Mapping[str, str], key: str) -> str:
    """The signature of an X-mode request: non-empty parameters without `signature`, encoded twice, then base64, then encoded."""
    rest = {name: value for name, value in params.items() if name != "signature" and value}
    text = percent(canonical_query(rest))
    return percent(b64encode(hmac.digest(key.encode(), text.encode(), "sha1")).decode())
