"""What a privacy label says, as a value: masked parties only, because there is no field that a plain one fits in.

Knows neither paper nor printer (`layout.py`, `render.py`). Refuses what must not be printed: a phone or recipient without
stars, a masked label for a carrier that by law needs the plain address, digits that look like a phone in a free text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from msgspec import structs

from masking.freetext import find_personal, mask_text
from masking.labels.errors import LabelRefused
from masking.labels.texts import Language, flag_of
from masking.party import mask_party
from masking.personal import MaskedParty, Party, PostalAddress, RelayNumber

PLAIN_ADDRESS_CARRIERS = frozenset({"usps"})
"""USPS DMM 602.1.3: a piece bears the recipient's name, street number and apartment, so a masked label may not be posted."""

_ROUTING = re.compile(r"[\w ./·*()#&+-]{0,40}")


@dataclass(frozen=True, slots=True, repr=False)
class Label:
    """One parcel's label. `check` says whether it may be printed; `render` calls it."""

    carrier: str
    waybill: str
    sender: MaskedParty
    recipient: MaskedParty
    ticket: str
    """The ticket's exact text (`Ticket.text`)."""
    printed_at: datetime
    routing_code: str = ""
    """The carrier's sorting code, e.g. `755A-021-33`."""
    parcel: tuple[int, int] = (1, 1)
    """Number of this parcel and how many travel together."""
    flags: tuple[str, ...] = ()
    """Codes of `texts.FLAGS`; others are left out and found."""
    language: Language = "zh"
    product: str = ""
    batch: str = ""
    goods: tuple[str, ...] = ()
    """Printed only because a shop opted in: goods are personal information under the 2014 rules."""
    mask_allowed: bool = True

    def __repr__(self) -> str:
        return f"<Label {self.carrier} {self.waybill} {self.parcel[0]}/{self.parcel[1]}>"

    def check(self) -> None:
        """Raise `LabelRefused` where this may not be printed. Free texts were scrubbed before; this is the second look."""
        if not self.mask_allowed:
            message = "This carrier's rules demand the plain address on the parcel; print the carrier's own label."
            raise LabelRefused(message, code="plain_address_required", path="carrier")
        if not 1 <= self.parcel[0] <= self.parcel[1] <= 999:
            raise LabelRefused("A parcel is number 1 to n of n, at most 999.", code="parcel_count", path="parcel")
        if not _ROUTING.fullmatch(self.routing_code) or find_personal(self.routing_code):
            raise LabelRefused("This is no sorting code.", code="routing_shape", path="routing_code")
        _refuse_unmasked(self.sender, "sender")
        _refuse_unmasked(self.recipient, "recipient")
        if self.recipient.name and "*" not in self.recipient.name:
            raise LabelRefused("The recipient's name is not masked.", code="name_not_masked", path="recipient.name")
        for path in ("product", "batch"):
            _refuse_contact(getattr(self, path), path)
        for at, goods in enumerate(self.goods):
            _refuse_contact(goods, f"goods[{at}]")

    def returned(self) -> Label:
        """The label of the way back: roles flip and the flag says so. Waybill, routing and ticket are to be replaced."""
        flags = self.flags if "return" in self.flags else ("return", *self.flags)
        return replace(self, sender=self.recipient, recipient=self.sender, flags=flags)


def _refuse_unmasked(party: MaskedParty, path: str) -> None:
    if party.relay is None and any(ch.isdecimal() for ch in party.phone) and "*" not in party.phone:
        raise LabelRefused("A phone is masked or a relay number.", code="phone_not_masked", path=f"{path}.phone")


def _refuse_contact(text: str, path: str) -> None:
    if find_personal(text):
        raise LabelRefused("A free text holds something personal.", code="contact_in_text", path=path)


MaskParty = Callable[..., MaskedParty]


def label_from_order(
    order: Mapping[str, Any],
    *,
    ticket: str,
    printed_at: datetime,
    language: Language = "zh",
    show_goods: bool = False,
    mask_allowed: bool | None = None,
    mask: MaskParty = mask_party,
) -> Label:
    """The label of an ORDER.json document (`docs/labels.md`), both parties masked.

    `mask_allowed` comes from the carrier's profile; without it the carriers known here (`PLAIN_ADDRESS_CARRIERS`) decide.
    Raises `LabelRefused` with code `order_shape` and the path of the member that is missing or of the wrong type.
    """
    carrier = _text(order, "carrier")
    parcel = _member(order, "parcel", Mapping, {})
    flags = _member(order, "flags", (list, tuple), ())
    goods = _member(order, "goods", (list, tuple), ()) if show_goods else ()
    return Label(
        carrier=carrier,
        waybill=_text(order, "waybill"),
        sender=_masked(order, "sender", mask),
        recipient=_masked(order, "recipient", mask),
        ticket=ticket,
        printed_at=printed_at,
        routing_code=_text(order, "routing_code", ""),
        parcel=(_count(parcel, "number"), _count(parcel, "of")),
        flags=tuple(dict.fromkeys(flag_of(str(flag)) or str(flag) for flag in flags)),
        language=language,
        product=mask_text(_text(order, "product", "")).text,
        batch=mask_text(_text(order, "batch", "")).text,
        goods=tuple(mask_text(str(item)).text for item in goods),
        mask_allowed=carrier not in PLAIN_ADDRESS_CARRIERS if mask_allowed is None else mask_allowed,
    )


def plain_parties(order: Mapping[str, Any]) -> tuple[Party, Party]:
    """The plain sender and recipient of an ORDER.json document, for the lint to compare with."""
    return _party(order, "sender")[0], _party(order, "recipient")[0]


def _masked(order: Mapping[str, Any], role: str, mask: MaskParty) -> MaskedParty:
    party, relay = _party(order, role)
    masked = mask(party, relay=relay)
    address = masked.address
    areas = {part: mask_text(getattr(address, part)).text for part in ("state", "city", "district")}
    return structs.replace(masked, address=structs.replace(address, **areas))


def _party(order: Mapping[str, Any], role: str) -> tuple[Party, RelayNumber | None]:
    document = _member(order, role, Mapping)
    address = _member(document, "address", Mapping, {}, role)
    parts = {key: _text(address, key, "", f"{role}.address") for key in PostalAddress.__struct_fields__}
    relay = _text(document, "relay_number", "", role)
    name, phone, email, company = (_text(document, key, "", role) for key in ("name", "phone", "email", "company"))
    party = Party(name, phone, email, company, PostalAddress(**parts))
    return party, _relay(relay, role) if relay else None


def _relay(dial: str, role: str) -> RelayNumber:
    match = re.fullmatch(r"\+?([0-9]{3,15})(?:[-,]([0-9]{1,6}))?", dial.strip())
    if match is None:
        message = "A relay number is 3 to 15 digits and perhaps an extension."
        raise LabelRefused(message, code="order_shape", path=f"{role}.relay_number")
    return RelayNumber(match[1], match[2] or "")


def _member(document: Mapping[str, Any], key: str, kind: Any, default: Any = None, path: str = "") -> Any:
    value = document.get(key)
    value = default if value is None else value
    if not isinstance(value, kind):
        where = f"{path}.{key}" if path else key
        raise LabelRefused("A member of the order is missing or of the wrong type.", code="order_shape", path=where)
    return value


def _text(document: Mapping[str, Any], key: str, default: str | None = None, path: str = "") -> str:
    value = _member(document, key, (str, int), default, path)
    return str(value).strip()


def _count(parcel: Mapping[str, Any], key: str) -> int:
    return int(_member(parcel, key, int, 1, "parcel"))
