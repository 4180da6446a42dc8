"""What the page must never do: ask elsewhere, run what is not its own, keep a person; and that everybody can use it."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.browser.chromium import Page
from tests.browser.conftest import Street
from tests.gateway.orders import CONSIGNEE

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]
AXE = importlib.util.find_spec("axe_core_python")
STATES = ("sign-in", "find", "parcel")
CACHED = """(async () => {
  const found = [];
  for (const name of await caches.keys())
    for (const kept of await (await caches.open(name)).keys()) found.push(new URL(kept.url).pathname);
  return found;
})()"""
STORED = """(async () => {
  const found = [JSON.stringify(localStorage), JSON.stringify(sessionStorage), document.cookie];
  for (const { name } of await indexedDB.databases()) {
    const base = await new Promise((ok) => { const r = indexedDB.open(name); r.onsuccess = () => ok(r.result); });
    for (const store of base.objectStoreNames) {
      const rows = await new Promise((ok) => { const r = base.transaction(store).objectStore(store).getAll(); r.onsuccess = () => ok(r.result); });
      found.push(JSON.stringify(rows));
    }
    base.close();
  }
  for (const name of await caches.keys())
    for (const kept of await (await caches.open(name)).matchAll()) found.push(await kept.text());
  return found.join("\\n");
})()"""


async def shown(street: Street, page: Page) -> str:
    """A parcel on the screen; gives its ticket."""
    _, _, ticket = await street.parcel()
    await street.sign_in(page)
    await street.type_in(page, ticket)
    await page.seen("#parcel")
    return ticket


async def test_no_request_leaves_the_origin_and_the_policy_is_never_breached(street: Street) -> None:
    async with street.browser.page() as page:
        await shown(street, page)
        await page.until("navigator.serviceWorker.controller !== null")
        here = urlsplit(street.world.running.url).netloc
        assert {urlsplit(url).netloc for url in page.requests if not url.startswith("about:")} == {here}
        assert page.complaints == []


async def test_the_policy_stops_inline_scripts_and_foreign_ones(street: Street) -> None:
    async with street.browser.page() as page:
        await street.sign_in(page)
        inline = "const s = document.createElement('script'); s.textContent = 'globalThis.ran = 1'; document.body.append(s); globalThis.ran ?? 0"
        assert (
            await page.eval(f"(() => {{ {inline.replace('globalThis.ran ?? 0', 'return globalThis.ran ?? 0')} }})()")
            == 0
        )
        assert await page.eval("fetch('http://127.0.0.1:9/').then(() => 'went', (e) => e.name)") == "TypeError"
        assert any("Content Security Policy" in told for told in page.complaints)


async def test_nothing_of_a_person_is_kept_by_the_browser(street: Street) -> None:
    async with street.browser.page() as page:
        await shown(street, page)
        await page.until("navigator.serviceWorker.controller !== null")
        stored = await page.eval(STORED)
        shown_now = await page.text("#facts")
        lines = [line for line in shown_now.split("\n") if len(line) > 3]
        assert CONSIGNEE.door[-6:] in shown_now
        assert [line for line in lines if line in stored and not line.startswith("SF7")] == []
        assert await page.eval("fetch('/v1/couriers/me').then((r) => r.headers.get('Cache-Control'))") == "no-store"


async def test_the_worker_keeps_the_shell_and_nothing_else(street: Street) -> None:
    async with street.browser.page() as page:
        await shown(street, page)
        await page.until("navigator.serviceWorker.controller !== null")
        kept = await page.eval(CACHED)
        assert "/scan" in kept and all(path == "/scan" or path.startswith("/scan/") for path in kept)


async def test_the_page_can_be_installed(street: Street) -> None:
    async with street.browser.page() as page:
        await street.sign_in(page)
        told = await page.do("Page.getAppManifest")
        assert told["errors"] == [] and told["url"].endswith("/scan/scan.webmanifest")
        missing = (await page.do("Page.getInstallabilityErrors"))["installabilityErrors"]
        # A fresh phone is a private window to Chromium, and private windows install nothing; there must be no other reason.
        assert {error["errorId"] for error in missing} <= {"in-incognito"}


async def test_the_key_of_the_phone_cannot_be_read_out(street: Street) -> None:
    async with street.browser.page() as page:
        await street.sign_in(page)
        script = """(async () => {
          const base = await new Promise((ok) => { const r = indexedDB.open('veilway-scan'); r.onsuccess = () => ok(r.result); });
          const me = await new Promise((ok) => { const r = base.transaction('account').objectStore('account').get('me'); r.onsuccess = () => ok(r.result); });
          return crypto.subtle.exportKey('jwk', me.key).then(() => 'read', (e) => e.name);
        })()"""
        assert await page.eval(script) == "InvalidAccessError"


async def test_leaving_the_page_wipes_the_parcel(street: Street) -> None:
    async with street.browser.page() as page:
        await shown(street, page)
        await page.eval("dispatchEvent(new PageTransitionEvent('pagehide'))")
        assert await page.text("#facts") == ""


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_axe_finds_nothing_serious_in_any_state(street: Street, scheme: str) -> None:
    if AXE is None or AXE.origin is None:
        pytest.skip("axe-core-python is not installed; it is part of the extra `dev`")
    source = (Path(AXE.origin).parent / "axe.min.js").read_text("utf-8")
    async with street.browser.page() as page:
        await page.do("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        await page.go(f"{street.world.running.url}/scan", "document.querySelector('#sign-in')?.checkVisibility()")
        found = {"sign-in": await serious(page, source)}
        ticket = await shown(street, page)
        await page.click("#reveal summary")
        found["parcel"] = await serious(page, source)
        await page.click("#next")
        await page.seen("#find")
        found["find"] = await serious(page, source)
        assert ticket and found == {state: [] for state in STATES}


async def serious(page: Page, source: str) -> list[str]:
    """Violations that axe calls serious or critical, the contrast of 7 to 1 counted in."""
    await page.eval(f"{source}; 0")
    options = {"rules": {"color-contrast-enhanced": {"enabled": True}}, "resultTypes": ["violations"]}
    told = await page.eval(f"axe.run(document, {json.dumps(options)}).then((r) => r.violations)")
    return [f"{v['id']}: {v['nodes'][0]['html']}" for v in told if v["impact"] in ("serious", "critical")]


@pytest.mark.parametrize("width", [360, 412, 1024])
async def test_nothing_sticks_out_and_every_button_is_a_thumb_wide(street: Street, width: int) -> None:
    async with street.browser.page(width=width) as page:
        await shown(street, page)
        assert await page.eval("document.documentElement.scrollWidth <= innerWidth")
        small = """[...document.querySelectorAll('button, a.button, input, select, summary')].filter((e) => e.checkVisibility())
          .map((e) => [e.id, e.getBoundingClientRect()]).filter(([, r]) => r.height < 44 || r.width < 44).map(([id]) => id)"""
        assert await page.eval(small) == []
