"""Two invented carriers that have every oddity of the real ones: for tests of the engine that no real profile should have to carry."""

from __future__ import annotations

from typing import Any

from carriers import envelope_json
from carriers.order import OpenOrder, open_order
from carriers.profile import CarrierProfile
from carriers.profile_compile import compile_text
from carriers.wire import WireRequest
from masking.personal import RelayNumber, Role

RELAYS = {Role.SENDER: RelayNumber("17055500001"), Role.RECIPIENT: RelayNumber("17055500002", "2002")}

JSON_CARRIER = """\
id = "acme"
name = { en = "Acme", zh = "顶点" }
verified = true
last_mile = "ticket"
country = "CN"
secrets = ["app", "key"]

[set]
"header:x-app" = "{secret:app}"
"$.password" = "{secret:key}"
"$.time" = "{now:s}"

[sign.main]
text = "{body}{secret:key}"
digest = "md5"
encode = "hex"
into = "header:x-sign"

[shop_credential]
id = "header:x-app"
issue = { app = "id", key = "hex32" }
verify = "sign"

[shape.contact]
name = ["name", "{first,last}"]
company = ["company"]
phone = ["phone", "mobile"]
phone_ext = ["ext"]
email = ["email"]
address_line = ["lines[]", "street"]
house = ["house"]
id = ["tax"]
country = ["country"]
city = ["city"]
plain = ["kind"]

[[operation]]
id = "create"
effect = "create"
match = { path = "/orders" }
batch = "orders[]"
drop = ["notify"]
headers = ["x-request"]
query = ["lang"]
duplicate = "replays"
lookup = { operation = "look", path = "/orders/{reference}" }

[[operation.party]]
at = "people[]"
shape = "contact"
role = { by = "kind", "S" = "sender", "R" = "recipient" }

[[operation.party]]
at = "payer"
shape = "contact"
role = "third_party"

[operation.fields]
reference = ["no"]
free_text = ["remark"]
goods = ["items[].name"]
email = ["notify[].mail"]
fresh = ["nonce"]
attachment = ["invoice"]
plain = ["weight", "items[].count", "orders[].id", "extra.**", "notify[].type"]

[operation.answer]
booked = { ok = "true" }
refused = { ok = "false" }
duplicate = ["E105"]
party = [{ at = "to", shape = "contact", role = "recipient" }, { at = "from", shape = "contact", role = "sender" }]

[operation.answer.fields]
waybill = ["waybill"]
reference = ["no"]
error_code = ["error.code"]
free_text = ["error.text"]
name = ["courier"]
phone = ["courierPhone"]
label = ["label"]
label_url = ["labelUrl"]

[[operation]]
id = "look"
effect = "lookup"
match = { method = "GET", path = "/orders/{no}" }
set = { "header:x-app" = "{secret:app}" }

[operation.answer]
booked = { ok = "true" }
absent = { "error.code" = "E404" }

[operation.answer.fields]
waybill = ["waybill"]
reference = ["no"]
error_code = ["error.code"]

[[operation]]
id = "trace"
effect = "trace"
match = { path = "/trace" }

[operation.fields]
waybill = ["waybill"]
phone_last4 = ["phone4"]

[[push]]
id = "track"
each = "events[]"
verify = "push"
ack = "ok"
ack_type = "text/plain"

[push.fields]
waybill = ["events[].waybill"]
status = ["events[].code"]
event_time = ["events[].at"]
free_text = ["events[].text"]
name = ["events[].signer"]

[sign.push]
text = "{body}"
digest = "hmac-sha256"
key = "{secret:key}"
encode = "hex"
into = "header:x-push-sign"

[events]
10 = "picked_up"
"2*" = "in_transit"
30 = "delivered"
"""

XML_CARRIER = """\
id = "soapy"
name = { en = "Soapy", zh = "皂角" }
verified = true
last_mile = "label"
secrets = ["user", "token"]

[set]
"/Envelope/Header/User" = "{secret:user}"
"/Envelope/Header/@token" = "{secret:token}"

[shape.address]
name = ["Name"]
street_words = []
phone_country = ["Phone/Country"]
phone_area = ["Phone/Area"]
phone_number = ["Phone/Number"]
address_line = ["Street"]
house = ["No"]
city = ["City"]

[[operation]]
id = "create"
effect = "create"
match = { path = "/soap" }
document = "/Envelope/Body/Create"
party = [
  { at = "From", shape = "address", role = "sender" },
  { at = "To", shape = "address", role = "recipient" },
]

[operation.fields]
reference = ["@ref"]
name = ["Contact/@person"]
free_text = ["Note"]
plain = ["Parcel/Weight"]
""".replace("street_words = []\n", "")


def acme(text: str = JSON_CARRIER) -> CarrierProfile:
    return compile_text(text, "acme.toml")


ORDER: dict[str, Any] = {
    "no": "A-1",
    "weight": 3,
    "people": [
        {
            "kind": "R",
            "name": "林徽",
            "phone": "13950427716",
            "street": "福建省福州市鼓楼区东街口花园2座1501",
            "city": "福州",
        },
        {
            "kind": "S",
            "name": "诸葛文静",
            "mobile": "0592-5088417",
            "street": "福建省厦门市思明区湖滨南路智慧楼9层906",
            "email": "a@example.com",
        },
    ],
    "remark": "",
    "items": [{"name": "茶具", "count": 2}],
}


def request(document: Any, **headers: str) -> WireRequest:
    body = document if isinstance(document, bytes) else envelope_json.dumps(document)
    return WireRequest("POST", "/orders", "", {"content-type": "application/json", **headers}, body)


def opened(document: Any = None, *, profile: CarrierProfile | None = None) -> OpenOrder:
    return open_order((profile or acme()).operations["create"], request(ORDER if document is None else document))


def with_(**more: Any) -> dict[str, Any]:
    return {**ORDER, **more}
