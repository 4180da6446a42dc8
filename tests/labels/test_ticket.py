from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from masking.labels.errors import TicketRefused
from masking.labels.ticket import (
    DOMAIN,
    EPOCH,
    TICKET_BYTES,
    Ticket,
    TicketSigner,
    carrier_code,
    clashing_carriers,
    hours,
    is_same,
    issue,
    parse,
    verify_offline,
    verify_online,
)

NOW = datetime(2026, 11, 25, 12, 30, tzinfo=UTC)
LATER = NOW + timedelta(days=30)
HOST = "q.example.com"
SIGNER = TicketSigner.generate(3)
OTHER = TicketSigner.generate(3)
TICKET = issue(SIGNER, audience="sf-express", expires=LATER)
TEXT = TICKET.text(HOST)
PUBLIC = {3: SIGNER.public_key}
TAGS = {3: SIGNER.tag_key}


def online(text: str, *, now: datetime = NOW, audience: str | int | None = "sf-express") -> Ticket:
    ticket = verify_online(text, TAGS, now, audience, hosts=[HOST])
    if not is_same(ticket, TICKET.fingerprint):
        raise TicketRefused
    return ticket


def offline(text: str, *, now: datetime = NOW, audience: str | int | None = "sf-express") -> Ticket:
    return verify_offline(text, PUBLIC, now, audience, hosts=[HOST])


READERS = pytest.mark.parametrize("read", [online, offline])


def test_the_format_is_the_one_that_printed_labels_carry() -> None:
    fixed = TicketSigner.generate(7)
    ticket = issue(
        fixed,
        audience="sf-express",
        expires=datetime(2026, 1, 1, 0, 0, 1, tzinfo=UTC),
        random_bytes=lambda n: b"\xab" * n,
    )
    assert len(ticket.raw) == TICKET_BYTES == 83
    assert ticket.raw[:7] == bytes([1, 7]) + (17545).to_bytes(3, "big") + carrier_code("sf-express").to_bytes(2, "big")
    assert ticket.raw[7:15] == b"\xab" * 8
    assert carrier_code("sf-express") == 5024
    fixed.public_key.verify(ticket.raw[19:], b"veilway/ticket/v1\x00" + ticket.raw[:19])
    assert DOMAIN == b"veilway/ticket/v1\x00"


def test_text_is_upper_case_base32_below_the_host() -> None:
    assert TEXT.startswith("HTTPS://Q.EXAMPLE.COM/Q/") and len(TEXT) == 24 + 133
    assert parse(TEXT).raw == TICKET.raw


@READERS
def test_an_honest_ticket_is_accepted(read) -> None:
    assert read(TEXT).id == TICKET.id
    assert read(TEXT, audience=carrier_code("sf-express")).id == TICKET.id
    assert read(TEXT, audience=None).id == TICKET.id


@READERS
@settings(max_examples=150)
@given(at=st.integers(0, len(TEXT) - 1), char=st.sampled_from("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567018abz/=:. -%"))
def test_any_changed_character_gives_the_one_refusal(read, at: int, char: str) -> None:
    changed = TEXT[:at] + char + TEXT[at + 1 :]
    if changed == TEXT:
        return
    with pytest.raises(TicketRefused) as refusal:
        read(changed)
    assert (refusal.value.code, str(refusal.value), refusal.value.path) == (
        "ticket_refused",
        str(TicketRefused()),
        None,
    )


@READERS
@settings(max_examples=100)
@given(bit=st.integers(0, 83 * 8 - 1))
def test_any_flipped_bit_gives_the_one_refusal(read, bit: int) -> None:
    raw = bytearray(TICKET.raw)
    raw[bit // 8] ^= 1 << bit % 8
    with pytest.raises(TicketRefused):
        read(Ticket(bytes(raw)).text(HOST))


@READERS
@given(
    text=st.one_of(
        st.text(max_size=200),
        st.integers(0, 156).map(lambda n: TEXT[:n]),
        st.integers(1, 20).map(lambda n: TEXT + TEXT[:n]),
    )
)
@settings(max_examples=60)
def test_truncated_joined_and_foreign_texts_are_refused(read, text: str) -> None:
    with pytest.raises(TicketRefused):
        read(text)


@READERS
@pytest.mark.parametrize(
    "text",
    [
        TEXT + TEXT,
        TEXT + TEXT.rsplit("/", 1)[1],
        TEXT.lower(),
        TEXT + "\n",
        " " + TEXT,
        TEXT.replace("HTTPS", "HTTP"),
        TEXT[:-1] + chr(ord(TEXT[-1]) + 1),  # only the spare bit of the last character differs
        TICKET.text("q.example.org"),
        TICKET.text("q.example.com:8443"),
    ],
)
def test_no_other_spelling_of_a_ticket_is_a_ticket(read, text: str) -> None:
    with pytest.raises(TicketRefused):
        read(text)


@pytest.mark.parametrize("char", ["_", " ", "+", "-", "\n", "\0", "a", "0", "1", "8", "9", "!", "/", "=", "２", "é"])
@pytest.mark.parametrize("at", [0, 1, 60, -1])
def test_what_a_number_may_be_written_with_and_a_ticket_not_is_refused(char: str, at: int) -> None:
    digits = list(TICKET.text(HOST)[-133:])
    digits[at] = char
    for hosts in ([HOST], []):
        with pytest.raises(TicketRefused):
            parse(f"HTTPS://{HOST.upper()}/Q/{''.join(digits)}", hosts=hosts)


@pytest.mark.parametrize("host", ["", "-Q.EXAMPLE", "q.example", "Q.EXAMPLE:", "Q.EXAMPLE:123456", "Q/EXAMPLE", "Q\n"])
def test_a_host_that_is_none_is_refused_even_where_it_is_asked_for(host: str) -> None:
    text = f"HTTPS://{host}/Q/{TEXT[-133:]}"
    for hosts in ([], [host]):
        with pytest.raises(TicketRefused):
            parse(text, hosts=hosts)


@READERS
def test_expiry_and_audience_are_refused_alike(read) -> None:
    for wrong in ({"now": TICKET.expires}, {"audience": "zto"}, {"audience": carrier_code("zto")}):
        with pytest.raises(TicketRefused):
            read(TEXT, **wrong)
    assert read(TEXT, now=TICKET.expires - timedelta(seconds=1))


@READERS
def test_a_ticket_under_another_gateways_key_is_refused(read) -> None:
    with pytest.raises(TicketRefused):
        read(issue(OTHER, audience="sf-express", expires=LATER).text(HOST))
    with pytest.raises(TicketRefused):
        read(issue(TicketSigner.generate(4), audience="sf-express", expires=LATER).text(HOST))


def test_the_tag_alone_turns_a_guessed_id_away_before_any_look_up() -> None:
    forged = issue(TicketSigner(3, SIGNER.private_key, b"\x00" * 32), audience="sf-express", expires=LATER)
    with pytest.raises(TicketRefused):
        verify_online(forged.text(HOST), TAGS, NOW, "sf-express")


@given(st.datetimes(datetime(2024, 1, 1), datetime(2900, 1, 1), timezones=st.just(UTC)))
def test_expiry_is_rounded_up_to_the_hour_never_down(moment: datetime) -> None:
    until = EPOCH + timedelta(hours=hours(moment, up=True))
    assert moment <= until < moment + timedelta(hours=1)


def test_carriers_that_share_a_number_are_found() -> None:
    seen: dict[int, str] = {}
    pair = next(
        (seen[code], name) for n in range(5000) if seen.setdefault(code := carrier_code(name := f"c{n}"), name) != name
    )
    assert clashing_carriers(["sf-express", *pair]) == set(pair)


def test_a_ticket_tells_nothing_secret_in_its_repr() -> None:
    assert TICKET.id.hex() not in repr(TICKET) and SIGNER.tag_key.hex() not in repr(SIGNER)
