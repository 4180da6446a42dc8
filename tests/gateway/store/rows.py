"""Rows of the hot tables as a flow would write them, for the store's tests."""

from __future__ import annotations

from datetime import UTC, datetime

from gateway.store.tables import bindings, outcomes, shipments, vault
from gateway.store.unit import Unit
from masking.audit import entry

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
MS = int(NOON.timestamp() * 1000)


def told(subject: str, tag: str = "order.sealed") -> bytes:
    """An audit entry about `subject`."""
    return entry(tag, at=NOON, tenant="shop_a", actor="shop:shop_a", subject=subject, detail={})


def order(id: str, *, ref: bytes | None = None, attempt: int = 1, at: int = MS, tenant: str = "shop_a") -> Unit:
    """Commit one of an order: shipment, vault record, binding, audit entry."""
    unit = Unit()
    unit.add(shipments, id, tenant, "sf-express", "create", ref, attempt, b"d" * 32, "{}", at)
    unit.add(vault, id, tenant, 1, b"wrapped", b"n", b"p", b"a", None, b"r")
    number = f"{abs(hash(id)) % 10**8:08d}"
    row = (
        number,
        "0001",
        0,
        tenant,
        id,
        "sf-express",
        "recipient",
        "axn-ext",
        b"p" * 16,
        b"o" * 16,
        at,
        at + 1000,
        "callable",
    )
    unit.rows.append((bindings, row))
    unit.record(told(id))
    return unit


def outcome(id: str, status: str, *, seq: int = 1, waybill: str | None = None, at: int = MS) -> Unit:
    """Commit two of an order."""
    unit = Unit()
    unit.add(outcomes, id, seq, "shop_a", "sf-express", status, waybill, "", None, at)
    unit.record(told(id, f"order.{status}"))
    return unit
