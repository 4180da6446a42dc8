"""`/openapi.json` and `/docs`: our own API, described by hand beside the routes it describes; a test holds the two together.

The front door is the carriers' own API and is described by them; here it is one path with a sentence.
"""

from __future__ import annotations

import html
from importlib.metadata import version
from typing import Any

from aiohttp import web

PROBLEM = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
TEXT = {"type": "string"}


def _answers(ok: str, content: str = "application/json", *refusals: int) -> dict[str, Any]:
    return {"200": {"description": ok, "content": {content: {}}}} | _refusals(*(refusals or (401, 404)))


def _refusals(*statuses: int) -> dict[str, Any]:
    about = {"description": "refused, with a stable code (docs/errors.md)", "content": PROBLEM}
    return {str(status): about for status in statuses}


def _param(name: str, where: str, about: str, *, schema: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"name": name, "in": where, "required": where == "path", "description": about, "schema": schema or TEXT}


def _body(schema: str) -> dict[str, Any]:
    return {"required": True, "content": {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}}}


ID = _param("id", "path", "A shipment's id, `shp_…`.")
JOB = _param("job", "path", "A job's id, `job_…`.")
PAGE = [
    _param("after", "query", "The `next` of the page before."),
    _param("limit", "query", "1 to 200, default 50.", schema={"type": "integer"}),
]
SHOP: list[dict[str, Any]] = [{"shopKey": []}]
COURIER: list[dict[str, Any]] = [{"courierToken": []}]
SCAN = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "ticket": TEXT | {"description": "The whole text of the label's QR."},
        "waybill": TEXT,
        "station": TEXT,
        "purpose": TEXT | {"description": "A code of a-z, 0-9 and _."},
        "event": TEXT | {"description": "A stage that this scan reports; default what the role's scan means."},
        "reason": TEXT
        | {"description": "A code; asks to reveal what is shown only with a reason. On record, told to the shop."},
        "scan_id": TEXT | {"description": "Made by the app: the same scan sent twice counts once."},
    },
}
LABELS = {
    "type": "object",
    "additionalProperties": False,
    "required": ["shipments"],
    "properties": {
        "shipments": {"type": "array", "minItems": 1, "maxItems": 1000, "uniqueItems": True, "items": TEXT},
        "format": {"enum": ["pdf", "png", "zpl", "tspl"], "default": "pdf"},
        "size": {"enum": ["76x130", "100x150", "100x180", "4x6", "a6"], "default": "100x150"},
        "dpi": {"enum": [203, 300], "default": 203},
        "bundle": {"enum": ["pdf", "zip"], "description": "Default pdf for PDF labels, zip for all others."},
    },
}

PATHS: dict[str, dict[str, Any]] = {
    "/c/{carrier}/{path}": {
        "post": {
            "summary": "The front door: the carrier's own API, any method, any path below the carrier's id.",
            "parameters": [
                _param("carrier", "path", "A carrier id (`veilway carrier list`)."),
                _param("path", "path", "The carrier's native path."),
                _param("Idempotency-Key", "header", "For formats without an order reference of their own."),
            ],
            "security": SHOP,
            "responses": _answers(
                "the carrier's answer, with the shop's own values back in it",
                "*/*",
                400,
                401,
                404,
                409,
                422,
                502,
                503,
                504,
            ),
        }
    },
    "/v1/shipments": {
        "get": {
            "summary": "The shop's shipments, newest first, without anything personal; `next` is the following page's `after`.",
            "parameters": [
                _param("carrier", "query", "Only this carrier's."),
                _param("waybill", "query", "With `carrier`: the one under this waybill."),
                _param("reference", "query", "With `carrier`: those sent under this order reference."),
                *PAGE,
            ],
            "security": SHOP,
            "responses": _answers("a page", "application/json", 400, 401),
        }
    },
    "/v1/events": {
        "get": {
            "summary": "What the shop was told, newest first: the dead letters unless another `state` is asked for.",
            "parameters": [
                _param(
                    "state", "query", "Default dead.", schema={"enum": ["waiting", "delivered", "dead", "unwanted"]}
                ),
                *PAGE,
            ],
            "security": SHOP,
            "responses": _answers("a page", "application/json", 400, 401),
        }
    },
    "/v1/events/{id}/retry": {
        "post": {
            "summary": "Send a dead letter again.",
            "parameters": [_param("id", "path", "An event's id, `evt_…`.")],
            "security": SHOP,
            "responses": _answers("how many are sent again"),
        }
    },
    "/v1/shipments/{id}": {
        "get": {
            "summary": "A shipment without anything personal: state, waybill, stage, relay numbers.",
            "parameters": [ID],
            "security": SHOP,
            "responses": _answers("the shipment"),
        }
    },
    "/v1/shipments/{id}/disclosures": {
        "get": {
            "summary": "Every reveal: which part of which carrier saw which fields, and why; and what the recipient may be told of it.",
            "parameters": [ID],
            "security": SHOP,
            "responses": _answers("the reveals, oldest first"),
        }
    },
    "/v1/shipments/{id}/label": {
        "get": {
            "summary": "A privacy label, read back before it leaves. Every print has a ticket of its own.",
            "parameters": [
                ID,
                _param("format", "query", "Default png.", schema={"enum": ["png", "pdf", "zpl", "tspl"]}),
                _param(
                    "size", "query", "Default 100x150.", schema={"enum": ["76x130", "100x150", "100x180", "4x6", "a6"]}
                ),
                _param("dpi", "query", "Default 203.", schema={"enum": ["203", "300"]}),
            ],
            "security": SHOP,
            "responses": _answers("the label", "image/png", 400, 401, 404, 410, 422),
        }
    },
    "/v1/shipments/{id}/carrier-label": {
        "get": {
            "summary": "The carrier's own label, which its answer gave by URL: fetched, looked at and masked where it shows somebody.",
            "parameters": [ID, _param("of", "query", "As the answer's label URL has it.")],
            "security": SHOP,
            "responses": _answers("the label", "application/pdf", 401, 404, 410, 422, 502),
        }
    },
    "/v1/labels": {
        "post": {
            "summary": "Up to 1000 labels in one job; each is a print of its own, on record. Kept in memory for a quarter of an hour.",
            "requestBody": _body("Labels"),
            "security": SHOP,
            "responses": {"202": {"description": "the job", "content": {"application/json": {}}}}
            | _refusals(400, 401, 503),
        }
    },
    "/v1/labels/{job}": {
        "get": {
            "summary": "How far a job is, and what became of each label.",
            "parameters": [JOB],
            "security": SHOP,
            "responses": _answers("state, total, done, printed and the results by shipment"),
        }
    },
    "/v1/labels/{job}/file": {
        "get": {
            "summary": "The labels of a finished job, once: one PDF, or a ZIP with results.json. Then they are gone.",
            "parameters": [JOB],
            "security": SHOP,
            "responses": _answers("the file", "application/pdf", 401, 404, 409, 410),
        }
    },
    "/v1/scans": {
        "post": {
            "summary": "A courier's scan: what this courier may see of this parcel now. Foreign, absent and forged are one refusal.",
            "requestBody": _body("Scan"),
            "security": COURIER,
            "responses": _answers("the view", "application/json", 400, 401, 404),
        }
    },
    "/v1/scans/batch": {
        "post": {
            "summary": "Up to 100 scans, as a device sends them after a dead zone; each has its own result.",
            "requestBody": _body("Scans"),
            "security": COURIER,
            "responses": _answers("the results", "application/json", 400, 401),
        }
    },
    "/v1/scans/frame": {
        "post": {
            "summary": "A camera's picture (JPEG or PNG, at most 640 points and 192 kB): the ticket and waybill read from it; none is kept.",
            "requestBody": {"required": True, "content": {"image/jpeg": {}, "image/png": {}}},
            "security": COURIER,
            "responses": _answers("what was read", "application/json", 400, 401, 413, 503),
        }
    },
    "/v1/couriers/me": {
        "get": {
            "summary": "The courier's own account: carrier, role, station, whether a device is enrolled.",
            "security": COURIER,
            "responses": _answers("the account", "application/json", 401),
        }
    },
    "/v1/couriers/device": {
        "post": {
            "summary": "Bind the token to a device: its public key, and a proof (`Veilway-Proof`) that it has the private one.",
            "requestBody": _body("Device"),
            "security": COURIER,
            "responses": _answers("the account", "application/json", 400, 401, 409),
        }
    },
    "/livez": {"get": {"summary": "The process turns.", "responses": {"200": {"description": "alive"}}}},
    "/readyz": {
        "get": {
            "summary": "It can take orders.",
            "responses": {"200": {"description": "ready"}, "503": {"description": "not yet, or draining"}},
        }
    },
    "/metrics": {"get": {"summary": "Prometheus exposition.", "responses": {"200": {"description": "metrics"}}}},
    "/.well-known/veilway-tickets.json": {
        "get": {
            "summary": "Public keys of the labels' tickets, a JWK set.",
            "responses": {"200": {"description": "keys"}},
        }
    },
    "/.well-known/veilway-audit.json": {
        "get": {
            "summary": "The newest signed checkpoint of the audit log.",
            "responses": {"200": {"description": "checkpoint"}},
        }
    },
}


def document() -> dict[str, Any]:
    """The OpenAPI 3.1 document."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Veilway",
            "version": version("veilway"),
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "paths": PATHS,
        "components": {
            "securitySchemes": {
                "shopKey": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "A shop's key, `vw_…`; also `X-Veilway-Key`.",
                },
                "courierToken": {"type": "http", "scheme": "bearer", "description": "A courier's token, `vc_…`."},
            },
            "schemas": {
                "Device": {
                    "type": "object",
                    "additionalProperties": False,
                    "required": ["device_key"],
                    "properties": {"device_key": TEXT},
                },
                "Labels": LABELS,
                "Scan": SCAN,
                "Scans": {"type": "array", "maxItems": 100, "items": {"$ref": "#/components/schemas/Scan"}},
                "Problem": {
                    "type": "object",
                    "required": ["type", "title", "status", "code", "detail"],
                    "properties": {
                        "type": TEXT,
                        "title": TEXT,
                        "status": {"type": "integer"},
                        "code": TEXT,
                        "detail": TEXT,
                        "trace_id": TEXT,
                    },
                },
            },
        },
    }


def page() -> str:
    """The same for people, without a script."""
    rows = "".join(
        f"<tr><td>{method.upper()}</td><td><code>{html.escape(path)}</code></td><td>{html.escape(about['summary'])}</td></tr>"
        for path, methods in PATHS.items()
        for method, about in methods.items()
    )
    return (
        "<!doctype html><html lang='en'><meta charset='utf-8'><meta name='viewport' content='width=device-width'><title>Veilway API</title>"
        f"<h1>Veilway API</h1><p><a href='/openapi.json'>openapi.json</a></p><table>{rows}</table></html>"
    )


def add_routes(app: web.Application) -> None:
    """`/openapi.json` and `/docs`."""

    async def machine(_request: web.Request) -> web.Response:
        return web.json_response(document())

    async def people(_request: web.Request) -> web.Response:
        headers = {"Content-Security-Policy": "default-src 'none'; style-src 'self'"}
        return web.Response(text=page(), content_type="text/html", headers=headers)

    app.router.add_get("/openapi.json", machine)
    app.router.add_get("/docs", people)
