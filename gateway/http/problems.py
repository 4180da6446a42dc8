"""Our own errors as `application/problem+json` (RFC 9457): a stable code, a status, a sentence; never a personal value.

A carrier's errors keep the carrier's shape. `Veilway-Error-Source: gateway|carrier` tells whose an error is.
"""

from __future__ import annotations

import json
import secrets
from typing import Any

from aiohttp import web

from masking.errors import VeilwayError

PROBLEM = "application/problem+json"

# Code -> status. What is not here is the sender's mistake (400) or, with `internal`, ours (500).
STATUS = {
    "unauthenticated": 401,
    "courier_unauthenticated": 401,
    "signature_refused": 401,
    "proof_refused": 401,
    "carrier_token_refused": 401,
    "scan_refused": 403,
    "scope_refused": 403,
    "agreement_refused": 403,
    "provider_signature": 403,
    "provider_signature_stale": 403,
    "ticket_refused": 404,
    "not_found": 404,
    "unknown_carrier": 404,
    "unknown_operation": 404,
    "shipment_not_found": 404,
    "event_not_found": 404,
    "job_not_found": 404,
    "method_not_allowed": 405,
    "body_timeout": 408,
    "reference_conflict": 409,
    "order_in_flight": 409,
    "order_unknown": 409,
    "device_enrolled": 409,
    "already_booked": 409,
    "job_not_ready": 409,
    "shipment_erased": 410,
    "job_fetched": 410,
    "body_too_large": 413,
    "unsupported_media_type": 415,
    "unclaimed_field": 422,
    "nothing_personal": 422,
    "guard_hit": 422,
    "attachment_refused": 422,
    "undialable_phone": 422,
    "request_unsendable": 422,
    "no_waybill": 422,
    "label_withheld": 422,
    "locked_out": 429,
    "internal": 500,
    "carrier_unreachable": 502,
    "carrier_garbage": 502,
    "answer_too_large": 502,
    "store_unavailable": 503,
    "store_failed": 503,
    "overloaded": 503,
    "pool_exhausted": 503,
    "carrier_not_enabled": 503,
    "carrier_suspended": 503,
    "carrier_host_missing": 503,
    "shutting_down": 503,
    "carrier_timeout": 504,
}
RETRY_AFTER = {
    "overloaded": "1",
    "store_unavailable": "5",
    "order_in_flight": "2",
    "job_not_ready": "2",
    "pool_exhausted": "60",
    "locked_out": "60",
}


def status_of(code: str) -> int:
    """The HTTP status of an error code."""
    return STATUS.get(code, 400)


def problem(error: VeilwayError, **more: Any) -> web.Response:
    """The answer for one of our own errors. `more` adds members, such as `shipment`; none may be personal."""
    status = status_of(error.code)
    document: dict[str, Any] = {
        "type": f"https://veilway.example/docs/errors#{error.code}",
        "title": error.code.replace("_", " "),
        "status": status,
        "code": error.code,
        "detail": str(error),
        "trace_id": secrets.token_hex(8),
    }
    if error.path:
        document["errors"] = [{"pointer": error.path}]
    shipment = more.get("shipment") or getattr(error, "shipment", None)
    headers = {"Veilway-Error-Source": "gateway", "Cache-Control": "no-store"}
    if shipment:
        headers["Veilway-Shipment"] = shipment
    after = getattr(error, "retry_after", None) or RETRY_AFTER.get(error.code)
    if after:
        headers["Retry-After"] = str(after)
    document.update({name: value for name, value in more.items() if value})
    return web.Response(status=status, body=json.dumps(document).encode(), headers=headers, content_type=PROBLEM)
