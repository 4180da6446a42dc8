"""What shop and recipient are told of a reveal: who of the carrier saw which fields of the parcel, and for what reason. Never a value.

Knows words; decides nothing. The recipient is told of what concerns them and by which part of the carrier, not by which person.
"""

from __future__ import annotations

from collections.abc import Iterable

from masking.policy import FIELDS, Reader
from masking.policy_text import READER_ZH, field_zh

REASONS = {
    "address_unclear": ("the address is unclear", "地址不清"),
    "address_wrong": ("the address does not fit the place", "地址与实际不符"),
    "identity_check": ("an identity document had to be checked", "核对证件"),
    "unreachable": ("nobody answered the phone", "电话联系不上"),
    "damaged": ("the parcel is damaged", "包裹破损"),
}
"""The reasons that the scan page offers. A code of the carrier's own is told as it is."""
_READER = {
    Reader.PICKUP: "pick-up courier",
    Reader.LINEHAUL: "line-haul staff",
    Reader.DELIVERY: "delivery courier",
    Reader.STATION: "station staff",
    Reader.CUSTOMER_SERVICE: "customer service",
    Reader.CUSTOMS: "customs staff",
}
_PART = {"street": "street and door", "ids": "identity numbers", "email": "e-mail"}


def concerns_recipient(fields: Iterable[str]) -> list[str]:
    """The fields that are about the recipient, or may be: remark and goods."""
    return [name for name in fields if name.startswith("recipient.") or "." not in name]


def reveal_told(*, carrier: str, role: str, fields: Iterable[str], reason: str, lang: str = "en") -> str:
    """A reveal as a sentence. A word that this release does not know is told as it is."""
    en, zh = REASONS.get(reason, (reason, reason))
    reader = Reader(role) if role in Reader._value2member_map_ else None
    known = [name for name in fields if name in FIELDS]
    if lang == "zh":
        who, what = READER_ZH[reader] if reader else role, "、".join(map(field_zh, known)) or "包裹信息"
        return f"{carrier}的{who}查看了{what}。原因：{zh}。"
    who, what = (
        _READER.get(reader, role) if reader else role,
        " and ".join(map(_field, known)) or "something of the parcel",
    )
    return f"{who} of {carrier} saw {what}. Reason: {en}."


def _field(name: str) -> str:
    party, _, part = name.partition(".")
    return f"the {party.replace('_', ' ')}'s {_PART.get(part, part)}" if part else f"the {party}"
