"""A carrier's push: verified, read, deduplicated, applied to the parcel's stage, acknowledged as that carrier expects."""

from __future__ import annotations

from dataclasses import dataclass

from carriers.wire import WireRequest
from gateway.service import CarrierNotEnabled, Service


@dataclass(frozen=True, slots=True)
class Ack:
    """What the carrier is told."""

    body: bytes
    content_type: str = "application/json"


class CarrierPush:
    """The push path."""

    def __init__(self, service: Service) -> None:
        self._service = service

    async def run(self, carrier: str, request: WireRequest) -> Ack:
        """Take one push."""
        raise CarrierNotEnabled("this carrier's pushes are not read here yet")
