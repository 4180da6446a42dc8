"""The courier's page in a real browser before a real gateway: scan, reveal, deliver, without a network, in both languages."""

from __future__ import annotations

import json

import pytest

from tests.browser.conftest import Street
from tests.canary import Canaries
from tests.gateway.orders import CONSIGNEE, SHIPPER

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]
PHONES = Canaries({"to": CONSIGNEE.phone, "by": SHIPPER.phone})
DOOR = CONSIGNEE.door[-6:]
KEPT = """(async () => {
  const base = await new Promise((ok) => { const r = indexedDB.open('veilway-scan'); r.onsuccess = () => ok(r.result); });
  const rows = await new Promise((ok) => { const r = base.transaction('queue').objectStore('queue').getAll(); r.onsuccess = () => ok(r.result); });
  base.close();
  return rows;
})()"""


async def test_a_label_before_the_camera_is_scanned_and_delivered(street: Street) -> None:
    shipment, label, _ = await street.parcel()
    street.hold_up(label)
    async with street.browser.page() as page:
        await street.sign_in(page)
        await page.click("#camera")
        await page.seen("#parcel")
        assert await page.text("#stage") == "派送中"
        assert DOOR in await page.text("#facts")
        assert (await page.eval("document.querySelector('#call').href")).startswith("tel:9501399000")
        assert "," in await page.eval("document.querySelector('#call').href")
        await page.click("[data-event=delivered]")
        await page.until("document.querySelector('#stage').textContent === '已签收'")
        assert DOOR not in await page.text("body")
        assert PHONES.seen_in(await page.eval("document.documentElement.outerHTML")) == []
        assert page.complaints == []
    history = (await street.world.op("shipment.show", shipment=shipment))["history"]
    assert [step["stage"] for step in history] == ["at_station", "out_for_delivery", "delivered"]


async def test_a_reveal_gives_its_reason_shows_more_and_is_on_record(street: Street) -> None:
    shipment, _, ticket = await street.parcel()
    async with street.browser.page() as page:
        await street.sign_in(page)
        await street.type_in(page, ticket)
        await page.click("#reveal summary")
        assert CONSIGNEE.name not in await page.text("#facts")
        await page.eval("document.querySelector('#reason').value = 'identity_check'")
        await page.click("#reveal-form button")
        await page.until(f"document.querySelector('#facts').innerText.includes({json.dumps(CONSIGNEE.name)})")
        await page.click("#next")
        assert CONSIGNEE.name not in await page.eval("document.documentElement.outerHTML")
    entries = [json.loads(e["entry"]) for e in (await street.world.op("audit.prove", shipment=shipment))["entries"]]
    assert "identity_check" in json.dumps(entries[-1])


async def test_without_a_network_a_delivery_is_kept_without_a_person_and_sent_later(street: Street) -> None:
    shipment, _, ticket = await street.parcel()
    async with street.browser.page() as page:
        await street.sign_in(page)
        await street.type_in(page, ticket)
        await page.seen("#parcel")
        await page.offline(True)
        await page.click("[data-event=delivered]")
        await page.until("document.querySelector('#waiting').textContent.includes('1')")
        kept = await page.eval(KEPT)
        assert [set(scan) for scan in kept] == [{"scan_id", "ticket", "waybill", "event", "made_at"}]
        assert (kept[0]["ticket"], kept[0]["event"]) == (ticket, "delivered")
        assert DOOR not in await page.text("body")
        await page.offline(False)
        await page.click("#send")
        await page.until("document.querySelector('#waiting').textContent === ''")
        assert await page.eval(KEPT) == []
    assert (await street.world.op("shipment.show", shipment=shipment))["history"][-1]["stage"] == "delivered"


async def test_the_page_opens_without_a_network_and_still_takes_scans(street: Street) -> None:
    _, _, ticket = await street.parcel()
    async with street.browser.page() as page:
        await street.sign_in(page)
        await page.until("navigator.serviceWorker.controller !== null")
        await page.offline(True)
        await page.do("Page.reload")
        await page.until("document.querySelector('#find')?.checkVisibility()")
        await street.type_in(page, ticket)
        await page.until("document.querySelector('#waiting').textContent.includes('1')")


async def test_signing_out_with_scans_unsent_says_so_first(street: Street) -> None:
    _, _, ticket = await street.parcel()
    async with street.browser.page() as page:
        await street.sign_in(page)
        await page.offline(True)
        await street.type_in(page, ticket)
        await page.until("document.querySelector('#waiting').textContent.includes('1')")
        await page.click("#sign-out")
        await page.until("document.querySelector('#said').textContent.includes('未发送')")
        assert len(await page.eval(KEPT)) == 1
        await page.click("#sign-out")
        await page.seen("#sign-in")
        assert await page.eval(KEPT) == []


async def test_the_browser_s_own_reader_is_used_where_there_is_one(street: Street) -> None:
    _, label, ticket = await street.parcel()
    street.hold_up(label)
    async with street.browser.page() as page:
        reader = f"""globalThis.BarcodeDetector = class {{
          static async getSupportedFormats() {{ return ["qr_code"]; }}
          async detect(video) {{ return video.videoWidth ? [{{ rawValue: {json.dumps(ticket)} }}] : []; }}
        }}"""
        await page.do("Page.addScriptToEvaluateOnNewDocument", source=reader)
        await street.sign_in(page)
        await page.click("#camera")
        await page.seen("#parcel")
        assert not any(url.endswith("/v1/scans/frame") for url in page.requests)


async def test_the_courier_chooses_the_language_and_it_stays(street: Street) -> None:
    async with street.browser.page(language="zh-CN") as page:
        await street.sign_in(page)
        assert await page.text("#find-title") == "扫描面单"
        await page.click("#language")
        assert (await page.text("#find-title"), await page.eval("document.documentElement.lang")) == (
            "Scan a label",
            "en",
        )
        await page.do("Page.reload")
        await page.until("document.querySelector('#find-title')?.innerText === 'Scan a label'")


async def test_a_phone_in_english_is_greeted_in_english(street: Street) -> None:
    async with street.browser.page(language="en-GB") as page:
        await page.go(f"{street.world.running.url}/scan", "document.querySelector('#sign-in')?.checkVisibility()")
        assert await page.text("#sign-in-title") == "Sign in"


async def test_everything_can_be_done_with_the_keyboard(street: Street) -> None:
    _, _, ticket = await street.parcel()
    async with street.browser.page() as page:
        await street.sign_in(page)
        await page.fill("#number", ticket)
        await page.press("Enter", 13)
        await page.seen("#parcel")
        assert await page.eval("document.activeElement.id") == "stage"
        for _ in range(12):
            await page.press("Tab", 9)
            if await page.eval("document.activeElement.dataset.event") == "delivered":
                break
        await page.press("Enter", 13)
        await page.until("document.querySelector('#stage').textContent === '已签收'")


async def test_a_foreign_parcel_is_refused_in_words(street: Street) -> None:
    async with street.browser.page() as page:
        await street.sign_in(page)
        await street.type_in(page, "SF0000000000000")
        await page.until("document.querySelector('#said').className === 'warn'")
        assert "查不到此件" in await page.text("#said")


async def test_a_token_is_bound_to_the_phone_that_signed_in_first(street: Street) -> None:
    _, _, ticket = await street.parcel()
    async with street.browser.page() as page:
        token = await street.sign_in(page)
        bare = await street.world.scan(token, ticket=ticket)
        assert (bare.status, bare.code) == (401, "proof_refused")
        await street.type_in(page, ticket)
        await page.seen("#parcel")
    async with street.browser.page() as other:
        await other.go(f"{street.world.running.url}/scan", "document.querySelector('#sign-in')?.checkVisibility()")
        await other.fill("#token", token)
        await other.click("#token-form button")
        await other.until("document.querySelector('#said').className === 'warn'")
        assert "另一台手机" in await other.text("#said")


async def test_a_revoked_courier_is_signed_out_at_the_next_scan(street: Street) -> None:
    async with street.browser.page() as page:
        await street.sign_in(page)
        courier = (await street.world.op("courier.list"))[-1]["id"]
        await street.world.op("courier.revoke", courier=courier)
        await street.type_in(page, "SF7000000000001")
        await page.seen("#sign-in")
