"""Fresh orders in SF's and UPS's own wire format, and the corpus file a generator reads them from.

Order `i` of a salt carries a reference, a consignee, a phone and a door of its own (`people.py`); another salt gives other
orders, so no body is ever sent twice. A corpus holds one body a line, for neither format has a line feed in it.
Run: `python -m load.orders --carrier sf-express --count N [--salt S] -o FILE`; the salt is printed on stderr.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import secrets
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

from load.people import Person, american, chinese

SENDERS = (
    ("苍林书社", "秦牧", "13700010001", "广东省深圳市龙岗区坂雪路18号A仓"),
    ("海角茶行", "卢汐", "13700010002", "福建省厦门市同安区美禾路6号"),
    ("北辰数码", "崔原", "13700010003", "北京市大兴区和顺路77号3库"),
    ("蓝桥家居", "孟溪", "13700010004", "浙江省杭州市余杭区临溪街29号"),
)
"""A shop sends from a handful of warehouses; the consignee is new each time."""


def sf_document(person: Person, reference: str, sender: tuple[str, str, str, str]) -> dict[str, Any]:
    """The business document of EXP_RECE_CREATE_ORDER, as SF's own examples fill it."""
    company, contact, phone, address = sender
    origin = {
        "address": address,
        "company": company,
        "contact": contact,
        "contactType": 1,
        "country": "CN",
        "tel": phone,
    }
    target = {
        "address": person.area + person.door,
        "contact": person.name,
        "contactType": 2,
        "country": "CN",
        "postCode": person.postcode,
        "tel": person.phone,
    }
    cargo = {
        "count": 1,
        "unit": "件",
        "weight": 1.2,
        "amount": 99.5,
        "currency": "CNY",
        "name": "图书",
        "sourceArea": "CHN",
    }
    return {
        "cargoDetails": [cargo],
        "contactInfoList": [origin, target],
        "language": "zh_CN",
        "orderId": reference,
        "monthlyCard": "7551234567",
    }


SLOTS = Person(name="ZnameZ", phone="ZphoneZ", area="ZareaZ", door="ZdoorZ", postcode="ZpostcodeZ")
"""Stand-ins that URL encoding leaves alone."""


def sf_orders(salt: int) -> Callable[[int], bytes]:
    """Body number `i` of this salt. A form is encoded once a sender and filled in; encoding CJK text costs most of an order."""
    templates = [re.split("Z([a-z]+)Z", _sf_form(sender)) for sender in SENDERS]

    def body(index: int) -> bytes:
        person = chinese(salt, index)
        fill = {
            "name": person.name,
            "phone": person.phone,
            "area": person.area,
            "door": person.door,
            "postcode": person.postcode,
            "reference": f"VW{salt:x}N{index}",
            "request": f"{salt:016x}{index:016x}",
            "now": str(time.time_ns() // 1_000_000),
        }
        template = templates[index % len(templates)]
        return "".join(quote_plus(fill[part]) if at % 2 else part for at, part in enumerate(template)).encode()

    return body


def _sf_form(sender: tuple[str, str, str, str]) -> str:
    document = sf_document(SLOTS, "ZreferenceZ", sender)
    fields = {
        "partnerID": "shop",
        "requestID": "ZrequestZ",
        "serviceCode": "EXP_RECE_CREATE_ORDER",
        "timestamp": "ZnowZ",
        "msgDigest": "AAAAAAAAAAAAAAAAAAAAAA==",
        "msgData": json.dumps(document, ensure_ascii=False, separators=(",", ":")),
    }
    return "&".join(f"{name}={quote_plus(value)}" for name, value in fields.items())


def ups_orders(salt: int) -> Callable[[int], bytes]:
    """Body number `i` of this salt: a ShipmentRequest. UPS has no order reference; the caller sends an Idempotency-Key."""
    warehouse = {
        "AddressLine": ["3100 Elm Tower Drive Suite 240"],
        "City": "Toledo",
        "CountryCode": "US",
        "PostalCode": "43604",
        "StateProvinceCode": "OH",
    }
    shipper = {"Name": "Maumee Garden Supply", "AttentionName": "Evangeline Marsh", "Phone": {"Number": "4195550145"}}
    shipper |= {"Address": warehouse}
    package = {
        "Packaging": {"Code": "02"},
        "PackageWeight": {"UnitOfMeasurement": {"Code": "LBS"}, "Weight": "3.0"},
    }

    def body(index: int) -> bytes:
        person = american(salt, index)
        consignee = {
            "Name": person.name,
            "AttentionName": person.name,
            "Phone": {"Number": person.phone},
            "Address": warehouse | {"AddressLine": [person.door]},
        }
        shipment = {
            "Description": "Garden tools",
            "Shipper": shipper | {"ShipperNumber": "7R04W2"},
            "ShipFrom": shipper,
            "ShipTo": consignee,
            "PaymentInformation": {"ShipmentCharge": [{"Type": "01", "BillShipper": {"AccountNumber": "7R04W2"}}]},
            "Service": {"Code": "03"},
            "Package": [package],
        }
        request = {"Request": {"RequestOption": "nonvalidate"}, "Shipment": shipment}
        return json.dumps({"ShipmentRequest": request}, separators=(",", ":")).encode()

    return body


MAKERS = {"sf-express": sf_orders, "ups": ups_orders}


def new_salt() -> int:
    """A salt nobody has used: the references of two runs never meet."""
    return secrets.randbits(40)


def write_corpus(path: Path, bodies: Iterator[bytes]) -> int:
    """Write one body a line and wait for the disk, so that no later fsync of the measured database pays for it."""
    count = 0
    with path.open("wb", buffering=1 << 20) as file:
        for body in bodies:
            file.write(body + b"\n")
            count += 1
        file.flush()
        os.fsync(file.fileno())
    return count


def main() -> None:
    parser = argparse.ArgumentParser(description="Write a corpus of fresh orders, one body a line.")
    parser.add_argument("--carrier", choices=sorted(MAKERS), default="sf-express")
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--first", type=int, default=0, help="number of the first order")
    parser.add_argument("--salt", type=int, default=None)
    parser.add_argument("-o", "--output", type=Path, required=True)
    options = parser.parse_args()
    salt = new_salt() if options.salt is None else options.salt
    make = MAKERS[options.carrier](salt)
    count = write_corpus(options.output, map(make, range(options.first, options.first + options.count)))
    print(f"{count} orders, salt {salt}", file=sys.stderr)


if __name__ == "__main__":
    main()
