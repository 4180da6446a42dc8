"""The two refusals of this package. Knows codes; never holds a value that a label or a ticket carried."""

from __future__ import annotations

from masking.errors import VeilwayError


class LabelRefused(VeilwayError):
    """No label leaves. `code` says why, `path` which zone or field; the offending text is never quoted."""

    code = "label_refused"


class TicketRefused(VeilwayError):
    """The one answer to every bad ticket, so that a forger learns nothing from which check failed."""

    code = "ticket_refused"

    def __init__(self) -> None:
        super().__init__("This ticket is not accepted here.")
