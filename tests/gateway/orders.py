"""Orders in SF's and UPS's own formats, for tests: invented people, a fresh reference each. Knows the formats; sends nothing."""

from __future__ import annotations

import itertools
import json
import secrets
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote_plus

from tests.canary import RECIPIENT, Canaries

_counter = itertools.count(1)


@dataclass(frozen=True)
class Person:
    """One party as a shop writes it down."""

    name: str
    phone: str
    area: str
    door: str
    company: str = ""
    email: str = ""
    id: str = ""

    @property
    def address(self) -> str:
        return self.area + self.door


CONSIGNEE = Person(
    RECIPIENT.values["name"],
    RECIPIENT.values["phone"],
    "浙江省杭州市余杭区",
    RECIPIENT.values["street"] + RECIPIENT.values["door"],
    "",
    RECIPIENT.values["email"],
    RECIPIENT.values["id"],
)
SHIPPER = Person(
    "秦牧野", "13700010009", "广东省深圳市龙岗区", "坂雪岗路1873号鹿鸣仓库", "苍林书社", "post@canglin.example.org"
)
HIDDEN = Canaries({kind: value for kind, value in RECIPIENT.values.items() if kind != "street"})
"""What no carrier may see of the consignee. Street and lane route the parcel; the masker keeps them on purpose."""
SENDER = Canaries({"name": SHIPPER.name, "phone": SHIPPER.phone, "door": SHIPPER.door, "email": SHIPPER.email})
"""The shop's own values that must not reach the carrier."""


def consignee(phone: str, name: str = CONSIGNEE.name) -> Person:
    """A consignee of one's own, for what is counted by phone."""
    return Person(name, phone, CONSIGNEE.area, CONSIGNEE.door)


def fresh_reference() -> str:
    """An order reference that nobody has used."""
    return f"T{secrets.token_hex(6)}N{next(_counter)}"


def sf_contact(person: Person, kind: int) -> dict[str, Any]:
    """A party as SF writes it: 1 is the sender, 2 the recipient."""
    party = {
        "contactType": kind,
        "contact": person.name,
        "tel": person.phone,
        "country": "CN",
        "address": person.address,
    }
    extras = {"company": person.company, "email": person.email, "certNo": person.id}
    return party | {name: value for name, value in extras.items() if value}


def sf_document(reference: str = "", *, to: Person = CONSIGNEE, by: Person = SHIPPER, **more: Any) -> dict[str, Any]:
    """The business document of EXP_RECE_CREATE_ORDER."""
    document = {
        "orderId": reference or fresh_reference(),
        "language": "zh_CN",
        "monthlyCard": "7551234567",
        "contactInfoList": [sf_contact(by, 1), sf_contact(to, 2)],
        "cargoDetails": [{"name": "图书", "count": 1, "unit": "件", "weight": 1.2}],
    }
    return document | more


def sf_form(document: Any, *, service: str = "EXP_RECE_CREATE_ORDER", timestamp: str = "", **fields: str) -> bytes:
    """SF's envelope around a document, signed with whatever the shop thinks its secret is: a new request each time."""
    text = document if isinstance(document, str) else json.dumps(document, ensure_ascii=False)
    form = {
        "partnerID": "OURSHOP",
        "requestID": secrets.token_hex(16),
        "serviceCode": service,
        "timestamp": timestamp or str(1_700_000_000_000 + next(_counter)),
        "msgDigest": secrets.token_hex(12),
        "msgData": text,
    }
    return "&".join(f"{name}={quote_plus(value)}" for name, value in (form | fields).items()).encode()


AMERICAN = Person("Octavio Brandtwein", "6085550191", "", "88 Vine Hollow Apt 2C", email="o.brandtwein@example.org")
SELLER = Person("Evangeline Marshbank", "4195550145", "", "3100 Elm Tower Drive Suite 240")


def ups_party(person: Person, city: str, state: str, postcode: str) -> dict[str, Any]:
    """A party as UPS writes it."""
    address = {"AddressLine": [person.door], "City": city, "StateProvinceCode": state, "PostalCode": postcode}
    return {
        "Name": person.name,
        "AttentionName": person.name,
        "Phone": {"Number": person.phone},
        "Address": address | {"CountryCode": "US"},
    }


def ups_document(*, to: Person = AMERICAN, by: Person = SELLER, description: str = "Garden tools") -> dict[str, Any]:
    """A ShipmentRequest."""
    shipper = ups_party(by, "Toledo", "OH", "43604")
    shipment = {
        "Description": description,
        "Shipper": shipper | {"ShipperNumber": "7R04W2"},
        "ShipFrom": shipper,
        "ShipTo": ups_party(to, "Madison", "WI", "53703"),
        "PaymentInformation": {"ShipmentCharge": [{"Type": "01", "BillShipper": {"AccountNumber": "7R04W2"}}]},
        "Service": {"Code": "03"},
        "Package": [
            {
                "Packaging": {"Code": "02"},
                "PackageWeight": {"UnitOfMeasurement": {"Code": "LBS"}, "Weight": "3.0"},
            }
        ],
    }
    return {"ShipmentRequest": {"Request": {"RequestOption": "nonvalidate"}, "Shipment": shipment}}
