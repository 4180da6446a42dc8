"""Who may scan: a courier's token of ours or their carrier's signed word, from where and on which device. Grants no field.

Everybody who is turned away is told one thing; the reason stands in our log. What a request says of itself in a header is
believed of nobody: address and certificate are the connection's own, or a trusted proxy's word (`http/peer.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from msgspec import Struct
from sqlalchemy import Connection, update

from gateway.carrier_keys import FRESH, CarrierKeys
from gateway.identity import Courier, no_courier
from gateway.ids import COURIER_TOKEN
from gateway.logs import log
from gateway.service import Service
from gateway.settings import ConfigError
from gateway.store.tables import couriers
from gateway.upstream import LOOPBACK, Route
from masking.carrier_token import CarrierIdentity, CarrierTokenRefused, KeySet, verify_token
from masking.couriers import Admission, Enrolment, refusal
from masking.device_proof import DeviceKey, ProofRefused, verify_proof
from masking.errors import VeilwayError
from masking.moments import moment
from masking.vault import blind_index

WRITTEN_EVERY_MS = 86_400_000
VOUCHED = 10_000  # tokens whose signature is not checked again at once; a scan a minute each would be 1.3 ms of a core
TRUSTED = timedelta(seconds=FRESH)
"""How long a signature stands for itself: as long as fetched keys do, so that a key withdrawn by its carrier ends with them."""


class DeviceEnrolled(VeilwayError):
    """Another device is enrolled for this token."""

    code = "device_enrolled"


class Knock(Struct, frozen=True):
    """One request at the door."""

    token: str
    method: str
    target: str
    """Path and query, as sent."""
    body: bytes
    proof: str
    address: str
    fingerprint: str
    """SHA-256 of the client's certificate, hex; empty without one."""


def courier_rules(given: Mapping[str, Any]) -> dict[str, Any]:
    """What a carrier asks of couriers, checked; empty values are left out. Raises `config_invalid` or `enrolment_invalid`."""
    rules = {name: value for name, value in given.items() if value}
    known = {"issuer", "audience", "jwks", "networks", "fingerprints", "device_proof", "narrow"}
    for name in rules.keys() - known:
        raise ConfigError(f"{name}: no rule for couriers; there are {', '.join(sorted(known))}", path=name)
    if not rules.get("issuer"):
        rules = {name: value for name, value in rules.items() if name not in ("audience", "jwks")}
    for name in ("audience", "jwks") if "issuer" in rules else ():
        if name not in rules:
            raise ConfigError(f"{name}: couriers' tokens of an issuer need it", path=name)
    jwks = rules.get("jwks")
    if isinstance(jwks, str):
        parts = urlsplit(jwks)
        if not parts.hostname or (parts.scheme != "https" and parts.hostname not in LOOPBACK):
            raise ConfigError("jwks: keys are fetched from an https:// address", path="jwks")
    elif jwks is not None:
        KeySet.from_jwks(jwks)
    admission(rules, None)
    if "narrow" in rules:
        try:
            ZoneInfo(str(rules["narrow"]))
        except (ValueError, OSError, KeyError):
            raise ConfigError(
                "narrow: a time zone such as Asia/Shanghai, whose midnight ends a courier's day", path="narrow"
            ) from None
    return rules


def admission(rules: Mapping[str, Any], idle_days: int | None) -> Admission:
    """The rules of place and use. Raises `enrolment_invalid`."""
    networks, fingerprints = (tuple(rules.get(name) or ()) for name in ("networks", "fingerprints"))
    return Admission.of(idle_days=idle_days, networks=networks, fingerprints=fingerprints)


@dataclass(frozen=True, slots=True)
class _Vouched:
    """A carrier's word that was checked: for whom, by which rules, when."""

    courier: Courier
    rules: Mapping[str, Any]
    at: datetime


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a carrier asks of its couriers, as its route says."""

    route: Route | None
    admission: Admission
    device_proof: bool


@lru_cache(VOUCHED)
def _enrolment(begun: int, expires: int | None, used: int | None, suspended: bool) -> Enrolment:
    """From milliseconds; the same until the account changes, which is once a day."""
    ends, last = (None if ms is None else moment(ms) for ms in (expires, used))
    return Enrolment(moment(begun), ends, None, last, suspended)


@lru_cache(4096)
def _device(text: str) -> DeviceKey:
    return DeviceKey.parse(text)


class CourierDoor:
    """The door of one process; it holds fetched keys in memory."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._keys = CarrierKeys()
        self._vouched: dict[tuple[str, str], _Vouched] = {}
        self._asked: dict[str, _Asked] = {}

    async def admit(self, knock: Knock) -> Courier:
        """The courier who asks. Raises `courier_unauthenticated`, `carrier_token_refused` or `proof_refused`."""
        now = self._service.clock()
        courier = await self._admitted(knock, now)
        if courier.device_key:
            await self._prove(knock, courier, courier.device_key, now)
        elif self._asked_by(courier.carrier).device_proof:
            log.info("courier.refused", courier=courier.id, reason="no_device")
            raise ProofRefused("this carrier's couriers scan with an enrolled device only")
        await self._note_use(knock.token, courier, now)
        return courier

    async def enrol(self, knock: Knock, device_key: str) -> Courier:
        """Bind the token to the device whose key signed this very request. Once; again by the same device does no harm."""
        now = self._service.clock()
        courier = await self._admitted(knock, now)
        await self._prove(knock, courier, device_key, now)
        if courier.vouched:
            raise DeviceEnrolled("a carrier's own token is bound by its carrier, not here")
        if courier.device_key == device_key:
            return courier

        def work(connection: Connection) -> None:
            free = (couriers.c.id == courier.id, couriers.c.device_key == "")
            if not connection.execute(update(couriers).where(*free).values(device_key=device_key)).rowcount:
                raise DeviceEnrolled("another device is enrolled; `veilway courier reset-device` frees the token")

        entry = self._service.record(
            "courier.device_enrolled", tenant="", actor=f"courier:{courier.id}", subject=courier.id
        )
        await self._service.change(work, entry)
        return await self._service.identity.courier(knock.token)

    async def _admitted(self, knock: Knock, now: datetime) -> Courier:
        identity = self._service.identity
        ours = knock.token.startswith(COURIER_TOKEN) or knock.token.count(".") != 2
        courier = await identity.courier(knock.token) if ours else await self._vouched_for(knock.token, now)
        suspended = courier.vouched and await identity.suspended(courier)
        enrolment = _enrolment(courier.enrolled_at, courier.expires_at, courier.last_used_at, suspended)
        rules = self._asked_by(courier.carrier).admission
        why = refusal(enrolment, rules, now=now, address=knock.address, fingerprint=knock.fingerprint)
        if why:
            log.info("courier.refused", courier=courier.id, reason=why)
            raise no_courier()
        if courier.vouched:
            return replace(courier, serves=await identity.station(courier.carrier, courier.station))
        return courier

    def _rules(self, carrier: str) -> Mapping[str, Any]:
        route = self._service.routes.get(carrier)
        return dict(route.options.get("couriers") or {}) if route else {}

    def _asked_by(self, carrier: str) -> _Asked:
        """Read once a route: routes are replaced when they change, never altered."""
        route, held = self._service.routes.get(carrier), self._asked.get(carrier)
        if held is None or held.route is not route:
            rules, days = self._rules(carrier), self._service.settings.courier_idle_days or None
            held = self._asked[carrier] = _Asked(route, admission(rules, days), bool(rules.get("device_proof")))
        return held

    async def _prove(self, knock: Knock, courier: Courier, key: str, now: datetime) -> None:
        nonce = verify_proof(
            knock.proof,
            key=_device(key),
            method=knock.method,
            target=knock.target,
            body=knock.body,
            token=knock.token,
            now=now,
        )
        await self._service.neighbours.spend(courier.id, nonce, now)

    async def _note_use(self, token: str, courier: Courier, now: datetime) -> None:
        """Once a day: an account's last use decides when it is a leaver's, and a write for each scan would be dear."""
        at = int(now.timestamp() * 1000)
        if courier.vouched or at - (courier.last_used_at or 0) < WRITTEN_EVERY_MS:
            return
        self._service.identity.used(token, courier, at)
        await self._service.database.write(
            lambda connection: connection.execute(
                update(couriers).where(couriers.c.id == courier.id).values(last_used_at=at)
            )
        )

    # -- carriers' own tokens

    async def _vouched_for(self, token: str, now: datetime) -> Courier:
        refused: CarrierTokenRefused | None = None
        for carrier in sorted(self._service.routes):
            rules = self._rules(carrier)
            if not rules.get("issuer"):
                continue
            found = self._vouched.get((carrier, token))
            if found is not None and found.rules == rules and timedelta(0) <= now - found.at < TRUSTED:
                return found.courier
            try:
                return self._remember(token, _Vouched(await self._verified(token, carrier, rules, now), rules, now))
            except CarrierTokenRefused as error:
                refused = error
        raise refused or no_courier()

    async def _verified(self, token: str, carrier: str, rules: Mapping[str, Any], now: datetime) -> Courier:
        issuer, audience = str(rules["issuer"]), str(rules["audience"])
        keys = await self._keys.of(rules["jwks"])
        try:
            said = verify_token(token, keys=keys, issuer=issuer, audience=audience, now=now)
        except CarrierTokenRefused as error:
            if error.path != "header" or not isinstance(rules["jwks"], str):
                raise
            # Perhaps a key that the carrier has only just begun to use.
            keys = await self._keys.of(rules["jwks"], anew=True)
            said = verify_token(token, keys=keys, issuer=issuer, audience=audience, now=now)
        return self._courier(carrier, said, now)

    def _courier(self, carrier: str, said: CarrierIdentity, now: datetime) -> Courier:
        # The carrier's id of a person may be their staff number or phone: we keep a keyed index of it.
        id = "cou_" + blind_index(self._service.keys.keyring, "#couriers", carrier, said.subject).hex()
        begun, ends = int(now.timestamp() * 1000), int(said.expires.timestamp() * 1000)
        return Courier(
            id, carrier, said.role.value, said.station, expires_at=ends, enrolled_at=begun, vouched=True
        )  # fmt: skip

    def _remember(self, token: str, found: _Vouched) -> Courier:
        if len(self._vouched) >= VOUCHED:
            self._vouched.clear()
        self._vouched[found.courier.carrier, token] = found
        return found.courier
