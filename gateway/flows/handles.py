"""What a carrier calls a shipment: ids in its answers, by which later calls (a purchase, a refund) speak of it without any reference.

Knows answers, calls and rows; decides nothing about the shipment, nor who may speak of it (`consult.py` does).
"""

from __future__ import annotations

from carriers.answer import Answer
from carriers.order import OpenOrder
from gateway.store.tables import handles
from gateway.store.unit import Unit

AT_MOST = 64
"""An answer with more rates than this names its shipment often enough."""


def names_in(order: OpenOrder) -> list[str]:
    """What a call may mean a shipment by: claimed handles, and every variable of its path."""
    claimed = [leaf.value for leaf in order.sheet.facts.get("handle", [])]
    found = order.operation.pattern.fullmatch(order.request.path)
    return [*claimed, *(found.groupdict().values() if found else ())]


def remember(unit: Unit, answer: Answer, *, tenant: str, carrier: str, shipment: str, at: int) -> None:
    """Keep the handles of an answer with the shipment. `at` in milliseconds."""
    for handle in answer.handles[:AT_MOST]:
        unit.add(handles, carrier, handle, tenant, shipment, at)
