"""A problem has a stable code, a status and a sentence, and nothing else that could name anybody."""

from __future__ import annotations

import json

import pytest

from gateway.flows.order_steps import OrderRefused
from gateway.http.problems import PROBLEM, RETRY_AFTER, STATUS, problem, status_of
from masking.errors import VeilwayError


def test_a_problem_is_rfc_9457() -> None:
    answer = problem(VeilwayError("what to do", code="unclaimed_field", path="$.a"))
    told = json.loads(answer.body)  # type: ignore[arg-type]
    assert (answer.status, answer.content_type) == (422, PROBLEM)
    assert {"type", "title", "status", "detail", "code", "trace_id", "errors"} == set(told)
    assert (told["status"], told["errors"]) == (422, [{"pointer": "$.a"}])


def test_two_problems_have_two_trace_ids() -> None:
    traces = {json.loads(problem(VeilwayError("x")).body)["trace_id"] for _ in range(5)}  # type: ignore[arg-type]
    assert len(traces) == 5


def test_an_order_s_problem_names_its_shipment() -> None:
    assert problem(OrderRefused("x", code="order_unknown", shipment="shp_1")).headers["Veilway-Shipment"] == "shp_1"


def test_an_unknown_code_is_the_sender_s_mistake_and_internal_ours() -> None:
    assert (status_of("never_heard_of"), status_of("internal")) == (400, 500)


@pytest.mark.parametrize("code", sorted(RETRY_AFTER))
def test_who_is_told_to_come_back_is_told_when(code: str) -> None:
    answer = problem(VeilwayError("x", code=code))
    assert int(answer.headers["Retry-After"]) > 0 and STATUS[code] in (409, 429, 503)
