"""People, keys and labels for the label tests. Keys and random bytes are fixed, so that goldens hold."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from masking.labels.label import Label
from masking.labels.ticket import TicketSigner, issue
from masking.party import mask_party
from masking.personal import Party, PostalAddress, RelayNumber

SIGNER = TicketSigner(1, Ed25519PrivateKey.from_private_bytes(b"\x01" * 32), b"\x02" * 32)
PRINTED = datetime(2026, 11, 25, 12, 30, tzinfo=timezone(timedelta(hours=8)))
EXPIRES = datetime(2027, 1, 24, tzinfo=UTC)

SENDER = Party(
    "李雷",
    "0755-26806888",
    address=PostalAddress("CN", "广东省", "深圳市", "南山区", "科技园路1号科兴科学园A栋3单元1201", "518000"),
)
RECIPIENT = Party(
    "欧阳娜娜",
    "13812345678",
    address=PostalAddress("CN", "上海市", "上海市", "徐汇区", "漕溪北路88号圣爱大厦12楼1203室", "200030"),
)
LATIN = Party(
    "Marisol Quintanilla",
    "+1 415 555 2671",
    address=PostalAddress("US", "NM", "Santa Fe", "", "2205 Agua Fria Loop, Apt 14", "87501"),
)
HANGUL = Party(
    "김철수",
    "+82 2 312 3456",
    address=PostalAddress("KR", "", "서울특별시", "강남구", "테헤란로 123, 101동 1502호", "06133"),
)
MIXED = Party(
    "Ó Briain 王小明",
    "13987654321",
    address=PostalAddress("CN", "北京市", "北京市", "朝阳区", "建国路甲93号院8号楼 SOHO 2单元1806", "100022"),
)
PEOPLE = {"han": RECIPIENT, "latin": LATIN, "hangul": HANGUL, "mixed": MIXED}
RELAY = RelayNumber("17012345678", "8812")

MakeLabel = Callable[..., Label]


def ticket_text(carrier: str = "sf-express", host: str = "V.EXAMPLE") -> str:
    return issue(SIGNER, audience=carrier, expires=EXPIRES, random_bytes=lambda n: bytes(range(n))).text(host)


@pytest.fixture(scope="session")
def signer() -> TicketSigner:
    return SIGNER


@pytest.fixture(scope="session")
def people() -> dict[str, Party]:
    return {**PEOPLE, "sender": SENDER}


@pytest.fixture(scope="session")
def make_label() -> MakeLabel:
    """A label of named people; every member can be given another value."""

    def make(
        recipient: Party = RECIPIENT,
        sender: Party = SENDER,
        *,
        relay: RelayNumber | None = None,
        host: str = "V.EXAMPLE",
        **more: Any,
    ) -> Label:
        carrier = more.get("carrier", "sf-express")
        plain = Label(
            carrier=carrier,
            waybill="SF1234567890123",
            sender=mask_party(sender),
            recipient=mask_party(recipient, relay=relay),
            ticket=ticket_text(carrier, host),
            printed_at=PRINTED,
            routing_code="755A-021-33",
            parcel=(1, 2),
            flags=("cod", "insured"),
        )
        return replace(plain, **more)

    return make
