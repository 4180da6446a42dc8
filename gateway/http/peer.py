"""Where a request comes from: the connection's own address and certificate, or what a proxy of ours says of them.

A forwarding header is believed only of the networks in the setting `proxies`; from anybody else it is somebody's claim about
themselves, and ignored. The certificate header is RFC 9440's `Client-Cert`.
"""

from __future__ import annotations

import binascii
from base64 import b64decode
from collections.abc import Sequence
from hashlib import sha256
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from aiohttp import web

from gateway.http.lane import Asked

Network = IPv4Network | IPv6Network


class Peers:
    """The rule of one process."""

    def __init__(self, proxies: str) -> None:
        self._proxies: tuple[Network, ...] = tuple(
            ip_network(text.strip()) for text in proxies.split(",") if text.strip()
        )

    def address(self, request: web.BaseRequest | Asked) -> str:
        """Who asked first, as far as our own proxies can tell; "" where the connection has no address."""
        address = request.remote or ""
        if not self._proxies:
            return address
        # Each proxy appends whom it saw: read from the right, and stop at the first that is none of ours.
        hops = [hop.strip() for line in _every(request, "x-forwarded-for") for hop in line.split(",")]
        while self._ours(address) and hops:
            address = hops.pop()
        return address

    def fingerprint(self, request: web.BaseRequest | Asked) -> str:
        """SHA-256 of the client's certificate, hex; "" without one."""
        secured = request.transport.get_extra_info("ssl_object") if request.transport else None
        shown = secured.getpeercert(binary_form=True) if secured else None
        if shown is None and self._ours(request.remote or ""):
            shown = _field(request.headers.get("client-cert", ""))
        return sha256(shown).hexdigest() if shown else ""

    def _ours(self, address: str) -> bool:
        if not self._proxies:
            return False  # to read an address is dear
        try:
            found: IPv4Address | IPv6Address = ip_address(address)
        except ValueError:
            return False
        plain = getattr(found, "ipv4_mapped", None) or found
        return any(plain in network for network in self._proxies)


def _every(request: web.BaseRequest | Asked, name: str) -> Sequence[str]:
    """Each field of a name, given in lower case."""
    if isinstance(request, web.BaseRequest):
        return request.headers.getall(name, ())
    return (request.headers[name],) if name in request.headers else ()


def _field(value: str) -> bytes | None:
    """A byte sequence of structured fields (RFC 8941): base64 between colons."""
    if len(value) < 3 or value[0] != ":" or value[-1] != ":":
        return None
    try:
        return b64decode(value[1:-1], validate=True)
    except binascii.Error:
        return None
