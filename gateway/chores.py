"""Work beside the requests that must outlive its own faults: pushes, sweeps, expiries, label batches, leases.

A chore that died in silence would cost as much as a lost order: events would stay in the outbox and bindings would never end.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from gateway.logs import log

PAUSE, LONGEST = 1.0, 30.0
"""Seconds before a chore that failed starts again, doubled with each failure in a row."""


async def kept(
    name: str, chore: Callable[[], Awaitable[None]], *, pause: float = PAUSE, longest: float = LONGEST
) -> None:
    """Run until cancelled, or until the chore says that there is nothing to do here. A fault is logged by its class and never ends it.

    `longest` bounds the pause, for a chore that must be there again within a second whatever happened.
    """
    wait = pause
    clock = asyncio.get_running_loop().time
    while True:
        begun = clock()
        try:
            return await chore()
        except Exception as error:  # noqa: BLE001 - whatever it was, the chore must go on
            log.error("chore.failed", operation=name, error=type(error).__name__)
        if clock() - begun > longest:
            wait = pause
        await asyncio.sleep(wait)
        wait = min(wait * 2, longest)
