"""Where a request comes from: forwarding headers count from our own proxies, and from nobody else."""

from __future__ import annotations

import base64
import hashlib

import pytest
from aiohttp.test_utils import make_mocked_request
from multidict import CIMultiDict

from gateway.http.peer import Peers


class Wire:
    """A connection from an address."""

    def __init__(self, peer: str) -> None:
        self.peer = peer

    def get_extra_info(self, name: str, default: object = None) -> object:
        return (self.peer, 1) if name == "peername" else default

    def is_closing(self) -> bool:
        return False


def request(peer: str, **headers: str):  # type: ignore[no-untyped-def]
    given = CIMultiDict({name.replace("_", "-"): value for name, value in headers.items()})
    return make_mocked_request("POST", "/v1/scans", headers=given, transport=Wire(peer))


@pytest.mark.parametrize(
    ("proxies", "peer", "forwarded", "address"),
    [
        ("", "10.0.0.1", "1.2.3.4", "10.0.0.1"),
        ("10.0.0.0/8", "10.0.0.1", "1.2.3.4", "1.2.3.4"),
        ("10.0.0.0/8", "10.0.0.1", "9.9.9.9, 1.2.3.4", "1.2.3.4"),
        ("10.0.0.0/8", "10.0.0.1", "9.9.9.9, 1.2.3.4, 10.0.0.2", "1.2.3.4"),
        ("10.0.0.0/8", "10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.0/8", "5.5.5.5", "1.2.3.4", "5.5.5.5"),
        ("10.0.0.0/8", "::ffff:10.0.0.1", "1.2.3.4", "1.2.3.4"),
        ("10.0.0.0/8, 192.168.0.0/16", "192.168.1.1", "nonsense", "nonsense"),
    ],
)
def test_the_address_is_the_last_that_is_none_of_our_proxies(
    proxies: str, peer: str, forwarded: str, address: str
) -> None:
    headers = {"X_Forwarded_For": forwarded} if forwarded else {}
    assert Peers(proxies).address(request(peer, **headers)) == address


def test_a_certificate_is_believed_of_a_proxy_and_of_nobody_else() -> None:
    shown = {"Client_Cert": f":{base64.b64encode(b'der').decode()}:"}
    peers = Peers("10.0.0.0/8")
    assert peers.fingerprint(request("10.0.0.1", **shown)) == hashlib.sha256(b"der").hexdigest()
    assert peers.fingerprint(request("5.5.5.5", **shown)) == ""
    assert [peers.fingerprint(request("10.0.0.1", Client_Cert=bad)) for bad in ("", "abc", ":!:", "::")] == [""] * 4
