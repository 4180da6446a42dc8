from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from masking.labels.revocation import RevocationListRefused, pack, unpack
from masking.labels.ticket import TicketSigner, issue

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
TOMORROW = NOW + timedelta(days=1)
SIGNER = TicketSigner.generate(1)
PUBLIC = {1: SIGNER.public_key}
TICKETS = [issue(SIGNER, audience="zto", expires=TOMORROW) for _ in range(40)]


@settings(max_examples=30)
@given(st.sets(st.integers(0, 39)))
def test_exactly_the_revoked_tickets_are_on_the_list(revoked: set[int]) -> None:
    raw = pack(SIGNER, [TICKETS[i].id for i in revoked], issued=NOW, good_until=TOMORROW)
    listed = unpack(raw, PUBLIC, NOW)
    assert {i for i, ticket in enumerate(TICKETS) if ticket in listed} == revoked


def test_ten_thousand_revocations_fit_fifty_kilobytes() -> None:
    ids = [n.to_bytes(12, "little") for n in range(10_000)]
    assert len(pack(SIGNER, ids, issued=NOW, good_until=TOMORROW)) == 14 + 50_000 + 64


def test_forged_cut_stale_and_foreign_lists_are_refused() -> None:
    raw = pack(SIGNER, [ticket.id for ticket in TICKETS], issued=NOW, good_until=TOMORROW)
    foreign = pack(TicketSigner.generate(1), [], issued=NOW, good_until=TOMORROW)
    unknown = pack(TicketSigner.generate(9), [], issued=NOW, good_until=TOMORROW)
    flipped = [raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :] for at in range(0, len(raw), 7)]
    for bad in (b"", raw[:-1], raw + b"x", raw[:40], foreign, unknown, *flipped):
        with pytest.raises(RevocationListRefused):
            unpack(bad, PUBLIC, NOW)
    with pytest.raises(RevocationListRefused):
        unpack(raw, PUBLIC, TOMORROW)
