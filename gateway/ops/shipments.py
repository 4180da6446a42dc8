"""Verbs about shipments, their labels and the audit log."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection

from gateway import audit_log
from gateway.flows import Flows
from gateway.ops.events import page_length, shop_named
from gateway.ops.registry import OpRefused, Params, named, op
from gateway.service import Service
from gateway.store import reads, scan_reads, shop_reads
from masking.policy_record import concerns_recipient, reveal_told
from masking.vault import blind_index


@op("shipment.show")
async def shipment_show(service: Service, _flows: Flows, params: Params) -> Any:
    """A shipment without anything personal."""
    return await service.database.read(lambda connection: describe(connection, str(params["shipment"]), None))


def describe(connection: Connection, id: str, tenant: str | None) -> dict[str, Any]:
    """What may be told of a shipment to its shop. Raises `shipment_not_found`."""
    row = reads.shipment(connection, id)
    if row is None or (tenant is not None and row.tenant != tenant):
        raise OpRefused("no such shipment", code="shipment_not_found")
    outcome = reads.outcome(connection, id)
    history = reads.stage_history(connection, id)
    return {
        "shipment": row.id,
        "carrier": row.carrier,
        "operation": row.operation,
        "status": outcome.status if outcome else "pending",
        "waybill": outcome.waybill if outcome else "",
        "routing_code": outcome.routing_code if outcome else "",
        "stage": history[-1][0] if history else "created",
        "history": [{"stage": stage, "at_ms": at} for stage, at, _ in history],
        "relay": {role: (f"{x}-{ext}" if ext else x) for role, (x, ext, _) in row.relays.items()},
        "erased": reads.sealed(connection, id) is None,
        "created_at_ms": row.created_at,
    }


@op("shipment.list")
async def shipment_list(service: Service, _flows: Flows, params: Params) -> Any:
    """A page of a shop's shipments, newest first, without anything personal."""
    name = named(params, "shop")
    tenant = await service.database.read(lambda connection: shop_named(connection, name))
    return await listed(service, tenant, params)


async def listed(service: Service, tenant: str, asked: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What a shop asks for: `carrier`, and with it a `waybill` or the shop's own `reference`; `after` and `limit` turn the pages."""
    carrier, waybill, reference = (str(asked.get(name) or "") for name in ("carrier", "waybill", "reference"))
    after, limit = str(asked.get("after") or ""), page_length(asked.get("limit"))
    if (waybill or reference) and not carrier:
        raise OpRefused("a waybill or a reference is one carrier's: name it", path="carrier")

    def read(connection: Connection) -> list[dict[str, Any]]:
        ids: list[str] | None = None
        if waybill:
            found = reads.shipment_by_waybill(connection, carrier, waybill)
            ids = [found] if found else []
        if reference:
            ref = blind_index(service.keys.keyring, tenant, f"reference {carrier}", reference)
            mine = shop_reads.shipments_of_reference(connection, tenant, carrier, ref)
            ids = mine if ids is None else [id for id in ids if id in mine]
        return shop_reads.shipment_page(connection, tenant, carrier=carrier, ids=ids, after=after, limit=limit)

    return await service.database.read(read)


@op("shipment.disclosures")
async def shipment_disclosures(service: Service, _flows: Flows, params: Params) -> Any:
    """Every reveal of a shipment, as its shop sees it, and as its recipient may be told."""
    return await disclosures(service, str(params["shipment"]), None)


async def disclosures(service: Service, id: str, tenant: str | None) -> dict[str, Any]:
    """Who had something of this shipment revealed, what and why; never a value. Raises `shipment_not_found`."""

    def look(connection: Connection) -> list[dict[str, Any]]:
        row = reads.shipment(connection, id)
        if row is None or (tenant is not None and row.tenant != tenant):
            raise OpRefused("no such shipment", code="shipment_not_found")
        return scan_reads.reveals_of(connection, id)

    found = await service.database.read(look)
    names = {carrier: profile.name for carrier, profile in service.profiles.items()}
    return {"shipment": id, "disclosures": [_disclosed(row, names.get(row["carrier"], {})) for row in found]}


def _disclosed(row: dict[str, Any], name: Mapping[str, str]) -> dict[str, Any]:
    told = {
        "at_ms": row["at"],
        "carrier": row["carrier"],
        "role": row["role"],
        "courier": row["courier"],
        "reason": row["reason"],
        "fields": row["fields"],
        "scan": row["scan"],
    }
    theirs = concerns_recipient(row["fields"])
    if not theirs:
        return told | {"recipient": None}
    said = {"role": row["role"], "reason": row["reason"], "fields": theirs}
    sentences = {lang: reveal_told(carrier=name.get(lang, row["carrier"]), lang=lang, **said) for lang in ("en", "zh")}
    # What the recipient may be told: the part of the carrier, not the person, and only what concerns them.
    return told | {"recipient": {"at_ms": row["at"], "carrier": row["carrier"], **said, "told": sentences}}


@op("shipment.resolve")
async def shipment_resolve(_service: Service, flows: Flows, params: Params) -> Any:
    """Close an order in doubt by an operator's word."""
    waybill = str(params.get("waybill") or "")
    finding = await flows.settle.resolve(str(params["shipment"]), waybill=waybill, actor=params["actor"])
    return {"shipment": params["shipment"], "status": finding.status, "waybill": finding.waybill}


@op("label.render")
async def label_render(_service: Service, flows: Flows, params: Params) -> Any:
    """A label's bytes in base64."""
    made = await flows.print_label.run(
        str(params["shipment"]),
        tenant=None,
        actor=params["actor"],
        format=str(params.get("format") or "png"),
        size=str(params.get("size") or "100x150"),
        dpi=int(params.get("dpi") or 203),
    )
    return {"media_type": made.media_type, "data": base64.b64encode(made.data).decode()}


@op("audit.verify")
async def audit_verify(service: Service, _flows: Flows, _params: Params) -> Any:
    """Check the whole log."""
    return await audit_log.verify(service)


@op("audit.export")
async def audit_export(service: Service, _flows: Flows, params: Params) -> Any:
    """A page of entries after (chain, seq)."""
    return await audit_log.page(service, str(params.get("chain") or ""), int(params.get("after") or -1))


@op("audit.prove")
async def audit_prove(service: Service, _flows: Flows, params: Params) -> Any:
    """Every entry of a shipment with its inclusion proof."""
    return await audit_log.prove(service, str(params["shipment"]))
