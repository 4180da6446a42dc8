"""How fast one core makes labels, and how large they are: one JSON line, the last on stdout.

Every label is new (waybill, ticket, name, phone, street), drawn with Chinese text, its ticket signed and its codes read back.
Times are processor time on one core, the best of some rounds, in labels a second; `without_read_back` leaves out reading the codes, which the product
never does. Run: `python -m load.bench_labels [--labels 200] [--rounds 5] [--json]`.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from masking.labels.label import Label, label_from_order
from masking.labels.layout import layout
from masking.labels.raster import png, raster
from masking.labels.render import render
from masking.labels.template import SIZES, builtin
from masking.labels.ticket import issue, verify_offline, verify_online
from masking.labels.ticket_keys import TicketKeys

HOST, CARRIER = "V.EXAMPLE", "sf-express"
NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
FAMILY, GIVEN, ROADS = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗",
    "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超兰霞平",
    ("中山", "人民", "建设", "解放", "和平", "长江"),
)
FORMATS = ("png", "pdf", "zpl", "tspl")
GOAL = 200
"""PNG labels a second and core, read-back apart."""


def order(number: int) -> dict[str, Any]:
    """An order that no other number gives."""
    name = FAMILY[number % 20] + GIVEN[number // 20 % 20] + GIVEN[number // 400 % 20]
    street = f"{ROADS[number % 6]}路{number % 900 + 1}号某某花园{number % 40 + 1}栋{number % 6 + 1}单元{number % 30 + 1:02d}0{number % 4 + 1}室"
    address = {"country": "CN", "state": "广东省", "city": "深圳市", "district": "南山区", "street": street}
    recipient = {
        "name": name,
        "phone": f"138{number:08d}",
        "relay_number": f"17012345678-{number % 10000:04d}",
        "address": address,
    }
    sender = {"name": "示例商城", "phone": "0755-26806888", "address": address}
    routing = f"755A-{number % 1000:03d}-{number % 100:02d}"
    return {
        "carrier": CARRIER,
        "waybill": f"SF{number:013d}",
        "routing_code": routing,
        "flags": ["cod"],
        "sender": sender,
        "recipient": recipient,
    }


def label(keys: TicketKeys, number: int) -> Label:
    text = issue(keys.signer, audience=CARRIER, expires=NOW + timedelta(days=60)).text(HOST)
    return label_from_order(order(number), ticket=text, printed_at=NOW)


def rendering(keys: TicketKeys, form: str) -> Callable[[int], object]:
    """The product's own way from an order to bytes."""
    return lambda number: render(label(keys, number), format=form)


def rate(make: Callable[[int], object], labels: int, rounds: int) -> float:
    """Labels a second of processor time, the best round of so many."""
    best = 0.0
    for turn in range(rounds):
        start = time.process_time()
        for number in range(turn * labels, (turn + 1) * labels):
            make(number)
        best = max(best, labels / (time.process_time() - start))
    return round(best, 1)


def microseconds(call: Callable[[], object], times: int = 2000, rounds: int = 5) -> float:
    best = min(_timed(call, times) for _ in range(rounds))
    return round(best / times * 1e6, 1)


def _timed(call: Callable[[], object], times: int) -> float:
    start = time.process_time()
    for _ in range(times):
        call()
    return time.process_time() - start


def measure(labels: int, rounds: int) -> dict[str, Any]:
    """Every figure of `docs/labels.md`."""
    keys = TicketKeys.generate()
    plain = builtin("100x150")
    speeds = {
        "without_read_back": rate(lambda n: png(raster(layout(label(keys, n), plain)), 203), labels, rounds),
        **{form: rate(rendering(keys, form), labels, rounds) for form in FORMATS},
    }
    sizes = {
        f"{form} {size}": len(render(label(keys, 1), format=form, size=size).data) for form in FORMATS for size in SIZES
    }
    text = label(keys, 1).ticket
    tags, public = keys.tag_keys(NOW), keys.public_keys(NOW)
    return {
        "labels_per_second": speeds,
        "bytes": sizes,
        "ticket_us": {
            "issue": microseconds(lambda: issue(keys.signer, audience=CARRIER, expires=NOW + timedelta(days=60)), 500),
            "verify_online": microseconds(lambda: verify_online(text, tags, NOW, CARRIER)),
            "verify_offline": microseconds(lambda: verify_offline(text, public, NOW, CARRIER), 500),
        },
        "goal_met": speeds["without_read_back"] >= GOAL,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--labels", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", action="store_true", help="the line alone, without the table")
    arguments = parser.parse_args()
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    measured = measure(arguments.labels, arguments.rounds)
    if not arguments.json:
        for name, value in measured["labels_per_second"].items():
            print(f"{name:20} {value:8.1f} labels/s", file=sys.stderr)
    print(json.dumps(measured))


if __name__ == "__main__":
    main()
