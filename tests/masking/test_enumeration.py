"""Guessing tickets: no hit, no look-up, and a locked-out source before long. The full counts run with `make proofs`."""

from __future__ import annotations

import random
from base64 import b32encode
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from masking.labels.errors import TicketRefused
from masking.labels.ticket import Ticket, TicketSigner, issue, verify_offline, verify_online
from masking.lockout import MISSES, Lockout

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
HOST = "T.EXAMPLE"
SIGNER = TicketSigner.generate(1)
REAL = [issue(SIGNER, audience="sf-express", expires=NOW + timedelta(days=30)) for _ in range(50)]
LENGTH = len(REAL[0].raw)


class Desk:
    """What a scan does before its first look-up, with the look-up counted."""

    def __init__(self, *, lockout: Lockout | None = None) -> None:
        self.lockout = lockout
        self.read = self.refused = self.checked = 0

    def scan(self, text: str, source: str = "s") -> bool:
        """True where a record would be read."""
        if self.lockout is not None and self.lockout.locked(source, NOW):
            self.refused += 1
            return False
        self.checked += 1
        try:
            verify_online(text, {1: SIGNER.tag_key}, NOW, "sf-express", hosts=(HOST,))
        except TicketRefused:
            self.refused += 1
            if self.lockout is not None:
                self.lockout.miss(source, NOW)
            return False
        self.read += 1
        return True


def random_texts(count: int, dice: random.Random) -> Iterator[str]:
    """Well-formed texts: the guesser knows the form, the host, the carrier and the date, and guesses the rest."""
    head = REAL[0].raw[:7]
    for i in range(count):
        raw = head + dice.randbytes(LENGTH - 7) if i % 4 else dice.randbytes(LENGTH)
        yield f"HTTPS://{HOST}/Q/{b32encode(raw).decode().rstrip('=')}"


def near_misses(count: int, dice: random.Random) -> Iterator[str]:
    """Real tickets with one thing changed: a bit, a character, two halves of two tickets."""
    real = {ticket.raw for ticket in REAL}
    for _ in range(count):
        one, other = dice.sample(REAL, 2)
        raw = bytearray(one.raw)
        match dice.randrange(4):
            case 0:
                bit = dice.randrange(LENGTH * 8)
                raw[bit // 8] ^= 1 << bit % 8
            case 1:
                cut = dice.randrange(8, LENGTH - 64)
                raw[cut:] = other.raw[cut:]
            case 2:
                raw[2:5] = (int.from_bytes(raw[2:5], "big") + dice.randrange(1, 9999)).to_bytes(3, "big")
            case _:
                yield _one_character(one.text(HOST), dice)
                continue
        if bytes(raw) not in real:  # two ids may begin alike, and then the halves of two are one whole
            yield Ticket(bytes(raw)).text(HOST)


def _one_character(text: str, dice: random.Random) -> str:
    at = dice.randrange(len(text))
    sign = dice.choice([s for s in "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567018abc=/" if s != text[at]])
    return text[:at] + sign + text[at + 1 :]


def enumerate_tickets(guesses: int, near: int) -> tuple[int, int]:
    """How many of the random guesses, and how many of the near misses, would reach a record."""
    desk = Desk()
    for text in random_texts(guesses, random.Random(1)):
        desk.scan(text)
    by_chance = desk.read
    reached = 0
    fingerprints = {ticket.id: ticket.fingerprint for ticket in REAL}
    for text in near_misses(near, random.Random(2)):
        if desk.scan(text):
            # The tag does not cover the signature: such a text reaches its own record and fails its fingerprint there.
            ticket = verify_online(text, {1: SIGNER.tag_key}, NOW, "sf-express")
            reached += ticket.fingerprint == fingerprints.get(ticket.id)
    return by_chance, reached


def test_real_tickets_are_read() -> None:
    desk = Desk()
    assert all(desk.scan(ticket.text(HOST)) for ticket in REAL)
    assert desk.read == len(REAL)


def test_guessed_tickets_reach_nothing() -> None:
    assert enumerate_tickets(10_000, 2_000) == (0, 0)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_million_guesses_and_ten_thousand_near_misses_reach_nothing() -> None:
    assert enumerate_tickets(1_000_000, 10_000) == (0, 0)


def test_near_misses_do_not_pass_offline_either() -> None:
    passed = 0
    for text in near_misses(300, random.Random(3)):
        try:
            verify_offline(text, {1: SIGNER.public_key}, NOW, "sf-express", hosts=(HOST,))
        except TicketRefused:
            continue
        passed += 1
    assert passed == 0


def test_a_guesser_is_locked_out_after_a_hundred_and_nobody_else_is() -> None:
    desk = Desk(lockout=Lockout())
    for text in random_texts(1_000, random.Random(4)):
        desk.scan(text, "guesser")
    assert (desk.checked, desk.refused) == (MISSES, 1_000)
    assert not desk.scan(REAL[0].text(HOST), "guesser")
    assert desk.scan(REAL[0].text(HOST), "courier")


def test_a_locked_out_source_and_a_miss_are_refused_alike() -> None:
    """One answer for both; here: both are False and nothing is read."""
    desk = Desk(lockout=Lockout(limit=1))
    first, second = (desk.scan(text, "g") for text in random_texts(2, random.Random(5)))
    assert (first, second, desk.read) == (False, False, 0)
