"""The whole audit log of a folder: checked, exported, proven. Knows the store's rows; the rules are `masking.audit_verify`'s.

The check reads every chain from its first entry, holds it against every signed checkpoint in the store and beside it, and
against the shipments: an order that is stored and was never recorded is a hole even where the hashes agree.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from gateway.checkpoints import checkpoint_file
from gateway.service import Service
from gateway.store import audit_reads, reads
from masking.audit import AuditError, Batch, leaf_hash
from masking.audit_note import Checkpoint, verify_note
from masking.audit_proof import inclusion_proof, tree_root
from masking.audit_verify import Verdict, verify_rows
from masking.errors import VeilwayError

PAGE = 256


class NothingToProve(VeilwayError):
    """No entry tells of this shipment."""

    code = "shipment_not_found"


@dataclass(slots=True)
class _Notes:
    """The checkpoints of a chain; `bad` where one's signature does not hold."""

    good: list[Checkpoint]
    bad: str = ""


async def verify(service: Service) -> dict[str, Any]:
    """`{"ok", "entries", "chains": […], "first_bad": {"chain", "seq", "fault"} | null}`."""
    chains, first_bad, entries, sealed = [], None, 0, set()
    for origin in await _origins(service):
        notes = await _notes(service, origin)
        rows = [row async for row in _rows(service, origin)]
        verdict = verify_rows(rows, origin=origin, checkpoints=notes.good)
        for row in rows:
            sealed.update(_sealed_in(row))
        fault = str(verdict.fault.value) if verdict.fault else notes.bad
        entries += verdict.chain.size
        chains.append(_chain(origin, verdict, fault))
        if fault and first_bad is None:
            first_bad = {"chain": origin, "seq": verdict.seq, "fault": fault}
    missing = await _unrecorded(service, sealed)
    if missing and first_bad is None:
        first_bad = {"chain": "", "seq": None, "fault": "unrecorded_shipment", "shipment": missing}
    return {"ok": first_bad is None, "entries": entries, "chains": chains, "first_bad": first_bad}


def _chain(origin: str, verdict: Verdict, fault: str) -> dict[str, Any]:
    return {
        "chain": origin,
        "entries": verdict.chain.size,
        "root": verdict.chain.root().hex(),
        "covered_by_checkpoint": verdict.covered,
        "fault": fault or None,
    }


def _sealed_in(row: Batch) -> set[str]:
    """The shipments that a row tells to have been sealed. A quick look first: most rows are long."""
    found = set()
    for written in row.entries.split(b"\n"):
        if b'"tag":"order.sealed"' in written:
            try:
                found.add(str(msgspec.json.decode(written)["subject"]))
            except (msgspec.DecodeError, KeyError, TypeError):
                continue  # verify_rows names a damaged entry
    return found


async def _origins(service: Service) -> list[str]:
    stored = await service.database.read(audit_reads.audit_origins)
    beside = [
        f"veilway/{file.stem.removeprefix('audit-')}"
        for file in sorted(service.settings.dir.glob("audit-*.checkpoint"))
    ]
    return sorted({*stored, *beside})


async def _notes(service: Service, origin: str) -> _Notes:
    stored = await service.database.read(lambda connection: audit_reads.audit_notes(connection, origin))
    beside = _beside(checkpoint_file(service.settings.dir, origin))
    if beside:
        stored.append(beside)
    notes = _Notes([])
    for note in stored:
        try:
            notes.good.append(verify_note(note, origin=origin, key=service.keys.checkpoints.public_key()))
        except AuditError as error:
            notes.bad = notes.bad or error.code
    return notes


def _beside(file: Path) -> str:
    return file.read_text(encoding="utf-8") if file.is_file() else ""


async def _rows(service: Service, origin: str) -> AsyncIterator[Batch]:
    """Every row in order, a page at a time, so that a long log does not hold the database."""
    after = -1
    while True:
        page = await service.database.read(partial(audit_reads.audit_batches, chain=origin, after=after, limit=PAGE))
        for row in page:
            yield row
        if len(page) < PAGE:
            return
        after = page[-1].first_seq


async def _unrecorded(service: Service, sealed: set[str]) -> str:
    after = ""
    while True:
        ids = await service.database.read(partial(reads.shipment_ids, after=after, limit=5000))
        for id in ids:
            if id not in sealed:
                return id
        if len(ids) < 5000:
            return ""
        after = ids[-1]


async def page(service: Service, chain: str, after: int) -> dict[str, Any]:
    """Some entries of one chain (the first chain where none is named), and where to go on; `next` None at the end."""
    origins = await _origins(service)
    chain = chain or (origins[0] if origins else "")
    rows = await service.database.read(lambda connection: audit_reads.audit_batches(connection, chain, after, PAGE))
    entries = [
        {"chain": chain, "seq": row.first_seq + at, "entry": msgspec.json.decode(written)}
        for row in rows
        for at, written in enumerate(row.entries.split(b"\n"))
    ]
    if len(rows) == PAGE:
        return {"entries": entries, "next": {"chain": chain, "after": rows[-1].first_seq}}
    later = [origin for origin in origins if origin > chain]
    return {"entries": entries, "next": {"chain": later[0], "after": -1} if later else None}


async def prove(service: Service, shipment: str) -> dict[str, Any]:
    """Every entry whose subject is the shipment, each with its inclusion proof against its chain's root."""
    out = []
    for origin in await _origins(service):
        leaves, mine = [], []
        async for row in _rows(service, origin):
            for at, written in enumerate(row.entries.split(b"\n")):
                leaves.append(leaf_hash(written))
                if shipment.encode() in written and msgspec.json.decode(written).get("subject") == shipment:
                    mine.append((row.first_seq + at, written))
        root = tree_root(leaves).hex()
        for seq, written in mine:
            proof = [node.hex() for node in inclusion_proof(leaves, seq)]
            out.append(
                {
                    "chain": origin,
                    "seq": seq,
                    "size": len(leaves),
                    "root": root,
                    "proof": proof,
                    "entry": written.decode(),
                }
            )
    if not out:
        raise NothingToProve("no entry tells of this shipment")
    return {"shipment": shipment, "entries": out}
