"""The courier's page at `/scan`: static files of `gateway/scan/`, read once, under a policy that lets nothing else in.

No inline script, no foreign origin, no camera for anybody else. The service worker keeps exactly these files and is renamed by
their digest, so that a new release replaces the old as a whole. Knows files and headers; knows no courier.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from importlib.resources import files

from aiohttp import web

from gateway.http.problems import problem
from masking.errors import VeilwayError

TYPES = {
    "html": "text/html",
    "css": "text/css",
    "js": "text/javascript",
    "webmanifest": "application/manifest+json",
    "svg": "image/svg+xml",
    "png": "image/png",
}
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; manifest-src 'self'; "
    "worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Permissions-Policy": "camera=(self), microphone=(), geolocation=(), payment=(), usb=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    # Asked for again each time, and answered 304 while it is the same: a release must not wait for a cache.
    "Cache-Control": "no-cache",
}
SHELL, WORKER = "index.html", "worker.js"


@dataclass(frozen=True, slots=True)
class _File:
    body: bytes
    media_type: str
    etag: str


def _read() -> dict[str, _File]:
    """Every file of the page by name; the worker is told the release and what to keep."""
    found = {
        entry.name: entry.read_bytes()
        for entry in files("gateway.scan").iterdir()
        if entry.name.rpartition(".")[2] in TYPES
    }
    release = sha256(b"\0".join(name.encode() + found[name] for name in sorted(found))).hexdigest()[:16]
    kept = ["/scan", *(f"/scan/{name}" for name in sorted(found) if name not in (SHELL, WORKER))]
    listed = ", ".join(f'"{path}"' for path in kept)
    found[WORKER] = found[WORKER].replace(b'"@release"', f'"{release}"'.encode()).replace(b'"@kept"', listed.encode())
    return {
        name: _File(body, TYPES[name.rpartition(".")[2]], sha256(body).hexdigest()[:32]) for name, body in found.items()
    }


def add_routes(app: web.Application) -> None:
    """`/scan` and its files."""
    page = _read()

    def answer(request: web.Request, found: _File) -> web.Response:
        headers = HEADERS | {"ETag": f'"{found.etag}"', "Service-Worker-Allowed": "/scan"}
        if request.headers.get("If-None-Match") == f'"{found.etag}"':
            return web.Response(status=304, headers=headers)
        charset = None if found.media_type.startswith("image/") else "utf-8"
        return web.Response(body=found.body, content_type=found.media_type, charset=charset, headers=headers)

    async def shell(request: web.Request) -> web.Response:
        return answer(request, page[SHELL])

    async def file(request: web.Request) -> web.Response:
        found = page.get(request.match_info["name"])
        if found is None:
            return problem(VeilwayError("nothing stands at this path", code="not_found"))
        return answer(request, found)

    app.router.add_get("/scan", shell)
    app.router.add_get("/scan/{name}", file)
