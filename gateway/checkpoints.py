"""Signed checkpoints of this process's audit chain: every ten seconds or thousand entries, in the store and beside it.

The file beside the store (`audit-<chain>.checkpoint`) is what tells that the newest rows were cut off: whoever can rewrite the
database cannot sign. What came after the newest checkpoint is vouched for by its own links alone; `audit verify` says so.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import insert

from gateway.logs import log
from gateway.metrics import Metrics
from gateway.store.database import Database
from gateway.store.errors import StoreError
from gateway.store.group_commit import GroupCommit
from gateway.store.tables import audit_checkpoints
from masking.audit import Chain
from masking.audit_note import Checkpoint

SECONDS = 10.0
ENTRIES = 1000


def checkpoint_file(folder: Path, origin: str) -> Path:
    """Where the newest note of a chain stands outside the store."""
    return folder / f"audit-{origin.rpartition('/')[2]}.checkpoint"


class Checkpoints:
    """Notes the chain from time to time; `run()` is its task."""

    def __init__(
        self,
        commits: GroupCommit,
        key: Ed25519PrivateKey,
        database: Database,
        folder: Path,
        clock: Callable[[], datetime],
        metrics: Metrics,
    ) -> None:
        self._commits = commits
        self._key = key
        self._database = database
        self._folder = folder
        self._clock = clock
        self._metrics = metrics
        self._noted = -1
        self._full = asyncio.Event()
        commits.on_commit = self._on_commit

    def _on_commit(self, chain: Chain) -> None:
        if self._noted < 0:
            self._noted = chain.size - 1
        if chain.size - self._noted >= ENTRIES:
            self._full.set()

    async def run(self) -> None:
        """Note the chain every ten seconds, sooner under load."""
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._full.wait(), SECONDS)
            self._full.clear()
            try:
                await self.note()
            except (StoreError, OSError) as error:
                log.warning("audit.checkpoint_failed", error=type(error).__name__)
            # Under load a note a second is plenty: each costs a signature and a commit.
            await asyncio.sleep(1)

    async def note(self) -> None:
        """Sign and store the chain as it stands, unless nothing was added since."""
        chain = self._commits.chain
        if chain is None or chain.size == 0 or chain.size == self._noted:
            return
        note = Checkpoint.of(chain).signed(self._key)
        row = {
            "chain": chain.origin,
            "size": chain.size,
            "note": note,
            "state": chain.to_bytes(),
            "at": int(self._clock().timestamp() * 1000),
        }
        await self._database.write(lambda connection: connection.execute(insert(audit_checkpoints), row))
        file = checkpoint_file(self._folder, chain.origin)
        draft = file.with_suffix(".new")
        draft.write_text(note, encoding="utf-8")
        draft.replace(file)
        self._noted = chain.size
        self._metrics.audit_size.set(chain.size)
