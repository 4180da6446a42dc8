"""A shop that speaks with a carrier's SDK as it is: credentials that Veilway issues in the carrier's own shape, verified as the
carrier would verify its own, so that nothing but base URL and credentials changes."""

from __future__ import annotations

from carriers.wire import WireRequest
from gateway.identity import Shop, Unauthenticated
from gateway.service import Service


class ShopCredentials:
    """Issue and verify."""

    def __init__(self, service: Service) -> None:
        self._service = service

    async def verify(self, carrier: str, request: WireRequest) -> Shop:
        """The shop that signed this request. Raises `unauthenticated`."""
        raise Unauthenticated("a Veilway key is needed: Authorization: Bearer vw_… or X-Veilway-Key")
