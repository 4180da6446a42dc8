"""`veilway mask payload` shows the body a carrier would receive, or the reason why none goes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from carriers.errors import CarrierRefusal
from gateway.cli.mask_payload import payload

UPS = {
    "ShipmentRequest": {
        "Shipment": {
            "ShipTo": {
                "AttentionName": "Octavio Brandt",
                "Phone": {"Number": "6085550191"},
                "Address": {"AddressLine": ["88 Vine Hollow"]},
            }
        }
    }
}


def run(tmp_path: Path, document: object, *options: str) -> tuple[int, str, BaseException | None]:
    file = tmp_path / "order.json"
    file.write_text(json.dumps(document), encoding="utf-8")
    result = CliRunner().invoke(payload, ["--carrier", "ups", *options, str(file)], standalone_mode=True)
    return result.exit_code, result.stdout, result.exception


def test_the_masked_body_is_all_that_stands_on_stdout(tmp_path: Path) -> None:
    code, out, _ = run(tmp_path, UPS)
    sent = json.loads(out)["ShipmentRequest"]["Shipment"]["ShipTo"]
    assert code == 0
    assert (sent["AttentionName"], sent["Address"]["AddressLine"]) == ("O**", ["88 Vine Hollow"])
    assert sent["Phone"]["Number"] != "6085550191"


def test_by_ticket_the_address_is_masked(tmp_path: Path) -> None:
    _, out, _ = run(tmp_path, UPS, "--last-mile", "ticket")
    assert "88" not in json.loads(out)["ShipmentRequest"]["Shipment"]["ShipTo"]["Address"]["AddressLine"][0]


def test_a_refusal_is_an_error_with_its_path(tmp_path: Path) -> None:
    document = {"ShipmentRequest": {**UPS["ShipmentRequest"], "Gift": "13800138000"}}
    _, out, error = run(tmp_path, document)
    assert isinstance(error, CarrierRefusal)
    assert (error.code, error.path, out) == ("unclaimed_field", "$.ShipmentRequest.Gift", "")


@pytest.mark.parametrize("options", [["--operation", "fly"], ["--carrier", "nobody"]])
def test_an_unknown_word_is_a_usage_error(tmp_path: Path, options: list[str]) -> None:
    assert run(tmp_path, UPS, *options)[0] == 2
