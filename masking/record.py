"""What a sealed order consists of: parties and free texts as the vault's groups, and back.

Knows which value stands in which group and how it is written (JSON); knows no key and no policy. A group is what is opened
together: a scan opens addresses and leaves phones shut.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import compress

import msgspec

from masking.errors import VeilwayError
from masking.personal import Party, PostalAddress, Role

NAME, PHONE, ADDRESS, OTHER = "name", "phone", "address", "other"
RESTORE, ANSWER = "restore", "answer"
"""What the shop sent, to give echoes back; and the answer kept for retries."""
GROUP_OF = {
    "name": NAME,
    "phone": PHONE,
    "region": ADDRESS,
    "street": ADDRESS,
    "email": OTHER,
    "company": OTHER,
    "ids": OTHER,
    "remark": OTHER,
    "goods": OTHER,
}
"""The group that holds a part of a party, or a text of the order."""

_PARTS = ("name", "phone", "email", "company", "region", "street", "ids")

_ROLES = frozenset(role.value for role in Role)
_encode = msgspec.json.Encoder().encode


class RecordInvalid(VeilwayError):
    """A group whose plaintext is not what this release writes, or a party under an unknown name."""

    code = "record_invalid"


class _More(msgspec.Struct, omit_defaults=True):
    email: str = ""
    company: str = ""
    ids: tuple[str, ...] = ()


class _Other(msgspec.Struct, omit_defaults=True):
    parties: dict[str, _More] = {}
    remark: str = ""
    goods: str = ""


_texts = msgspec.json.Decoder(dict[str, str])
_addresses = msgspec.json.Decoder(dict[str, PostalAddress])
_others = msgspec.json.Decoder(_Other)


class Order(msgspec.Struct, frozen=True):
    """The plain people and texts of one order, as far as they were opened."""

    parties: Mapping[str, Party] = {}
    """By role; a second third party is `third_party:2` and so on."""
    remark: str = ""
    goods: str = ""

    def __repr__(self) -> str:
        return f"<Order {' '.join(self.parties)}>"


def to_groups(order: Order, *, restore: Mapping[str, str] | None = None) -> dict[str, bytes]:
    """The groups to seal. All four are always there, so that their presence tells nothing."""
    names, phones, addresses, more = {}, {}, {}, {}
    for key, party in order.parties.items():
        role_of(key)
        names[key] = party.name
        phones[key] = party.phone
        addresses[key] = party.address
        if party.email or party.company or party.ids:
            more[key] = _More(party.email, party.company, party.ids)
    groups = {
        NAME: _encode(names),
        PHONE: _encode(phones),
        ADDRESS: _encode(addresses),
        OTHER: _encode(_Other(more, order.remark, order.goods)),
    }
    if restore is not None:
        groups[RESTORE] = _encode(restore)
    return groups


def from_groups(opened: Mapping[str, bytes]) -> Order:
    """The order as far as its groups are opened; what is in no opened group is empty."""
    try:
        names = _texts.decode(opened[NAME]) if NAME in opened else {}
        phones = _texts.decode(opened[PHONE]) if PHONE in opened else {}
        addresses = _addresses.decode(opened[ADDRESS]) if ADDRESS in opened else {}
        other = _others.decode(opened[OTHER]) if OTHER in opened else _Other()
    except msgspec.MsgspecError:
        raise RecordInvalid("a group does not read back") from None  # the cause quotes content
    known = dict.fromkeys([*names, *phones, *addresses, *other.parties])
    nothing, nowhere = _More(), PostalAddress()
    parties = {}
    for name in known:
        more = other.parties.get(name, nothing)
        address = addresses.get(name, nowhere)
        parties[name] = Party(names.get(name, ""), phones.get(name, ""), more.email, more.company, address, more.ids)
    return Order(parties, other.remark, other.goods)


def restore_from(opened: bytes) -> dict[str, str]:
    """What the shop sent, by the key that the rewriter gave each value."""
    try:
        return _texts.decode(opened)
    except msgspec.MsgspecError:
        raise RecordInvalid("a group does not read back", path=RESTORE) from None


def filled_parts(party: Party) -> list[str]:
    """The parts, as a policy names them, in which the party has something."""
    at = party.address
    region = at.country or at.state or at.city or at.district or at.postcode
    said = party.name, party.phone, party.email, party.company, region, at.street, party.ids
    return list(compress(_PARTS, said))


def role_of(party: str) -> str:
    """The role that a party's name stands for."""
    role = party if party in _ROLES else party.partition(":")[0]
    if role not in _ROLES:
        raise RecordInvalid("a party is sender, recipient or third_party, or third_party:2 and so on", path="parties")
    return role
