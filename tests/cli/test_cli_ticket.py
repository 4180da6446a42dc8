from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gateway.cli import veilway
from masking.labels.revocation import pack
from masking.labels.ticket import issue
from masking.labels.ticket_keys import TicketKeys

NOW = datetime.now(UTC)
KEYS = TicketKeys.generate()
TICKET = issue(KEYS.signer, audience="zto", expires=NOW + timedelta(days=30))
TEXT = TICKET.text("t.example")


def verify(*arguments: object, stdin: str | None = None) -> Result:
    return CliRunner().invoke(veilway, ["ticket", "verify", *(str(argument) for argument in arguments)], input=stdin)


@pytest.fixture
def public(tmp_path: Path) -> Path:
    path = tmp_path / "tickets.json"
    path.write_text(json.dumps(KEYS.public_jwks(NOW, hosts=["t.example"])), encoding="utf-8")
    return path


def test_public_keys_alone_verify_a_ticket(public: Path) -> None:
    for source, stdin in ((TEXT, None), ("-", TEXT + "\n")):
        done = verify(source, "--keys", public, "--carrier", "zto", "--json", stdin=stdin)
        shown = json.loads(done.stdout)
        assert done.exit_code == 0 and (shown["valid"], shown["kid"], shown["id"]) == (True, 1, TICKET.id.hex())


@pytest.mark.parametrize(
    "arguments",
    [
        [TEXT, "--carrier", "sto"],
        [TEXT[:-1]],
        [TEXT + TEXT],
        [TEXT.replace("T.EXAMPLE", "X.EXAMPLE")],
        [TEXT, "--at", f"{TICKET.expires:%Y-%m-%dT%H:%M:%SZ}"],
        ["rubbish"],
    ],
)
def test_every_bad_ticket_is_refused_alike(public: Path, arguments: list[str]) -> None:
    done = verify(*arguments, "--keys", public)
    assert done.exit_code == 1 and (done.exception.code, str(done.exception)) == (
        "ticket_refused",
        "This ticket is not accepted here.",
    )


def test_a_revoked_ticket_is_refused(public: Path, tmp_path: Path) -> None:
    for ids, code in (([TICKET.id], 1), ([], 0)):
        (tmp_path / "revoked").write_bytes(pack(KEYS.signer, ids, issued=NOW, good_until=NOW + timedelta(days=1)))
        assert verify(TEXT, "--keys", public, "--revoked", tmp_path / "revoked").exit_code == code


def test_a_file_that_holds_no_keys_is_told(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("[]", encoding="utf-8")
    done = verify(TEXT, "--keys", tmp_path / "x")
    assert done.exit_code == 1 and done.exception.code == "bad_ticket_keys"
    assert verify(TEXT).exit_code == 2


def test_the_reference_reader_of_the_docs_agrees(public: Path, tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "ticket.md").read_text("utf-8")
    code = page.split("```python\n", 1)[1].split("```", 1)[0]
    assert len(code.splitlines()) <= 40
    (tmp_path / "reader.py").write_text(code, encoding="utf-8")

    def read(text: str, carrier: str = "zto") -> int:
        return subprocess.run(
            [sys.executable, tmp_path / "reader.py", public, carrier, text], capture_output=True, timeout=30
        ).returncode

    assert read(TEXT) == 0
    raw = TEXT.rsplit("/", 1)[1]
    flipped = TEXT.replace(raw, raw[:60] + ("A" if raw[60] != "A" else "B") + raw[61:])
    for bad in (TEXT[:-1], TEXT.lower(), TEXT + "A", flipped, TEXT.replace("T.EXAMPLE", "X.EXAMPLE"), ""):
        assert read(bad) == 1
    assert read(TEXT, "sto") == 1
