"""Labels inside carriers' answers: clean ones pass, those that show somebody are masked or withheld, URLs become ours."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from typing import Any

import pytest

from gateway.flows.artwork import police
from masking.personal import Party, PostalAddress

LIN = Party("林徽音", "13950427716", address=PostalAddress("CN", street="福州市鼓楼区东街口花园2座1501"))
CLEAN = b"^XA^FO50,50^A0N,30^FDRoute 591W^FS^FO50,100^BCN,100^FDSF7000000001^FS^XZ"
SPEAKS = b"^XA^FO50,50^A0N,30^FDTel 13950427716^FS^FO50,100^BCN,100^FDSF7000000001^FS^XZ"


@dataclass
class Label:
    """An artwork as the carriers' wing hands it over."""

    format: str
    content: bytes
    state: str = "as it came"
    replaced: bytes = b""

    def replace(self, content: bytes) -> None:
        self.state, self.replaced = "replaced", content

    def withhold(self) -> None:
        self.state = "withheld"


@dataclass
class Reply:
    artwork: list[Any] = field(default_factory=list)


async def judged(label: Label, *, by_label: bool = False, own_url: str = "") -> Label:
    await police(Reply([label]), [LIN], by_label=by_label, own_url=own_url)  # type: ignore[arg-type]
    return label


async def test_a_label_that_shows_nobody_passes() -> None:
    assert (await judged(Label("ZPL", CLEAN))).state == "as it came"


async def test_a_phone_in_a_zpl_field_is_masked_and_the_barcode_stays() -> None:
    label = await judged(Label("ZPL", SPEAKS))

    assert label.state == "replaced"
    assert b"13950427716" not in label.replaced
    assert b"SF7000000001" in label.replaced


async def test_a_picture_is_withheld_unless_the_carrier_delivers_from_it() -> None:
    dot = base64.b64decode(
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg=="
    )

    assert (await judged(Label("PNG", dot))).state == "withheld"
    assert (await judged(Label("PNG", dot), by_label=True)).state == "as it came"


@pytest.mark.parametrize(
    ("own", "state"), [("https://veilway.example/v1/shipments/s/label", "replaced"), ("", "withheld")]
)
async def test_a_label_by_url_becomes_ours(own: str, state: str) -> None:
    label = await judged(Label("URL", b"https://carrier.example/label/1"), own_url=own)

    assert label.state == state
    assert label.replaced == own.encode()


async def test_what_cannot_be_read_is_withheld() -> None:
    assert (await judged(Label("PDF", b"%PDF-1.4 not really"))).state == "withheld"
