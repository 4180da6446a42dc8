"""What each step of a scan costs, in µs on one core: the same functions that the flow calls, in process, on a store that a bench filled.

The best of many short rounds, because a busy machine only ever adds time. Run by `load/bench_scan.py`.
"""

from __future__ import annotations

import asyncio
import time
import timeit
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
from sqlalchemy import Connection

from gateway.flows.scan_answer import told
from gateway.identity import Courier
from gateway.service import Service, open_service
from gateway.settings import load_settings
from gateway.store import scan_reads
from gateway.store.scan_reads import Parcel
from gateway.store.tables import scans
from gateway.store.unit import Unit
from masking.device_proof import DeviceKey
from masking.disclosure import Disclosure, View, disclose
from masking.labels.ticket import verify_online
from masking.personal import RelayNumber
from masking.policy import Audience, Occasion, Reader
from masking.stage import Stage

ROUNDS, REPEATS = 100, 30
TOGETHER = 64  # scans that share a COMMIT, as under load


def best(call: Callable[[], object]) -> float:
    """µs of one call."""
    return round(min(timeit.repeat(call, number=REPEATS, repeat=ROUNDS)) / REPEATS * 1e6, 1)


def scan_steps(folder: Path, token: str, tickets: Sequence[str]) -> dict[str, float]:
    """Step -> µs, for a delivery courier who looks at a parcel that is out for delivery."""
    return asyncio.run(_steps(folder, token, tickets[0]))


async def _steps(folder: Path, token: str, text: str) -> dict[str, float]:
    async with open_service(load_settings(folder, {})) as service:
        courier, now = await service.identity.courier(token), service.clock()
        tags = service.keys.tickets.tag_keys(now)
        id = verify_online(text, tags, now, courier.carrier).id

        def read(connection: Connection) -> tuple[Parcel, float]:
            def look() -> Parcel | None:
                sent = courier.id, b"k" * 16
                return scan_reads.by_ticket(connection, id, lambda _carrier, _fingerprint: True, lambda _shipment: sent)

            found = look()
            if found is None:
                raise SystemExit("the bench's parcel is not there")
            return found, best(look)

        parcel, reading = await service.database.read(read)
        shown = _disclosure(service, courier, parcel)
        answer = told("scan", parcel, Stage.OUT_FOR_DELIVERY, shown.view, courier)
        return {
            "verify_ticket": best(lambda: verify_online(text, tags, now, courier.carrier)),
            "read": reading,
            "disclose": best(lambda: _disclosure(service, courier, parcel)),
            "answer": best(lambda: told("scan", parcel, Stage.OUT_FOR_DELIVERY, shown.view, courier)),
            "encode": best(lambda: msgspec.json.encode(answer)),
            "commit": await _commit(service, courier, parcel, shown.entry),
            "device_proof": _proof(),
        }


def _disclosure(service: Service, courier: Courier, parcel: Parcel) -> Disclosure[View]:
    return disclose(
        parcel.record,
        keyring=service.keys.keyring,
        policy=service.policy,
        audience=Audience(Reader(courier.role), f"courier:{courier.id}", carrier=courier.carrier),
        occasion=Occasion(Stage.OUT_FOR_DELIVERY, service.clock(), own=True),
        relays={role: RelayNumber(x, ext) for role, (x, ext, _) in parcel.shipment.relays.items()},
    )


async def _commit(service: Service, courier: Courier, parcel: Parcel, entry: bytes) -> float:
    """Processor time of one scan's rows and audit entry where so many share a COMMIT."""
    spent = []
    for turn in range(30):
        units = [Unit() for _ in range(TOGETHER)]
        for at, unit in enumerate(units):
            row = f"steps_{turn}_{at}", parcel.shipment.tenant, parcel.shipment.id, courier.id, "D7", "", None, None, 0
            unit.add(scans, *row)
            unit.record(entry)
        before = time.process_time()
        await asyncio.gather(*(service.commit(unit) for unit in units))
        spent.append((time.process_time() - before) / TOGETHER * 1e6)
    return round(min(spent), 1)


def _proof() -> float:
    """One Ed25519 check, which a courier with an enrolled device adds."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    key, text = Ed25519PrivateKey.generate(), b"x" * 200
    public, signature = DeviceKey(key.public_key()), key.sign(text)
    return best(lambda: public.holds(signature, text))
