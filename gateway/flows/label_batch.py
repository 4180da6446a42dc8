"""Many labels in one job: each a print of its own with a ticket and a record of its own, bundled once, fetched once, then gone.

Jobs live in this process's memory alone, within bounds of number and time; no label touches a disk. A job is its shop's: to anybody
else it is not there. Jobs take turns label by label, so that a large one does not hold up a small one.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from gateway.flows.print_label import PrintLabel
from gateway.identity import Shop
from gateway.ids import new_id
from gateway.logs import log
from gateway.service import Service
from gateway.store import reads
from gateway.store.errors import Overloaded
from gateway.store.unit import Unit
from masking.errors import VeilwayError
from masking.labels.batch import OK, Outcome, bundle

LABELS_AT_MOST = 8_000
"""Labels that are held or still to be printed, over all jobs: at some 30 kB each, a quarter of a gigabyte."""
JOBS_OF_A_SHOP = 4  # that are held at a time
KEPT = timedelta(minutes=15)
"""How long a finished job waits to be fetched, and a fetched one can still be asked about."""
SWEEP_SECONDS = 30.0


class NoJob(VeilwayError):
    """No such job of this shop: never made, another's, over, or lost with a restart."""

    code = "job_not_found"


class NotReady(VeilwayError):
    """The file is asked for too early."""

    code = "job_not_ready"


class Fetched(VeilwayError):
    """The file was fetched already; it is kept nowhere."""

    code = "job_fetched"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a shop asks for. `zipped` is the other way of bundling PDF labels."""

    shipments: Sequence[str]
    format: str
    size: str
    dpi: int
    zipped: bool


@dataclass(slots=True, repr=False)
class Job:
    """One batch on its way."""

    id: str
    shop: str
    wanted: Wanted
    asked_at: datetime
    outcomes: list[Outcome] = field(default_factory=list)
    """Those printed so far, with their labels until the bundle is made."""
    results: list[dict[str, Any]] = field(default_factory=list)
    file: tuple[bytes, str] | None = None
    state: str = "printing"
    """printing | ready | fetched | failed"""
    over_at: datetime | None = None

    def __repr__(self) -> str:
        return f"<Job {self.id} {self.state} {len(self.results)} of {len(self.wanted.shipments)}>"

    @property
    def holds(self) -> int:
        """How many labels it counts for."""
        return len(self.wanted.shipments) if self.state in ("printing", "ready") else 0

    def as_dict(self) -> dict[str, Any]:
        """How far it is, label by label; no label."""
        done, total = len(self.results), len(self.wanted.shipments)
        printed = sum(result["code"] == OK for result in self.results)
        told = {"job": self.id, "state": self.state, "total": total, "done": done, "printed": printed}
        return told | {"results": self.results}


class LabelBatches:
    """The jobs of one process; `run()` is the task that prints them."""

    def __init__(self, service: Service, print_label: PrintLabel) -> None:
        self._service = service
        self._print_label = print_label
        self._jobs: dict[str, Job] = {}
        self._turns: deque[Job] = deque()
        self._more = asyncio.Event()

    def __repr__(self) -> str:
        return f"<LabelBatches {len(self._jobs)} jobs, {len(self._turns)} printing>"

    async def accept(self, shop: Shop, wanted: Wanted) -> Job:
        """Take a job, on record. Raises `overloaded` past the bounds; nothing is kept then."""
        self._sweep()
        mine = sum(job.holds > 0 for job in self._jobs.values() if job.shop == shop.id)
        held = sum(job.holds for job in self._jobs.values())
        if mine >= JOBS_OF_A_SHOP or held + len(wanted.shipments) > LABELS_AT_MOST:
            raise Overloaded("too many label jobs wait or are not fetched yet; fetch one, or ask again")
        now = self._service.clock()
        job = Job(new_id("job", int(now.timestamp() * 1000)), shop.id, wanted, now)
        # Held before it is on record, so that what is asked for meanwhile counts it.
        self._jobs[job.id] = job
        detail = {"job": job.id, "count": len(wanted.shipments), "format": wanted.format, "size": wanted.size}
        entry = self._service.record(
            "labels.requested", tenant=shop.id, actor=f"shop:{shop.id}", subject=job.id, detail=detail, at=now
        )
        try:
            await self._service.commit(Unit(entries=[entry]))
        except (VeilwayError, asyncio.CancelledError):
            del self._jobs[job.id]
            raise
        self._turns.append(job)
        self._more.set()
        return job

    def show(self, shop: Shop, id: str) -> Job:
        """The shop's job. Raises `job_not_found`."""
        self._sweep()
        job = self._jobs.get(id)
        if job is None or job.shop != shop.id:
            raise NoJob("no such job; jobs are kept for a quarter of an hour, and not over a restart")
        return job

    def fetch(self, shop: Shop, id: str) -> tuple[bytes, str]:
        """The file and its media type, once; this gives the last copy away."""
        job = self.show(shop, id)
        if job.state == "fetched":
            raise Fetched("the file was fetched already; print the labels again where they are needed again")
        if job.file is None:
            raise NotReady(f"the job is {job.state}: {len(job.results)} of {len(job.wanted.shipments)} labels")
        file, job.file, job.state = job.file, None, "fetched"
        return file

    # -- the task

    async def run(self) -> None:
        """Print, label by label and job by job in turn, and let go of what nobody fetched."""
        while True:
            if not self._turns:
                self._more.clear()
                try:
                    await asyncio.wait_for(self._more.wait(), SWEEP_SECONDS)
                except TimeoutError:
                    self._sweep()
                continue
            job = self._turns.popleft()
            try:
                await self._turn(job)
            except Exception as error:  # noqa: BLE001 - one job's fault ends that job; the cause may hold content
                log.error("labels.failed", job=job.id, error=type(error).__name__)
                self._end(job, "failed")
            self._sweep()

    async def _turn(self, job: Job) -> None:
        """The next label of a job, or its bundle after the last."""
        if len(job.outcomes) < len(job.wanted.shipments):
            await self._print(job)
            self._turns.append(job)
            return
        job.file = await asyncio.to_thread(bundle, job.outcomes, zipped=job.wanted.zipped)
        self._end(job, "ready")

    async def _print(self, job: Job) -> None:
        wanted, number = job.wanted, len(job.outcomes) + 1
        shipment, waybill = wanted.shipments[number - 1], ""
        try:
            rendered = await self._print_label.run(
                shipment,
                tenant=job.shop,
                actor=f"shop:{job.shop}",
                format=wanted.format,
                size=wanted.size,
                dpi=wanted.dpi,
            )
            outcome = await self._service.database.read(lambda connection: reads.outcome(connection, shipment))
            waybill = outcome.waybill if outcome else ""
            job.outcomes.append(Outcome(number, waybill, OK, rendered=rendered))
        except VeilwayError as refusal:
            job.outcomes.append(Outcome(number, waybill, refusal.code, refusal.path))
        job.results.append({"shipment": shipment} | job.outcomes[-1].as_dict())

    def _end(self, job: Job, state: str) -> None:
        job.state, job.over_at = state, self._service.clock() + KEPT
        job.outcomes = []

    def _sweep(self) -> None:
        """Forget what is over."""
        now = self._service.clock()
        for id in [id for id, job in self._jobs.items() if job.over_at is not None and job.over_at <= now]:
            del self._jobs[id]
