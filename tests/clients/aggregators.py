"""Two aggregators to practise on, EasyPost and Shippo: real HTTP servers that answer as their documentation and client libraries' own fixtures do.

They share no code with the product. They know one credential, keep every byte they are sent, and echo what they were told, so that
a test sees both what the carrier learnt and what the shop's client makes of the answer.
"""

from __future__ import annotations

import base64
import itertools
import json
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from tests.gateway.couriers import Courier

EASYPOST_KEY, SHIPPO_TOKEN = "EZTKpractice0000carrier0000key", "shippo_test_practice0000carrier0000token"
NOW = "2026-11-25T08:00:00Z"


@dataclass
class Aggregator(Courier):
    """What both have: objects under ids of their own."""

    objects: dict[str, dict[str, Any]] = field(default_factory=dict)
    _ids: Any = field(default_factory=lambda: itertools.count(0x5B1F0C7E94A3))

    def id(self, prefix: str = "") -> str:
        return f"{prefix}{next(self._ids):032x}"


@dataclass
class EasyPost(Aggregator):
    """`/v2/shipments`: create, retrieve, buy, rerate, refund; a label lies behind a URL that asks for no credential."""

    note: str = ""

    async def answer(self, request: web.Request, body: bytes) -> web.StreamResponse:
        if request.headers.get("Authorization") not in self.logins() and not request.path.startswith("/labels/"):
            return error(401, "APIKEY.INACTIVE", "This api key is no longer active.")
        document = json.loads(body) if body else {}
        match (request.method, request.path.strip("/").split("/")):
            case ("POST", ["v2", "shipments"]):
                return self._create(document["shipment"])
            case ("GET", ["labels", id]) if id.removesuffix(".zpl") in self.objects:
                return web.Response(
                    body=self._label(self.objects[id.removesuffix(".zpl")]), content_type="application/zpl"
                )
            case ("GET", ["v2", "shipments", id]) if id in self.objects:
                return web.json_response(self.objects[id])
            case ("POST", ["v2", "shipments", id, "buy"]) if id in self.objects:
                return self._buy(self.objects[id], document["rate"]["id"])
            case ("POST", ["v2", "shipments", id, "rerate"]) if id in self.objects:
                return web.json_response({"rates": self.objects[id]["rates"]})
            case ("POST", ["v2", "shipments", id, "refund"]) if id in self.objects:
                return self._refund(self.objects[id])
        return error(404, "NOT_FOUND", "The requested resource could not be found.")

    @staticmethod
    def logins() -> tuple[str, str]:
        """The key as a bearer token or as the user of Basic, both documented."""
        return f"Bearer {EASYPOST_KEY}", "Basic " + base64.b64encode(f"{EASYPOST_KEY}:".encode()).decode()

    def _create(self, asked: dict[str, Any]) -> web.Response:
        self.booked[asked.get("reference", "")] += 1
        id = self.id("shp_")
        made: dict[str, Any] = {
            "created_at": NOW,
            "is_return": False,
            "messages": [],
            "mode": "test",
            "options": {"currency": "USD", "payment": {"type": "SENDER"}, "date_advance": 0},
            "reference": asked.get("reference"),
            "status": "unknown",
            "tracking_code": None,
            "updated_at": NOW,
            "batch_id": None,
            "batch_status": None,
            "batch_message": None,
            "customs_info": None,
            "from_address": self._address(asked["from_address"]),
            "insurance": None,
            "order_id": None,
            "parcel": {"id": self.id("prcl_"), "object": "Parcel", "created_at": NOW, "mode": "test"} | asked["parcel"],
            "postage_label": None,
            "rates": [
                self._rate(id, service, rate) for service, rate in (("GroundAdvantage", "6.07"), ("Priority", "7.58"))
            ],
            "refund_status": None,
            "scan_form": None,
            "selected_rate": None,
            "tracker": None,
            "to_address": self._address(asked["to_address"]),
            "usps_zone": 4,
            "return_address": self._address(asked["from_address"]),
            "buyer_address": self._address(asked["to_address"]),
            "forms": [],
            "fees": [],
            "id": id,
            "object": "Shipment",
        }
        self.objects[id] = made
        return web.json_response(made, status=201)

    def _address(self, asked: dict[str, Any]) -> dict[str, Any]:
        parts = ("name", "company", "street1", "street2", "city", "state", "zip", "country", "phone", "email")
        told = {part: asked.get(part) for part in parts}
        facts = {"id": self.id("adr_"), "object": "Address", "created_at": NOW, "updated_at": NOW, "mode": "test"}
        more = {"carrier_facility": None, "residential": None, "federal_tax_id": None, "state_tax_id": None}
        return facts | told | more | {"verifications": {}}

    def _rate(self, shipment: str, service: str, rate: str) -> dict[str, Any]:
        days = {"delivery_days": 3, "delivery_date": None, "delivery_date_guaranteed": False, "est_delivery_days": 3}
        money = {"rate": rate, "currency": "USD", "retail_rate": "9.35", "retail_currency": "USD"}
        lists = {"list_rate": rate, "list_currency": "USD", "billing_type": "easypost"}
        whose = {"service": service, "carrier": "USPS", "shipment_id": shipment, "carrier_account_id": self.id("ca_")}
        facts = {"id": self.id("rate_"), "object": "Rate", "created_at": NOW, "updated_at": NOW, "mode": "test"}
        return facts | whose | money | lists | days

    def _buy(self, shipment: dict[str, Any], rate: str) -> web.Response:
        chosen = next((one for one in shipment["rates"] if one["id"] == rate), None)
        if chosen is None:
            return error(422, "SHIPMENT.POSTAGE.FAILURE", "The rate is not one of this shipment.")
        code = f"9400100{next(self._waybills)}"
        label = {
            "object": "PostageLabel",
            "id": self.id("pl_"),
            "created_at": NOW,
            "updated_at": NOW,
            "date_advance": 0,
            "integrated_form": "none",
            "label_date": NOW,
            "label_resolution": 300,
            "label_size": "4x6",
            "label_type": "default",
            "label_file_type": "application/zpl",
            "label_url": f"{self.url}/labels/{shipment['id']}.zpl",
            "label_pdf_url": None,
            "label_zpl_url": None,
            "label_epl2_url": None,
            "label_file": None,
        }
        tracker = {
            "id": self.id("trk_"),
            "object": "Tracker",
            "mode": "test",
            "tracking_code": code,
            "status": "unknown",
            "created_at": NOW,
            "updated_at": NOW,
            "signed_by": None,
            "weight": None,
            "est_delivery_date": None,
            "shipment_id": shipment["id"],
            "carrier": "USPS",
            "tracking_details": [],
            "carrier_detail": None,
            "fees": [],
            "public_url": "https://track.easypost.com/djE6dHJr",
        }
        bought = {"selected_rate": chosen, "tracking_code": code, "postage_label": label, "tracker": tracker}
        shipment.update(bought | {"status": "unknown"})
        return web.json_response(shipment)

    def _label(self, shipment: dict[str, Any]) -> bytes:
        """What the carrier prints: what it was told, and its barcode. `note` is what a forgetful carrier knows from elsewhere."""
        to = shipment["to_address"]
        lines = (to["name"], to["street1"], f"{to['city']} {to['state']} {to['zip']}", to["phone"], self.note)
        texts = "".join(f"^FO40,{80 + 40 * n}^A0N,30^FD{line}^FS" for n, line in enumerate(lines) if line)
        return f"^XA{texts}^FO40,400^BCN,120^FD{shipment['tracking_code']}^FS^XZ".encode()

    def _refund(self, shipment: dict[str, Any]) -> web.Response:
        shipment["refund_status"] = "submitted"
        return web.json_response(shipment)


def error(status: int, code: str, message: str) -> web.Response:
    """EasyPost's shape of an error."""
    return web.json_response({"error": {"code": code, "message": message, "errors": []}}, status=status)


@dataclass
class Shippo(Aggregator):
    """`/shipments` and `/transactions`: create, buy, retrieve; a transaction brings waybill and label URL."""

    async def answer(self, request: web.Request, body: bytes) -> web.StreamResponse:
        if request.headers.get("Authorization") != f"ShippoToken {SHIPPO_TOKEN}":
            return web.json_response({"detail": "Invalid token"}, status=401)
        document = json.loads(body) if body else {}
        match (request.method, request.path.strip("/").split("/")):
            case ("POST", ["shipments"]):
                return web.json_response(self._shipment(document), status=201)
            case ("POST", ["transactions"]) if "shipment" in document:
                made = self._shipment(document["shipment"])
                return web.json_response(self._transaction(made["rates"][0]), status=201)
            case ("POST", ["transactions"]) if document["rate"] in self.objects:
                return web.json_response(self._transaction(self.objects[document["rate"]]), status=201)
            case ("GET", ["transactions", id]) if id in self.objects:
                return web.json_response(self.objects[id])
        return web.json_response({"detail": "Not found"}, status=404)

    def _facts(self) -> dict[str, Any]:
        owner = {"object_owner": "practice@carrier.example", "test": True}
        return {"object_id": self.id(), "object_created": NOW, "object_updated": NOW} | owner

    def _shipment(self, asked: dict[str, Any]) -> dict[str, Any]:
        facts = self._facts()
        self.booked[asked.get("metadata", "")] += 1
        made: dict[str, Any] = facts | {
            "carrier_accounts": [],
            "status": "SUCCESS",
            "address_from": self._address(asked["address_from"]),
            "address_to": self._address(asked["address_to"]),
            "address_return": self._address(asked["address_from"]),
            "parcels": [
                self._facts() | {"object_state": "VALID", "metadata": "", "extra": {}} | one for one in asked["parcels"]
            ],
            "shipment_date": NOW,
            "extra": {},
            "customs_declaration": None,
            "alternate_address_to": None,
            "metadata": asked.get("metadata", ""),
            "messages": [],
            "rates": [
                self._rate(facts["object_id"], *one)
                for one in (("usps_priority", "7.58"), ("usps_ground_advantage", "6.07"))
            ],
        }
        self.objects |= {made["object_id"]: made} | {rate["object_id"]: rate for rate in made["rates"]}
        return made

    def _address(self, asked: dict[str, Any]) -> dict[str, Any]:
        parts = (
            "name",
            "company",
            "street1",
            "street2",
            "street3",
            "street_no",
            "city",
            "state",
            "zip",
            "country",
            "phone",
            "email",
        )
        told = {part: asked.get(part) or "" for part in parts}
        facts = {"object_id": self.id(), "is_complete": True, "is_residential": None, "test": True, "metadata": ""}
        return facts | told | {"validation_results": {}}

    def _rate(self, shipment: str, token: str, amount: str) -> dict[str, Any]:
        money = {"amount": amount, "currency": "USD", "amount_local": amount, "currency_local": "USD"}
        level = {
            "name": token.title(),
            "token": token,
            "terms": "",
            "extended_token": token,
            "parent_servicelevel": None,
        }
        return (
            self._facts()
            | money
            | {
                "attributes": ["BESTVALUE"],
                "provider": "USPS",
                "provider_image_75": "https://images.example/usps75.png",
                "provider_image_200": "https://images.example/usps200.png",
                "servicelevel": level,
                "estimated_days": 2,
                "arrives_by": None,
                "duration_terms": "Delivery in 1 to 3 business days.",
                "messages": [],
                "carrier_account": self.id(),
                "zone": "4",
                "shipment": shipment,
            }
        )

    def _transaction(self, rate: dict[str, Any]) -> dict[str, Any]:
        code = f"9205590{next(self._waybills)}"
        made = self._facts() | {
            "object_state": "VALID",
            "status": "SUCCESS",
            "rate": rate["object_id"],
            "tracking_number": code,
            "tracking_status": "UNKNOWN",
            "eta": None,
            "tracking_url_provider": f"https://tools.usps.example/{code}",
            "label_url": f"https://labels.example/{code}.pdf",
            "label_file_type": "PDF",
            "commercial_invoice_url": None,
            "messages": [],
            "metadata": "",
            "parcel": self.id(),
            "qr_code_url": None,
            "created_by": {"first_name": "Practice", "last_name": "Carrier", "username": "practice@carrier.example"},
        }
        self.objects[made["object_id"]] = made
        return made
