"""A canary in every slot of an order, every sink searched: nothing personal stands in clear where it has no business.

The server is a process of its own with its log at `debug`, so that what libraries log is searched, too.
"""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.canary import Canaries
from tests.gateway.couriers import SfCourier, UpsCourier, listening, says
from tests.gateway.orders import CONSIGNEE, HIDDEN, SENDER, sf_document, sf_form, ups_document
from tests.gateway.served import start, verb
from tests.gateway.world import FORM, SF_PATH, UPS_PATH, set_up

EXTRA = Canaries(
    {
        "remark phone": "13900077213",
        "us phone": "6085550191",
        "us name": "Octavio Brandtwein",
        "header": "canary-header-7719",
        "unclaimed": "canary-unclaimed-7719",
        "path": "canary-path-7719",
        "query": "canary-query-7719",
        "malformed": "canary-malformed-7719",
        "carrier text": "canary-carrier-7719",
        "caller": "13855501234",
    }
)
VALUES = EXTRA.values


def requests(key: str) -> list[tuple[str, bytes, dict[str, str]]]:
    """Orders with a canary in every slot that a shop can fill, good ones and bad ones."""
    # The consignee's own values, and a phone that stands nowhere else in the order.
    remark = f"找{CONSIGNEE.name} {CONSIGNEE.phone} 或 {VALUES['remark phone']}，{CONSIGNEE.door}"
    sealed = FORM | {"Authorization": f"Bearer {key}", "X-Buyer": VALUES["header"], "Cookie": VALUES["header"]}
    ups = {"Content-Type": "application/json", "Authorization": f"Bearer {key}", "Idempotency-Key": VALUES["header"]}
    return [
        (SF_PATH, sf_form(sf_document(remark=remark)), sealed),
        (SF_PATH, sf_form(sf_document(note=VALUES["unclaimed"])), sealed),
        (SF_PATH, sf_form(sf_document(**{VALUES["unclaimed"] + "好": "1"})), sealed),
        (SF_PATH, sf_form('{"orderId":' + VALUES["malformed"]), sealed),
        (
            SF_PATH,
            sf_form(sf_document(custReferenceNo=VALUES["remark phone"])) + b"&x=" + VALUES["unclaimed"].encode(),
            sealed,
        ),
        (SF_PATH + "?q=" + VALUES["query"], sf_form(sf_document()), sealed),
        ("/c/sf-express/" + VALUES["path"], sf_form(sf_document()), sealed),
        ("/c/" + VALUES["path"] + "/x", b"", sealed),
        ("/v1/shipments/" + VALUES["path"], b"", sealed),
        ("/" + VALUES["path"] + "?" + VALUES["query"], b"", sealed),
        (UPS_PATH, json.dumps(ups_document()).encode(), ups),
        (UPS_PATH, json.dumps(ups_document() | {"Extra": VALUES["unclaimed"]}).encode(), ups),
    ]


def carrier_error() -> bytes:
    inner = {"success": False, "errorCode": "8057", "errorMsg": VALUES["carrier text"], "msgData": None}
    outer = {"apiErrorMsg": VALUES["carrier text"], "apiResponseID": "1", "apiResultCode": "A1000"}
    return json.dumps(outer | {"apiResultData": json.dumps(inner)}).encode()


@pytest.mark.timeout(120)
async def test_no_sink_holds_a_canary(tmp_path: Path) -> None:
    folder, sf, ups = tmp_path / "v", SfCourier(), UpsCourier()
    problems: list[bytes] = []
    async with listening(sf), listening(ups), aiohttp.ClientSession() as session:
        key = await set_up(folder, {"sf-express": sf.url, "ups": ups.url})
        served = await asyncio.to_thread(start, folder, VEILWAY_LOG_LEVEL="debug", VEILWAY_RELAY_SANDBOX="true")

        async def call(path: str, body: bytes, headers: dict[str, str]) -> Any:
            async with session.post(served.url + path, data=body, headers=headers) as reply:
                data = await reply.read()
                if reply.content_type == "application/problem+json":
                    problems.append(data + repr(reply.headers).encode())
                return reply

        statuses = [(await call(*request)).status for request in requests(key)]
        assert statuses[0] == statuses[10] == 200 and all(status != 500 for status in statuses)
        for bad in (carrier_error(), VALUES["carrier text"].encode(), b'{"' + VALUES["carrier text"].encode()):
            sf.act.append(says(200, bad))
            await call(*requests(key)[0])
        dial = json.loads(sf.received[0].form["msgData"])["contactInfoList"][1]["tel"].partition("-")
        asked = {"caller": VALUES["caller"], "called": dial[0], "ext": dial[2]}
        await call("/relay/sandbox/voice", json.dumps(asked).encode(), {"Content-Type": "application/json"})
        await call("/hooks/sf-express/" + VALUES["path"], VALUES["carrier text"].encode(), {})
        async with session.get(f"{served.url}/metrics") as reply:
            metrics = await reply.read()
        live = [file for file in folder.iterdir() if file.is_file()]
        assert {"veilway.db", "veilway.db-wal"} <= {file.name for file in live}
        sinks = {file.name: file.read_bytes() for file in live}
        log = served.log.read_bytes()
        await asyncio.to_thread(served.stop)
    exported = await asyncio.to_thread(verb, folder, "audit", "export")
    sinks |= {f"{file.name} after": file.read_bytes() for file in folder.iterdir() if file.is_file()}
    sinks |= {"metrics": metrics, "log": log, "export": exported.stdout.encode(), "stderr": exported.stderr.encode()}
    sinks |= {f"problem {at}": data for at, data in enumerate(problems)}
    sinks |= {f"to sf {at}": one.raw for at, one in enumerate(sf.received)}
    sinks |= {f"to ups {at}": one.raw for at, one in enumerate(ups.received)}
    assert len(problems) >= 8 and log and b"veilway_orders" in metrics
    found = [
        (name, *find)
        for name, data in sinks.items()
        for everybody in (HIDDEN, SENDER, EXTRA)
        for find in everybody.seen_in(data)
    ]
    assert found == []
