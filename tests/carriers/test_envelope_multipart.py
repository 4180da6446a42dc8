"""Multipart bodies come out as they came."""

from __future__ import annotations

from typing import Any

import pytest

from carriers import envelope_multipart
from carriers.errors import CarrierRefusal


def refusal_of(function: Any, *arguments: Any) -> str:
    with pytest.raises(CarrierRefusal) as refusal:
        function(*arguments)
    return refusal.value.code


MULTIPART = b'--xyz\r\nContent-Disposition: form-data; name="meta"\r\nContent-Type: application/json\r\n\r\n{"a":1}\r\n--xyz\r\nContent-Disposition: form-data; name="label"; filename="a.pdf"\r\n\r\nJVBERi0=\r\n--xyz--\r\n'


def test_multipart_comes_out_as_it_came() -> None:
    parts = envelope_multipart.loads(MULTIPART, "multipart/form-data; boundary=xyz", "")
    assert [part.name for part in parts.parts] == ["meta", "label"]
    assert envelope_multipart.dumps(parts) == MULTIPART


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"no boundary",
        MULTIPART[:-10],
        b"--xyz\r\n\r\nno name\r\n--xyz--",
        b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n' * 1000,
    ],
)
def test_broken_multipart_is_refused(raw: bytes) -> None:
    assert refusal_of(envelope_multipart.loads, raw, "", "") == "malformed_multipart"
