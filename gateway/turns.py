"""Work in step: requests that wait together go through each stage together. Knows the event loop; knows no flow.

A request that runs from its first byte to its commit in one go finds every stage's code and tables out of the processor's cache,
for the requests before it went through all the other stages. One that lets the others come level at the borders of the stages
finds them warm, and with dozens in flight costs measurably less; alone it loses a few microseconds.
"""

from __future__ import annotations

from collections.abc import Generator
from types import coroutine


@coroutine
def turn() -> Generator[None, None, None]:
    """Let every other task that is ready run first. As `asyncio.sleep(0)`, at half its cost; a cancellation may come here."""
    yield
