"""Counters and histograms, by name. Labels are bounded words: carrier, outcome, code; never a person, an order or a path."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter as Tally
from collections.abc import Iterator

from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class _HotFigures(Collector):
    """What every order and every scan counts: kept as plain numbers, for the library's children each take a lock and cost as much as a cipher."""

    def __init__(self) -> None:
        self.orders: Tally[tuple[str, str]] = Tally()
        """(carrier, outcome) -> orders."""
        self.hops: dict[str, list[int]] = {}
        """Carrier -> answers by bucket, the last without a bound."""
        self.seconds: dict[str, float] = {}
        self.scans: Tally[str] = Tally()
        """Outcome -> scans."""

    def collect(self) -> Iterator[Metric]:
        counted = CounterMetricFamily("veilway_orders", "Orders by carrier and outcome.", labels=("carrier", "outcome"))
        for labels, count in self.orders.items():
            counted.add_metric(labels, count)
        yield counted
        timed = HistogramMetricFamily("veilway_upstream_seconds", "Time a carrier took.", labels=("carrier",))
        for carrier, buckets in self.hops.items():
            sums = [sum(buckets[: rank + 1]) for rank in range(len(buckets))]
            bounds = [*map(str, map(float, _BUCKETS)), "+Inf"]
            timed.add_metric((carrier,), list(zip(bounds, sums, strict=True)), self.seconds[carrier])
        yield timed
        scanned = CounterMetricFamily("veilway_scans", "Scans by outcome.", labels=("outcome",))
        for outcome in ("shown", "refused"):
            scanned.add_metric((outcome,), self.scans[outcome])
        yield scanned


class Metrics:
    """One registry a service, so that two services in one process (tests, demo) do not share figures."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._hot = _HotFigures()
        self.registry.register(self._hot)
        self.refusals = Counter(
            "veilway_refusals", "Requests refused by us, by code.", ("code",), registry=self.registry
        )
        self.unenforced = Counter(
            "veilway_unenforced_fields",
            "Personal fields that a route in dry run let through.",
            ("carrier", "kind"),
            registry=self.registry,
        )
        self.guard_hits = Counter(
            "veilway_guard_hits", "Final bytes that still held a plain value.", ("kind",), registry=self.registry
        )
        self.calls = Counter("veilway_calls", "Relay decisions by action.", ("action",), registry=self.registry)
        self.dead_letters = Counter(
            "veilway_dead_letters", "Events that a shop refused to the end.", registry=self.registry
        )
        self.provider_requests = Counter(
            "veilway_provider_requests",
            "Requests to number providers by account, action and outcome.",
            ("provider", "action", "outcome"),
            registry=self.registry,
        )
        self.pushes = Gauge(
            "veilway_pushes",
            "Changes of bindings that providers have yet to hear, by state.",
            ("state",),
            registry=self.registry,
        )
        self.provider_drift = Gauge(
            "veilway_provider_drift",
            "Differences that the latest reconciliation found at an account.",
            ("provider", "kind"),
            registry=self.registry,
        )
        self.labels = Counter("veilway_labels", "Labels by format.", ("format",), registry=self.registry)
        self.units = Counter("veilway_units", "Units written.", registry=self.registry)
        self.batches = Counter("veilway_batches", "Transactions they were written in.", registry=self.registry)
        self.waiting = Gauge("veilway_writes_waiting", "Units that wait for the disk.", registry=self.registry)
        self.slots_free = Gauge(
            "veilway_relay_slots_free", "Relay slots that can be leased now.", ("pool",), registry=self.registry
        )
        self.audit_size = Gauge(
            "veilway_audit_entries", "Entries in this process's audit chain.", registry=self.registry
        )

    def order(self, carrier: str, outcome: str) -> None:
        """Count an order."""
        self._hot.orders[carrier, outcome] += 1

    def hop(self, carrier: str, seconds: float) -> None:
        """Note the time a carrier took."""
        figures = self._hot
        buckets = figures.hops.get(carrier)
        if buckets is None:
            buckets = figures.hops[carrier] = [0] * (len(_BUCKETS) + 1)
            figures.seconds[carrier] = 0.0
        buckets[bisect_left(_BUCKETS, seconds)] += 1
        figures.seconds[carrier] += seconds

    def scan(self, outcome: str) -> None:
        """Count a scan: `shown` or `refused`."""
        self._hot.scans[outcome] += 1

    def text(self) -> bytes:
        """The exposition format of Prometheus."""
        return generate_latest(self.registry)
