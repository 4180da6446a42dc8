"""The orders that the load sends: valid, and each of them new. Run as a verb, for tests import nothing of the load."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from urllib.parse import parse_qs

import pytest

ROOT = Path(__file__).resolve().parents[2]


def corpus(folder: Path, carrier: str, count: int, salt: int, first: int = 0) -> list[bytes]:
    path = folder / "corpus"
    command = ["--carrier", carrier, "--count", str(count), "--salt", str(salt), "--first", str(first), "-o", str(path)]
    subprocess.run([sys.executable, "-m", "load.orders", *command], cwd=ROOT, check=True, capture_output=True)
    return path.read_bytes().splitlines()


def sf(body: bytes) -> dict[str, str]:
    """Reference, name, phone and address of an order."""
    document = json.loads(parse_qs(body.decode(), strict_parsing=True)["msgData"][0])
    person = document["contactInfoList"][1]
    return {
        "reference": document["orderId"],
        "name": person["contact"],
        "phone": person["tel"],
        "door": person["address"],
    }


def test_ten_thousand_orders_share_no_reference_name_phone_or_door(tmp_path: Path) -> None:
    orders = [sf(body) for body in corpus(tmp_path, "sf-express", 10_000, 7)]
    assert {key: len({order[key] for order in orders}) for key in orders[0]} == dict.fromkeys(orders[0], 10_000)


def test_a_corpus_goes_on_where_the_last_one_ended(tmp_path: Path) -> None:
    whole = [sf(body) for body in corpus(tmp_path, "sf-express", 40, 7)]
    assert [sf(body) for body in corpus(tmp_path, "sf-express", 15, 7, first=25)] == whole[25:]


def test_another_salt_gives_other_references(tmp_path: Path) -> None:
    one, other = (corpus(tmp_path, "sf-express", 500, salt) for salt in (7, 8))
    assert {sf(body)["reference"] for body in one}.isdisjoint({sf(body)["reference"] for body in other})


@pytest.mark.slow
def test_a_hundred_thousand_orders_are_all_new(tmp_path: Path) -> None:
    orders = [sf(body) for body in corpus(tmp_path, "sf-express", 100_000, 123456)]
    assert {key: len({order[key] for order in orders}) for key in orders[0]} == dict.fromkeys(orders[0], 100_000)


def test_ups_orders_are_whole_documents_with_a_consignee_each(tmp_path: Path) -> None:
    parties = [json.loads(body)["ShipmentRequest"]["Shipment"]["ShipTo"] for body in corpus(tmp_path, "ups", 2_000, 7)]
    assert len({party["Name"] for party in parties}) == 2_000
    assert all(party["Phone"]["Number"][3:8] == "55501" for party in parties)
