"""A running gateway, a Chromium before it, and a camera that sees whatever label a test holds up."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio
import zxingcpp
from PIL import Image

from gateway.service import system_clock
from tests.browser.chromium import PROGRAM, Browser, Page, chromium
from tests.gateway.orders import sf_document
from tests.gateway.world import World, open_world


@dataclass
class Street:
    """Where couriers are: a gateway on the real clock, a browser, a camera."""

    world: World
    browser: Browser
    camera: Path

    def hold_up(self, label: bytes) -> None:
        """Let the camera see a label lying on a grey floor, a little too far away."""
        picture = Image.open(io.BytesIO(label)).convert("RGB")
        picture.thumbnail((440, 460))
        floor = Image.new("RGB", (640, 480), "#8a8a8a")
        floor.paste(picture, ((640 - picture.width) // 2, (480 - picture.height) // 2))
        seen = io.BytesIO()
        floor.save(seen, "JPEG", quality=92)
        self.camera.write_bytes(seen.getvalue() * 2)

    async def parcel(self, *, at_station: bool = True) -> tuple[str, bytes, str]:
        """A booked order's shipment, its label and the ticket on it; already at the last depot."""
        answer = await self.world.sf_order(sf_document())
        label = (await self.world.call("GET", f"/v1/shipments/{answer.shipment}/label?size=76x130")).body
        codes = zxingcpp.read_barcodes(Image.open(io.BytesIO(label)))
        ticket = next(code.text for code in codes if "/Q/" in code.text)
        if at_station:
            await self.world.scan(await self.world.courier("station"), ticket=ticket)
        return answer.shipment, label, ticket

    async def sign_in(self, page: Page, role: str = "delivery") -> str:
        """Open the page and sign a new courier in; gives the token."""
        token = await self.world.courier(role)
        await page.go(f"{self.world.running.url}/scan", "document.querySelector('#sign-in')?.checkVisibility()")
        await page.fill("#token", token)
        await page.click("#token-form button")
        await page.seen("#find")
        return token

    async def type_in(self, page: Page, text: str) -> None:
        """Enter a number by hand."""
        await page.fill("#number", text)
        await page.click("#by-hand button")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def street(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Street]:
    """One gateway and one browser a module."""
    if PROGRAM is None:
        pytest.skip("chromium is not installed: Debian's package `chromium` runs the tests in a browser")
    folder = tmp_path_factory.mktemp("street")
    camera = folder / "camera.mjpeg"
    camera.write_bytes(b"")
    async with (
        open_world(folder / "world", clock=system_clock) as world,
        chromium(folder / "profile", camera) as browser,
    ):
        yield Street(world, browser, camera)


@pytest.fixture
def now() -> Callable[[], float]:
    return lambda: system_clock().timestamp()
