"""Logs are kept clean by an allow-list: an event name and declared fields, nothing else. Knows field names, never values.

A field that is not in `LOGGABLE` is dropped and counted; so is a value that is neither a number nor a plain identifier.
Foreign loggers (aiohttp writes raw header lines, drivers write parameters) keep their class and level and lose their text.
"""

from __future__ import annotations

import json
import logging
import re
import sys
from datetime import UTC, datetime
from typing import IO, Any

LOGGABLE = frozenset(
    [
        "carrier",
        "shipment",
        "waybill",
        "operation",
        "code",
        "status",
        "stage",
        "action",
        "reason",
        "pool",
        "x",
        "batch",
        "units",
        "waiting",
        "ms",
        "count",
        "size",
        "host",
        "port",
        "provider",
        "role",
        "courier",
        "station",
        "shop",
        "path",
        "field",
        "version",
        "url",
        "pid",
        "attempt",
        "outcome",
        "chain",
        "seq",
        "error",
    ]
)
_PLAIN = re.compile(r"[A-Za-z0-9_.:/$\[\]@~\-]{1,128}")
_DIGITS = re.compile(r"\d{7,}")
dropped = 0


def _clean(name: str, value: Any) -> Any:
    global dropped
    if name not in LOGGABLE:
        dropped += 1
        return None
    if isinstance(value, bool | int | float):
        return value
    text = str(value)
    if not _PLAIN.fullmatch(text) or (name not in ("x", "waybill", "shipment") and _DIGITS.search(text)):
        dropped += 1
        return None
    return text


class Log:
    """`log.info("shipment.created", shipment=…)`: one JSON object a line."""

    def __init__(self, stream: IO[str] | None = None, level: str = "info") -> None:
        self._stream = stream
        self.level = logging.getLevelName(level.upper())

    def _write(self, level: int, event: str, values: dict[str, Any]) -> None:
        if level < self.level:
            return
        line: dict[str, Any] = {
            "at": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "level": logging.getLevelName(level).lower(),
            "event": event,
        }
        for name, value in values.items():
            kept = _clean(name, value)
            if kept is not None:
                line[name] = kept
        print(json.dumps(line), file=self._stream or sys.stderr, flush=True)

    def debug(self, event: str, **values: Any) -> None:
        """For development."""
        self._write(logging.DEBUG, event, values)

    def info(self, event: str, **values: Any) -> None:
        """What happened."""
        self._write(logging.INFO, event, values)

    def warning(self, event: str, **values: Any) -> None:
        """What somebody should look at by day."""
        self._write(logging.WARNING, event, values)

    def error(self, event: str, **values: Any) -> None:
        """What somebody should look at now."""
        self._write(logging.ERROR, event, values)


class _Foreign(logging.Handler):
    """Foreign records keep who spoke and how loud; their text may hold anything and is dropped."""

    def __init__(self, log: Log) -> None:
        super().__init__()
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        kind = record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else "none"
        self._log._write(record.levelno, f"foreign.{record.name}", {"error": kind})


log = Log()


def configure(level: str) -> None:
    """Set our level and take over every foreign logger of this process."""
    log.level = logging.getLevelName(level.upper())
    root = logging.getLogger()
    root.handlers[:] = [_Foreign(log)]
    root.setLevel(logging.WARNING)
