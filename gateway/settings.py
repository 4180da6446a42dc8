"""Every setting once: name, type, default, help. Read once at start; nothing else reads the environment or the file.

A folder (`--dir`, `VEILWAY_DIR`) holds `veilway.toml` (settings), `keys.json` (mode 0600) and, with the embedded store,
`veilway.db`. An environment variable `VEILWAY_<NAME>` overrides the file. A test keeps `docs/settings.md` equal to this.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Any

from masking.alias import DOMAIN
from masking.errors import VeilwayError

CONFIG = "veilway.toml"


class ConfigError(VeilwayError):
    """The configuration cannot be used; the message names the key. The command line exits with 2."""

    code = "config_invalid"


def setting(default: Any, help: str) -> Any:
    """One line of configuration: its default and what it does."""
    return field(default=default, metadata={"help": help})


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of one process, frozen."""

    dir: Path
    """The folder that the settings came from."""
    host: str = setting("127.0.0.1", "Address that `veilway serve` listens on.")
    port: int = setting(8080, "Port that `veilway serve` listens on; 0 lets the system choose.")
    workers: int = setting(1, "Processes that serve; above 1 needs PostgreSQL.")
    public_url: str = setting("", "How the outside reaches this service; empty means http://HOST:PORT.")
    ticket_host: str = setting("V.EXAMPLE", "Host name in the label's QR ticket; short names keep the code small.")
    database: str = setting("", "SQLAlchemy URL of the store; empty means the embedded veilway.db in the folder.")
    body_limit: int = setting(262_144, "Longest request body in bytes that the front door takes.")
    answer_limit: int = setting(8_388_608, "Longest answer in bytes that is read from a carrier.")
    body_timeout: timedelta = setting(timedelta(seconds=15), "A request body must have arrived within this time.")
    connect_timeout: timedelta = setting(timedelta(seconds=2), "Connecting to a carrier may take this long.")
    carrier_timeout: timedelta = setting(timedelta(seconds=10), "A carrier's whole answer may take this long.")
    inflight_wait: timedelta = setting(
        timedelta(seconds=5), "A retry waits this long for the first before it is told 409."
    )
    queue_limit: int = setting(4096, "Writes that may wait for the disk; past it requests get 503 and Retry-After.")
    upstream_connections: int = setting(256, "Connections kept to one carrier.")
    hold: timedelta = setting(
        timedelta(days=30), "A relay number stays bound this long unless the shipment ends first."
    )
    after_delivery: timedelta = setting(timedelta(hours=72), "A relay number stays callable this long after delivery.")
    quarantine: timedelta = setting(timedelta(days=30), "A released (X, extension) rests this long before reuse.")
    tombstone: timedelta = setting(timedelta(days=365), "Who knew a released (X, extension) is refused this long.")
    occupancy: float = setting(0.5, "Largest share of an X's extensions that may be bound at once.")
    exhaustion: str = setting("refuse", "What an order meets when its pool is empty: `refuse` or `queue`.")
    exhaustion_wait: timedelta = setting(
        timedelta(seconds=10),
        "With `queue`, an order waits so long for the next number; else it is told when to come again.",
    )
    ticket_days: int = setting(60, "A label's ticket can be scanned this many days.")
    masking_policy: str = setting(
        "gb-last4", "How phones are masked where they are shown masked: gb-last4 or gb-strict."
    )
    alias_domain: str = setting(
        "", "Domain of e-mail aliases, for formats that demand an e-mail. Mail to it bounces: give it a null MX."
    )
    relay_sandbox: bool = setting(
        False, "Answer POST /relay/sandbox/voice, loopback peers only. For practice, never live."
    )
    relay_sip: str = setting("", "HOST:PORT of Kamailio's evapi socket; empty connects to none.")
    relay_sip_trunk: str = setting("127.0.0.1:5060", "HOST:PORT that Kamailio sends connected calls to.")
    relay_sip_domain: str = setting("relay.invalid", "Domain in the From that a callee sees.")
    sweep_every: timedelta = setting(timedelta(seconds=15), "How often orders left PENDING by a crash are looked up.")
    retry_window: timedelta = setting(
        timedelta(hours=24), "An order that the carrier does not know stays open this long."
    )
    scan_misses: int = setting(100, "Refused tickets a minute and source before the source is locked out.")
    policy_two_persons: bool = setting(
        False, "A change of policy that shows somebody more waits for a second person's `veilway policy approve`."
    )
    courier_idle_days: int = setting(90, "A courier's account unused for so many days is closed; 0 closes none.")
    proxies: str = setting(
        "", "Networks of our own proxies, comma-separated: whose X-Forwarded-For and Client-Cert are believed."
    )
    log_level: str = setting("info", "debug, info, warning or error.")

    @property
    def database_url(self) -> str:
        """The store's URL, the embedded file where none is set."""
        return self.database or f"sqlite:///{self.dir / 'veilway.db'}"

    @property
    def embedded(self) -> bool:
        """True where the store is the SQLite file that one process opens."""
        return self.database_url.startswith("sqlite")


_UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400}


def parse_duration(text: str, key: str = "duration") -> timedelta:
    """`250ms`, `15s`, `10m`, `36h`, `30d`."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)", text.strip())
    if found is None:
        raise ConfigError(f"{key}: a duration is a number and ms, s, m, h or d, such as 15s or 30d", path=key)
    return timedelta(seconds=float(found[1]) * _UNITS[found[2]])


def load_settings(folder: Path, environment: Mapping[str, str] = os.environ) -> Settings:
    """Read the folder's `veilway.toml` and the environment. Raises `ConfigError` naming the key."""
    file = folder / CONFIG
    if not file.is_file():
        raise ConfigError(f"there is no {CONFIG} in this folder; `veilway init DIR` makes one", path=CONFIG)
    try:
        found = tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{CONFIG} is not TOML: {error}", path=CONFIG) from None
    known = {f.name: f for f in fields(Settings) if f.name != "dir"}
    for key in found:
        if key not in known:
            raise ConfigError(f"{key}: unknown setting; docs/settings.md lists them all", path=key)
    values: dict[str, Any] = {"dir": folder}
    for name, spec in known.items():
        raw = environment.get(f"VEILWAY_{name.upper()}", found.get(name, MISSING))
        if raw is not MISSING:
            values[name] = _typed(name, raw, spec.default)
    return _checked(Settings(**values))


def _typed(key: str, raw: Any, default: Any) -> Any:
    if isinstance(default, timedelta):
        return parse_duration(str(raw), key)
    if isinstance(default, bool):
        if str(raw).lower() not in ("true", "false"):
            raise ConfigError(f"{key}: must be true or false", path=key)
        return str(raw).lower() == "true"
    if isinstance(raw, bool):
        raise ConfigError(f"{key}: must be a {type(default).__name__}", path=key)
    try:
        return type(default)(raw)
    except (TypeError, ValueError):
        raise ConfigError(f"{key}: must be a {type(default).__name__}", path=key) from None


def _checked(settings: Settings) -> Settings:
    rules = (
        ("port", 0 <= settings.port <= 65535, "must be 0 to 65535"),
        ("workers", settings.workers >= 1, "must be at least 1"),
        ("workers", settings.workers == 1 or not settings.embedded, "above 1 needs PostgreSQL (`database`)"),
        ("occupancy", 0 < settings.occupancy <= 1, "must be above 0 and at most 1"),
        ("alias_domain", _domain(settings.alias_domain), "must be a domain in lower case, or empty"),
        ("exhaustion", settings.exhaustion in ("refuse", "queue"), "must be refuse or queue"),
        ("masking_policy", settings.masking_policy in ("gb-last4", "gb-strict"), "must be gb-last4 or gb-strict"),
        ("tombstone", settings.tombstone >= timedelta(days=365), "must be at least 365d"),
        ("quarantine", settings.quarantine >= timedelta(0), "must not be negative"),
        ("relay_sip", not settings.relay_sip or settings.relay_sip.rpartition(":")[2].isdecimal(), "must be HOST:PORT"),
        ("courier_idle_days", settings.courier_idle_days >= 0, "must not be negative"),
        ("proxies", _networks(settings.proxies), "must be networks such as 10.0.0.0/8, comma-separated"),
        ("body_limit", settings.body_limit >= 1024, "must be at least 1024"),
        (
            "log_level",
            settings.log_level in ("debug", "info", "warning", "error"),
            "must be debug, info, warning or error",
        ),
    )
    for key, holds, why in rules:
        if not holds:
            raise ConfigError(f"{key}: {why}", path=key)
    return settings


def _domain(text: str) -> bool:
    return not text or re.fullmatch(DOMAIN, text, re.ASCII) is not None


def _networks(text: str) -> bool:
    try:
        return all(ip_network(part.strip()) for part in text.split(",") if part.strip())
    except ValueError:
        return False


INITIAL = """\
# Veilway. Each setting with its meaning and default: docs/settings.md.
# An environment variable VEILWAY_<NAME> overrides a line of this file.
port = 8080
# host = "127.0.0.1"
# public_url = "https://veilway.example"
# database = "postgresql+asyncpg://veilway@localhost/veilway"
# Practice calls with POST /relay/sandbox/voice, from this machine only. Set to false before real parcels.
relay_sandbox = true
"""


def settings_page() -> str:
    """`docs/settings.md`, made from the fields above; a test keeps the two equal."""
    lines = [
        "# Settings",
        "",
        "One line each in `veilway.toml`; `VEILWAY_<NAME>` in the environment overrides the file.",
        "",
    ]
    lines += ["| name | default | meaning |", "| --- | --- | --- |"]
    for spec in fields(Settings):
        if spec.name != "dir":
            lines.append(f"| `{spec.name}` | `{_written(spec.default)}` | {spec.metadata['help']} |")
    return "\n".join(lines) + "\n"


def _written(default: Any) -> str:
    if isinstance(default, timedelta):
        seconds = default.total_seconds()
        unit = next(unit for unit in ("d", "h", "m", "s") if seconds % _UNITS[unit] == 0)
        return f"{int(seconds / _UNITS[unit])}{unit}"
    return str(default).lower() if isinstance(default, bool) else str(default)
