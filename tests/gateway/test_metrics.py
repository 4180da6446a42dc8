"""Figures are labelled with bounded words, and two services in one process do not share them."""

from __future__ import annotations

import pytest
from prometheus_client.parser import text_string_to_metric_families

from gateway.metrics import Metrics

WORDS = {"carrier", "outcome", "code", "kind", "action", "format", "pool", "state", "type", "provider", "le", "reason"}


def test_two_services_do_not_share_figures() -> None:
    one, other = Metrics(), Metrics()
    one.order("sf-express", "booked")
    assert b'outcome="booked"' in one.text() and b'outcome="booked"' not in other.text()


def test_orders_are_counted_and_hops_timed_as_prometheus_reads_them() -> None:
    metrics = Metrics()
    for seconds in (0.0009, 0.001, 0.0011, 0.3, 60):
        metrics.order("ups", "booked")
        metrics.hop("ups", seconds)
    (read,) = (
        f for f in text_string_to_metric_families(metrics.text().decode()) if f.name == "veilway_upstream_seconds"
    )
    found = {s.labels.get("le", s.name.rpartition("_")[2]): s.value for s in read.samples}
    assert (found["0.001"], found["0.0025"], found["0.25"], found["0.5"], found["10.0"], found["+Inf"]) == (
        2,
        3,
        3,
        4,
        4,
        5,
    )
    assert found["count"] == 5 and found["sum"] == pytest.approx(60.303)
    assert b'veilway_orders_total{carrier="ups",outcome="booked"} 5.0' in metrics.text()


def test_scans_are_counted_from_naught() -> None:
    metrics = Metrics()
    metrics.scan("shown")
    assert b'veilway_scans_total{outcome="shown"} 1.0' in metrics.text()
    assert b'veilway_scans_total{outcome="refused"} 0.0' in metrics.text()


def test_no_figure_is_labelled_with_a_person_an_order_or_a_path() -> None:
    metrics = Metrics()
    metrics.order("ups", "booked")
    metrics.hop("ups", 0.1)
    labels = {label for value in vars(metrics).values() for label in getattr(value, "_labelnames", ())}
    labels |= {label for family in metrics.registry.collect() for sample in family.samples for label in sample.labels}
    assert labels <= WORDS


def test_every_figure_explains_itself() -> None:
    assert all(family.documentation for family in Metrics().registry.collect())
