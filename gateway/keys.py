"""The folder's secret keys: made once, kept in one file of mode 0600 outside the database. Knows files; seals nothing.

Whoever has `keys.json` and the database has everything; whoever has the database alone has nothing. The file is written
whole and renamed, and one that others may read is refused.
"""

from __future__ import annotations

import base64
import json
import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from gateway.settings import ConfigError
from masking.keyring import Keyring
from masking.labels.ticket_keys import TicketKeys

KEYS = "keys.json"


@dataclass(frozen=True, slots=True)
class Keys:
    """All secret keys of a service. `repr` shows none."""

    keyring: Keyring
    """Seals records, makes blind indexes."""
    tickets: TicketKeys
    """Sign the labels' tickets; the public half stands under `/.well-known/veilway-tickets.json`."""
    checkpoints: Ed25519PrivateKey
    """Signs the audit log's checkpoints."""

    def __repr__(self) -> str:
        return f"<Keys keyring {self.keyring.current} {self.tickets!r}>"

    @property
    def checkpoint_public(self) -> bytes:
        """The raw 32 bytes that verify checkpoints."""
        return self.checkpoints.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def make_keys() -> Keys:
    """Fresh random keys, in memory only."""
    return Keys(Keyring.generate(), TicketKeys.generate(), Ed25519PrivateKey.generate())


def save_keys(folder: Path, keys: Keys) -> None:
    """Write `keys.json`, mode 0600, whole or not at all."""
    document = {
        "keyring": keys.keyring.to_dict(),
        "tickets": keys.tickets.to_private_dict(),
        "checkpoints": base64.b64encode(keys.checkpoints.private_bytes_raw()).decode(),
    }
    draft = folder / f".{KEYS}.new"
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(document, file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(folder / KEYS)


def load_keys(folder: Path) -> Keys:
    """Read `keys.json`. Raises `ConfigError` when it is missing, readable by others, or not what this service wrote."""
    file = folder / KEYS
    if not file.is_file():
        raise ConfigError(f"there is no {KEYS} in this folder; `veilway init DIR` makes one", path=KEYS)
    if file.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise ConfigError(f"{KEYS} can be read by others; `chmod 600` it and find out who did", path=KEYS)
    try:
        document: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        return Keys(
            Keyring.from_dict(document["keyring"]),
            TicketKeys.from_private_dict(document["tickets"]),
            Ed25519PrivateKey.from_private_bytes(base64.b64decode(document["checkpoints"])),
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ConfigError(
            f"{KEYS} is damaged ({type(error).__name__}); restore it from your backup", path=KEYS
        ) from None
