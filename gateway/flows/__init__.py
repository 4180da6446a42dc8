"""What the product does, one file each; down once and back once. `Flows` holds one instance of each for a service."""

from __future__ import annotations

from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any

from carriers.profile import CarrierProfile, Operation
from carriers.wire import WireRequest
from gateway.flows.again import OncePerOrder
from gateway.flows.amend import Amend
from gateway.flows.carrier_label import CarrierLabel
from gateway.flows.consult import Consult
from gateway.flows.credential import ShopCredentials
from gateway.flows.deliver import Deliver
from gateway.flows.forward import ForwardOrder
from gateway.flows.label_batch import LabelBatches
from gateway.flows.lifecycle import Lifecycle
from gateway.flows.order_steps import FrontAnswer
from gateway.flows.print_label import PrintLabel
from gateway.flows.provider_push import ProviderPush
from gateway.flows.push import CarrierPush
from gateway.flows.reconcile import Reconcile
from gateway.flows.relay_call import RelayCall
from gateway.flows.relay_reports import RelayReports
from gateway.flows.relays import Relays
from gateway.flows.scan import CourierScan
from gateway.flows.settle import Settle
from gateway.identity import Shop
from gateway.provider_line import ProviderLine
from gateway.service import Service
from gateway.upstream import Route


@dataclass(slots=True)
class Flows:
    """The flows of one service."""

    order: OncePerOrder
    consult: Consult
    scan: CourierScan
    relay_call: RelayCall
    relay_reports: RelayReports
    print_label: PrintLabel
    label_batches: LabelBatches
    carrier_label: CarrierLabel
    settle: Settle
    shop_credential: ShopCredentials
    push: CarrierPush
    lifecycle: Lifecycle
    deliver: Deliver
    provider_line: ProviderLine
    provider_push: ProviderPush
    reconcile: Reconcile

    def front(
        self, shop: Shop, profile: CarrierProfile, route: Route, operation: Operation, request: WireRequest, key: str
    ) -> Coroutine[Any, Any, FrontAnswer]:
        """A call that came through the front door: orders are booked, everything else is asked and answered."""
        route.base(operation.host)  # a host without a URL is refused before anything is written
        if profile.token is not None:
            route.base(profile.token.host)
        if operation.effect in ("create", "return"):
            return self.order.run(shop, profile, route, operation, request, key)
        return self.consult.run(shop, profile, route, operation, request)


def make_flows(service: Service) -> Flows:
    """All flows, introduced to each other."""
    relays = Relays(service)
    lifecycle, printing = Lifecycle(service), PrintLabel(service)
    settle = Settle(service, lifecycle)
    line = ProviderLine(service.clock, service.metrics)
    return Flows(
        OncePerOrder(service, ForwardOrder(service, relays, printing), settle),
        Consult(service, relays, lifecycle, printing, Amend(service)),
        CourierScan(service, lifecycle),
        RelayCall(service),
        RelayReports(service),
        printing,
        LabelBatches(service, printing),
        CarrierLabel(service, printing),
        settle,
        ShopCredentials(service),
        CarrierPush(service, lifecycle, settle),
        lifecycle,
        Deliver(service),
        line,
        ProviderPush(service, line),
        Reconcile(service, line),
    )
