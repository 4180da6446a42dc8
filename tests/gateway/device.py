"""A courier's phone as tests hold it: a key of its own, and requests that it signs. Written from the document, not from the product."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.gateway.world import Answer, World


def coded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


@dataclass
class Phone:
    """One device before one gateway."""

    world: World
    token: str
    key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)

    @property
    def public(self) -> str:
        return "ed25519:" + coded(self.key.public_key().public_bytes_raw())

    def proof(self, method: str, path: str, body: bytes, *, token: str = "", late: float = 0) -> str:
        seconds, nonce = int(self.world.clock().timestamp() - late), coded(secrets.token_bytes(16))
        lines = ["veilway-proof-v1", method, path, hashlib.sha256(body).hexdigest()]
        lines += [hashlib.sha256((token or self.token).encode()).hexdigest(), str(seconds), nonce]
        return f"v1.{seconds}.{nonce}.{coded(self.key.sign(chr(10).join(lines).encode()))}"

    async def ask(
        self, method: str, path: str, document: Any = None, *, proof: str | None = None, **how: Any
    ) -> Answer:
        body = b"" if document is None else json.dumps(document).encode()
        headers = {"Veilway-Proof": self.proof(method, path, body, **how) if proof is None else proof}
        return await self.world.call(method, path, key=self.token, body=body or None, headers=headers)

    async def enrol(self) -> Answer:
        return await self.ask("POST", "/v1/couriers/device", {"device_key": self.public})

    async def scan(self, **asked: str) -> Answer:
        return await self.ask("POST", "/v1/scans", asked)
