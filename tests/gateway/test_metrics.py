"""Figures are labelled with bounded words, and two services in one process do not share them."""

from __future__ import annotations

from gateway.metrics import Metrics

WORDS = {"carrier", "outcome", "code", "kind", "action", "format", "pool", "state", "type", "provider", "le", "reason"}


def test_two_services_do_not_share_figures() -> None:
    one, other = Metrics(), Metrics()
    one.orders.labels("sf-express", "booked").inc()
    assert b'outcome="booked"' in one.text() and b'outcome="booked"' not in other.text()


def test_no_figure_is_labelled_with_a_person_an_order_or_a_path() -> None:
    metrics = Metrics()
    labels = {label for value in vars(metrics).values() for label in getattr(value, "_labelnames", ())}
    assert labels <= WORDS


def test_every_figure_explains_itself() -> None:
    assert all(family.documentation for family in Metrics().registry.collect())
