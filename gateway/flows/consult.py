"""Every call that books nothing: look-up, trace, rate, label, cancel. Masked like an order, answered like an order, on record."""

from __future__ import annotations

from carriers.profile import CarrierProfile, Operation
from carriers.wire import WireRequest
from gateway.flows.forward import FrontAnswer, OrderRefused
from gateway.identity import Shop
from gateway.service import Service
from gateway.upstream import Route


class Consult:
    """The path of calls that book nothing."""

    def __init__(self, service: Service) -> None:
        self._service = service

    async def run(
        self, shop: Shop, profile: CarrierProfile, route: Route, operation: Operation, request: WireRequest
    ) -> FrontAnswer:
        """Ask the carrier."""
        raise OrderRefused("this operation is not forwarded yet", code="unknown_operation")
