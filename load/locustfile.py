"""A mixed peak hour as Locust plays it: shops book, couriers scan, phones ring. Started by `load/scenario.py`.

The mix is one of the last mile's evening: for every four orders five scans and one call. A parcel is booked, then scanned by
the roles of its journey in their order; a call uses the dial string that a scan showed, so each is about a real binding.
An answer that is not what the path promises is a failure, also when its status is 200.
"""

from __future__ import annotations

import json
import os
import random
from collections import deque
from typing import Any

from locust import FastHttpUser, constant, events, task

from load.orders import new_salt, sf_orders
from load.wire import FORM

MIX = {"order": 4, "scan": 5, "call": 1}
JOURNEY = ("pickup", "linehaul", "station", "delivery")

order_body = sf_orders(new_salt())
turns = iter(range(10**9))
parcels: deque[tuple[str, int]] = deque()
"""Waybills with the number of the next step of their journey."""
dials: deque[str] = deque(maxlen=10_000)
"""What couriers were shown to dial."""


@events.init_command_line_parser.add_listener  # type: ignore[untyped-decorator]
def _options(parser: Any) -> None:
    # Secrets come through the environment: a command line can be read by every process of the machine.
    parser.add_argument("--shop-key", default=os.environ.get("LOAD_SHOP_KEY", ""), include_in_web_ui=False)
    parser.add_argument("--couriers", default=os.environ.get("LOAD_COURIERS", "{}"), include_in_web_ui=False)


def waybill_of(answer: Any) -> str:
    """The waybill in SF's answer: a document in a string in a document."""
    result = json.loads(json.loads(answer)["apiResultData"])
    return str(result["msgData"]["waybillNoInfoList"][0]["waybillNo"])


class PeakHour(FastHttpUser):
    """One connection that plays all three parts, each as often as the mix says."""

    wait_time = constant(0)
    connection_timeout = network_timeout = 10.0

    def on_start(self) -> None:
        self.shop = {"Authorization": f"Bearer {self.environment.parsed_options.shop_key}", "Content-Type": FORM}
        tokens: dict[str, str] = json.loads(self.environment.parsed_options.couriers)
        self.courier = {role: {"Authorization": f"Bearer {token}"} for role, token in tokens.items()}

    @task(MIX["order"])
    def order(self) -> None:
        body = order_body(next(turns)).decode()
        path = "/c/sf-express/std/service"
        with self.client.post(path, data=body, headers=self.shop, name="order", catch_response=True) as answer:
            if answer.status_code != 200 or '"A1000"' not in (answer.text or ""):
                answer.failure(f"status {answer.status_code}")
            elif "Veilway-Replayed" in answer.headers:
                answer.failure("a fresh order was called a replay")
            else:
                parcels.append((waybill_of(answer.text), 0))

    @task(MIX["scan"])
    def scan(self) -> None:
        if not parcels:
            self.order()
            return
        waybill, step = parcels.popleft()
        role = JOURNEY[step]
        asked = {"waybill": waybill, "station": "028AB"}
        with self.client.post(
            "/v1/scans", json=asked, headers=self.courier[role], name=f"scan by {role}", catch_response=True
        ) as answer:
            if answer.status_code != 200:
                answer.failure(f"status {answer.status_code}")
                return
            view = answer.json()
            if view["waybill"] != waybill or not view.get("dial"):
                answer.failure("another waybill, or nothing to dial")
                return
            dials.append(view["dial"])
        if step + 1 < len(JOURNEY):
            parcels.append((waybill, step + 1))

    @task(MIX["call"])
    def call(self) -> None:
        if not dials:
            self.scan()
            return
        x, _, ext = dials.popleft().partition("-")
        asked = {"caller": f"1370002{random.randrange(10_000):04d}", "called": x, "ext": ext}
        with self.client.post("/relay/sandbox/voice", json=asked, name="call", catch_response=True) as answer:
            if answer.status_code != 200 or answer.json()["action"] != "connect":
                answer.failure(f"status {answer.status_code}, not connected")
