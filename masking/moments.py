"""A moment as text and back, as it stands in the audit log and in what shops are told. Knows no clock."""

from __future__ import annotations

from datetime import UTC, datetime

from msgspec import to_builtins


def iso(at: datetime) -> str:
    """As `isoformat` writes it; in UTC at a fifth of its cost."""
    return f"{to_builtins(at)[:-1]}+00:00" if at.tzinfo is UTC else at.isoformat()


def moment(ms: int) -> datetime:
    """Milliseconds since 1970 as a time in UTC."""
    return datetime.fromtimestamp(ms / 1000, UTC)
