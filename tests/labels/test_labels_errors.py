from __future__ import annotations

from masking.errors import VeilwayError
from masking.labels.errors import LabelRefused, TicketRefused


def test_every_bad_ticket_gets_the_same_answer() -> None:
    first, second = TicketRefused(), TicketRefused()
    assert isinstance(first, VeilwayError)
    assert (
        (first.code, str(first), first.path)
        == (second.code, str(second), second.path)
        == ("ticket_refused", str(first), None)
    )


def test_a_refused_label_says_why_and_where() -> None:
    refusal = LabelRefused("too long", code="waybill_too_long", path="waybill")
    assert (refusal.code, refusal.path, LabelRefused("x").code) == ("waybill_too_long", "waybill", "label_refused")
