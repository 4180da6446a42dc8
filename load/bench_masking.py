"""What masking costs: µs a party and an order, beside `phonenumbers` parsing alone and Presidio's default pipeline.

Each figure is the best of many short batches in one thread: a busy machine only ever adds time. Presidio is optional and runs in
a process of its own (`--presidio PYTHON`, an interpreter that has presidio-analyzer and presidio-anonymizer with a model).
Run: `python -m load.bench_masking [--json] [--rounds 15] [--presidio PYTHON [--presidio-model NAME]]`.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import timeit
from collections.abc import Callable
from typing import Any

import phonenumbers

from masking.addresses import mask_address
from masking.freetext import find_personal
from masking.names import mask_name
from masking.party import mask_party
from masking.personal import Party, PostalAddress
from masking.phones import mask_phone, normalise_phone

NAME, PHONE, STREET = "林晚秋", "13812345678", "丹桥路18号枫晚花园3栋2单元1201"
RECIPIENT = Party(NAME, PHONE, address=PostalAddress("CN", "青州省", "明远市", "北丘区", STREET, "518000"))
SENDER = Party(
    "欧阳明", "0755-26806888", address=PostalAddress("CN", "青州省", "明远市", "", "望梅大道6号云栖大厦A座12楼")
)
WESTERN = Party(
    "Ann Example", "+44 7911 123456", address=PostalAddress("GB", "", "London", "", "Flat 3, 12 Long Row", "SW1A 1AA")
)
ALLOWED = {"party_us": 15.0, "order_us": 30.0}
"""The hot path's allowance, in µs on one core."""

PRESIDIO = """
import json, sys, timeit
from presidio_analyzer import AnalyzerEngine
from presidio_analyzer.nlp_engine import NlpEngineProvider
from presidio_anonymizer import AnonymizerEngine
fields, model = json.loads(sys.argv[1]), sys.argv[2]
settings = {"nlp_engine_name": "spacy", "models": [{"lang_code": "en", "model_name": model}]}
engine = NlpEngineProvider(nlp_configuration=settings).create_engine()
analyzer, anonymizer = AnalyzerEngine(nlp_engine=engine, supported_languages=["en"]), AnonymizerEngine()
def mask(text):
    return anonymizer.anonymize(text, analyzer.analyze(text=text, language="en")).text
for field in fields:
    mask(field)
print(min(timeit.repeat(lambda: [mask(field) for field in fields], number=3, repeat=5)) / 3 * 1e6)
"""


BATCH = 50
"""Calls timed at once: half a millisecond or so, short enough that some batch runs undisturbed on a busy machine."""


def best(call: Callable[[], object], rounds: int) -> float:
    """µs of one call."""
    return min(timeit.repeat(call, number=BATCH, repeat=40 * rounds)) / BATCH * 1e6


def measure(rounds: int) -> dict[str, float]:
    return {
        "party_us": best(lambda: mask_party(RECIPIENT), rounds),
        "order_us": best(lambda: (mask_party(RECIPIENT), mask_party(SENDER)), rounds),
        "party_western_us": best(lambda: mask_party(WESTERN), rounds),
        "name_us": best(lambda: mask_name(NAME), rounds),
        "mobile_us": best(lambda: mask_phone(PHONE), rounds),
        "address_us": best(lambda: mask_address(STREET), rounds),
        "canonical_mobile_us": best(lambda: normalise_phone(PHONE), rounds),
        "clean_remark_us": best(lambda: find_personal("请放在门口，谢谢"), rounds),
        "phonenumbers_parse_us": best(lambda: phonenumbers.parse(PHONE, "CN"), rounds),
    }


def presidio(python: str, model: str) -> float | None:
    """µs of Presidio's default pipeline on the fields of the same party; None where it cannot run."""
    fields = json.dumps([NAME, PHONE, STREET])
    run = subprocess.run([python, "-c", PRESIDIO, fields, model], capture_output=True, text=True, check=False)
    if run.returncode:
        print(f"Presidio left out: {run.stderr.strip().splitlines()[-1:]}", file=sys.stderr)
        return None
    return float(run.stdout.strip().splitlines()[-1])


def report(rounds: int, python: str | None, model: str) -> dict[str, Any]:
    figures: dict[str, Any] = {name: round(us, 2) for name, us in measure(rounds).items()}
    figures["party_per_phonenumbers_parse"] = round(figures["party_us"] / figures["phonenumbers_parse_us"], 2)
    if python:
        us = presidio(python, model)
        figures["presidio_party_us"] = us and round(us, 1)
        figures["presidio_per_party"] = us and round(us / figures["party_us"], 1)
    figures["within_allowance"] = all(figures[name] <= most for name, most in ALLOWED.items())
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--presidio", metavar="PYTHON")
    parser.add_argument(
        "--presidio-model", default="en_core_web_lg", help="a smaller one is faster and flatters Presidio"
    )
    arguments = parser.parse_args()
    figures = report(arguments.rounds, arguments.presidio, arguments.presidio_model)
    if arguments.json:
        print(json.dumps(figures))
        return
    for name, figure in figures.items():
        print(f"{name:32} {figure}")


if __name__ == "__main__":
    main()
