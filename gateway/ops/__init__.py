"""What the command line asks of a service, as a table of verbs: JSON values in, JSON values out.

While `serve` runs, the verbs reach it over the folder's socket; otherwise the command line opens the service itself and calls
the same functions. Whoever may open the folder (its keys) may ask; every verb that shows something personal is audited.
"""

from __future__ import annotations

from gateway.ops import carriers, events, numbers, policies, providers, relay_rules, shipments, shops, stations
from gateway.ops.registry import OPS

__all__ = [
    "OPS", "carriers", "events", "numbers", "policies", "providers", "relay_rules", "shipments", "shops", "stations",
]  # fmt: skip
