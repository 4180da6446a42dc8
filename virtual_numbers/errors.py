"""The errors of this wing. Their codes are stable and have a paragraph each in `docs/errors.md`; none holds a number or a person."""

from __future__ import annotations

from datetime import datetime

from masking.errors import VeilwayError


class NumbersError(VeilwayError):
    """Root of what virtual_numbers raises on purpose."""

    code = "numbers"


class BindingRefused(NumbersError):
    """A binding cannot be made, or cannot go from its state to the one asked for."""

    code = "binding_refused"


class SlotRefused(NumbersError):
    """A slot that this pool did not lease, or has leased again since, is given back or claimed again."""

    code = "slot_not_leased"


class PoolExhausted(NumbersError):
    """No slot may be leased now. The quarantine is never shortened for it, and no real number stands in.

    `retry_at` is when the next slot has cooled down; it is set only where the pool's policy is to queue.
    """

    code = "pool_exhausted"

    def __init__(self, message: str, *, retry_at: datetime | None = None) -> None:
        super().__init__(message)
        self.retry_at = retry_at
        self.retry_after: int | None = None
        """The same in seconds from the refusal, where whoever refuses knows the time."""


class ProviderRefused(NumbersError):
    """A provider's answer, push or webhook that is not to be believed or not to be understood."""

    code = "provider_refused"
