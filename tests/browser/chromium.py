"""A headless Chromium, driven over its own debugging protocol: pages, clicks, keys, what was asked of the network, what went wrong.

Debian's package `chromium`; nothing is installed here. Each page has a browser context of its own: storage, caches and workers
are a fresh phone's.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

PROGRAM = shutil.which("chromium")
QUIET = (
    "--headless=new", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--disable-extensions", "--mute-audio", "--hide-scrollbars", "--disable-dev-shm-usage",
    "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream", "--remote-debugging-port=0",
)  # fmt: skip
PATIENCE = 15.0


class PageError(AssertionError):
    """A script of the test threw in the page, or what was waited for did not come."""


@dataclass
class Page:
    """One tab and its workers."""

    browser: Browser
    session: str
    requests: list[str] = field(default_factory=list)
    """Every address that the page or its workers asked for."""
    sent: list[str] = field(default_factory=list)
    """Every request body in text."""
    complaints: list[str] = field(default_factory=list)
    """Exceptions, and what the browser logged as an error, such as a breach of the content policy."""

    async def do(self, method: str, **params: Any) -> Any:
        return await self.browser.send(method, params, self.session)

    async def eval(self, script: str) -> Any:
        """The value of an expression; a promise is awaited."""
        told = await self.do(
            "Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True, userGesture=True
        )
        if "exceptionDetails" in told:
            raise PageError(told["exceptionDetails"].get("exception", {}).get("description", script))
        return told["result"].get("value")

    async def go(self, url: str, until: str = "document.readyState === 'complete'") -> None:
        await self.do("Page.navigate", url=url)
        await self.until(until)

    async def until(self, condition: str, patience: float = PATIENCE) -> Any:
        """Wait until an expression is true; gives its value."""
        end = asyncio.get_running_loop().time() + patience
        while asyncio.get_running_loop().time() < end:
            try:
                if value := await self.eval(condition):
                    return value
            except (PageError, RuntimeError):  # the page is just being replaced
                pass
            await asyncio.sleep(0.03)
        raise PageError(f"never true: {condition}; on the page: {await self.eval('document.body.innerText')}")

    async def seen(self, selector: str, patience: float = PATIENCE) -> None:
        await self.until(f"document.querySelector({json.dumps(selector)})?.checkVisibility()", patience)

    async def text(self, selector: str) -> str:
        return str(await self.eval(f"document.querySelector({json.dumps(selector)}).innerText"))

    async def click(self, selector: str) -> None:
        await self.seen(selector)
        await self.eval(f"document.querySelector({json.dumps(selector)}).click()")

    async def fill(self, selector: str, text: str) -> None:
        await self.seen(selector)
        await self.eval(f"document.querySelector({json.dumps(selector)}).focus()")
        await self.do("Input.insertText", text=text)

    async def press(self, key: str, code: int) -> None:
        """A real key, as from a keyboard."""
        text = {"text": "\r"} if key == "Enter" else {}
        for kind in ("keyDown", "keyUp"):
            await self.do("Input.dispatchKeyEvent", type=kind, key=key, windowsVirtualKeyCode=code, **text)

    async def offline(self, off: bool) -> None:
        for session in [self.session, *self.browser.workers_of(self.session)]:
            conditions = {"offline": off, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
            await self.browser.send("Network.emulateNetworkConditions", conditions, session)


class Browser:
    """One running Chromium."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._numbers = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._pages: dict[str, Page] = {}
        self._parents: dict[str, str] = {}
        self._tasks: set[asyncio.Task[Any]] = set()

    def workers_of(self, session: str) -> list[str]:
        return [worker for worker, page in self._parents.items() if page == session]

    async def send(self, method: str, params: dict[str, Any] | None = None, session: str = "") -> Any:
        number = next(self._numbers)
        message = {"id": number, "method": method, "params": params or {}} | ({"sessionId": session} if session else {})
        answer = self._waiting[number] = asyncio.get_running_loop().create_future()
        await self._socket.send_json(message)
        async with asyncio.timeout(PATIENCE):
            return await answer

    async def listen(self) -> None:
        async for message in self._socket:
            told = json.loads(message.data)
            if "id" in told:
                answer = self._waiting.pop(told["id"])
                if answer.done():
                    continue
                if "error" in told:
                    answer.set_exception(RuntimeError(told["error"]["message"]))
                else:
                    answer.set_result(told["result"])
            else:
                self._event(told["method"], told["params"], told.get("sessionId", ""))

    def _event(self, method: str, params: dict[str, Any], session: str) -> None:
        page = self._pages.get(self._parents.get(session, session))
        if page is None:
            return
        match method:
            case "Target.attachedToTarget":
                self._parents[params["sessionId"]] = page.session
                self._pages.setdefault(page.session, page)
                task = asyncio.ensure_future(self.send("Network.enable", {}, params["sessionId"]))
                self._tasks.add(task)
                task.add_done_callback(self._done)
            case "Target.detachedFromTarget":
                self._parents.pop(params["sessionId"], None)
            case "Network.requestWillBeSent":
                page.requests.append(params["request"]["url"])
                page.sent.append(params["request"].get("postData", ""))
            case "Runtime.exceptionThrown":
                page.complaints.append(str(params["exceptionDetails"].get("exception", {}).get("description", "?")))
            case "Log.entryAdded" if params["entry"]["level"] == "error" and params["entry"]["source"] != "network":
                page.complaints.append(params["entry"]["text"])

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        task.cancelled() or task.exception()

    @asynccontextmanager
    async def page(self, *, width: int = 360, height: int = 740, language: str = "zh-CN") -> AsyncIterator[Page]:
        """A fresh phone."""
        context = (await self.send("Target.createBrowserContext"))["browserContextId"]
        target = (await self.send("Target.createTarget", {"url": "about:blank", "browserContextId": context}))[
            "targetId"
        ]
        session = (await self.send("Target.attachToTarget", {"targetId": target, "flatten": True}))["sessionId"]
        page = self._pages[session] = Page(self, session)
        for domain in ("Page", "Runtime", "Network", "Log"):
            await page.do(f"{domain}.enable")
        await page.do("Target.setAutoAttach", autoAttach=True, waitForDebuggerOnStart=False, flatten=True)
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": True}
        await page.do("Emulation.setDeviceMetricsOverride", **size)
        await page.do("Emulation.setLocaleOverride", locale=language)
        agent = {"userAgent": "Mozilla/5.0 (Linux; Android 15) Chromium", "acceptLanguage": language}
        await page.do("Emulation.setUserAgentOverride", **agent)
        try:
            yield page
        finally:
            await self.send("Target.disposeBrowserContext", {"browserContextId": context})
            self._pages.pop(session, None)


@asynccontextmanager
async def chromium(folder: Path, camera: Path) -> AsyncIterator[Browser]:
    """Run Chromium with `camera`, a file of JPEG pictures, as its camera. The file is read whenever the camera is opened."""
    flags = [*QUIET, f"--user-data-dir={folder}", f"--use-file-for-fake-video-capture={camera}"]
    if os.geteuid() == 0:
        flags.append("--no-sandbox")  # Chromium refuses to run as root otherwise, as builds in containers do
    quiet = asyncio.subprocess.DEVNULL
    program = await asyncio.create_subprocess_exec(PROGRAM, *flags, "about:blank", stdout=quiet, stderr=quiet)
    try:
        address = await _address(folder / "DevToolsActivePort")
        async with aiohttp.ClientSession() as http, http.ws_connect(address, max_msg_size=0) as socket:
            browser = Browser(socket)
            listening = asyncio.ensure_future(browser.listen())
            try:
                yield browser
            finally:
                listening.cancel()
    finally:
        program.terminate()
        await program.wait()


async def _address(file: Path) -> str:
    async with asyncio.timeout(30):
        while not (file.is_file() and file.read_text().count("\n") >= 1):
            await asyncio.sleep(0.05)
    port, path = file.read_text().split("\n")[:2]
    return f"ws://127.0.0.1:{port}{path}"
