"""A shop that speaks with a carrier's SDK as it is: credentials that Veilway issues in the carrier's own shape.

They are verified with the signer that signs towards the carrier, within its replay window, so that nothing but base URL and
credentials changes. Where the carrier hands out OAuth2 tokens, the gateway answers the token endpoint with tokens of its own,
which name the credential and expire, and which nothing but this keyring can make.
"""

from __future__ import annotations

import base64
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import replace

from sqlalchemy import Connection, insert, select

from carriers.errors import CarrierRefusal
from carriers.profile import CarrierProfile
from carriers.shop import (
    cipher_keys,
    credential_id,
    is_token_request,
    issue,
    presented,
    read_token_request,
    token_reply,
    verify_shop,
)
from carriers.wire import WireReply, WireRequest
from gateway.identity import Shop, Unauthenticated
from gateway.ids import key_digest
from gateway.secrets_box import open_secrets, seal_secrets
from gateway.service import Service
from gateway.store import reads
from gateway.store.tables import shop_credentials, shops
from masking.errors import VeilwayError

TOKEN = "vt_"  # noqa: S105 - the prefix, not a token
TOKEN_SECONDS = 3600
ADVICE = "a Veilway key is needed (Authorization: Bearer vw_… or X-Veilway-Key), or a credential that Veilway issued for this carrier"


class ShopCredentials:
    """Issue and verify."""

    def __init__(self, service: Service) -> None:
        self._service = service

    async def issue(self, name: str, carrier: str, actor: str) -> dict[str, str]:
        """A credential for a shop, shown once. Raises `no_shop_credential` where the profile describes none."""
        service = self._service
        profile = service.profile(carrier)
        made = issue(profile, secrets.token_bytes)
        login = _kept(profile, credential_id(profile, made))
        sealed = seal_secrets(service.keys.keyring, f"{carrier} {login}", made)

        def work(connection: Connection) -> str:
            shop = connection.execute(select(shops.c.id).where(shops.c.name == name)).scalar()
            if shop is None:
                raise VeilwayError("no shop has this name", code="bad_argument", path="name")
            now = int(service.clock().timestamp() * 1000)
            row = {"carrier": carrier, "login": login, "shop": shop, "secret": sealed, "created_at": now}
            connection.execute(insert(shop_credentials), row)
            return str(shop)

        def entry(shop: str) -> bytes:
            detail = {"carrier": carrier, "secrets": sorted(made)}
            return service.record("shop.credential_issued", tenant=shop, actor=actor, subject=shop, detail=detail)

        await service.change(work, entry)
        return made

    async def verify(self, carrier: str, request: WireRequest) -> Shop:
        """The shop that sent this request. Raises `unauthenticated`; why is not told."""
        profile = self._service.profile(carrier)
        try:
            came = presented(profile, request)
            if came.id.startswith(TOKEN):
                login = self._read_token(carrier, came.id)
                return (await self._stored(carrier, login))[0]
            shop, credential = await self._stored(carrier, _kept(profile, came.id))
            verify_shop(profile, profile.match(request), request, credential, now=self._service.clock())
        except CarrierRefusal:
            raise Unauthenticated(ADVICE) from None
        keys = cipher_keys(profile, credential)
        return replace(shop, keys=keys) if keys else shop

    async def token(self, profile: CarrierProfile, request: WireRequest) -> WireReply | None:
        """The answer to a shop that asks for a token in the carrier's way; None where the request asks for something else."""
        if profile.shop_credential is None or not is_token_request(profile, request):
            return None
        try:
            given = read_token_request(profile, request)
            login = _kept(profile, credential_id(profile, given))
        except (CarrierRefusal, KeyError):
            raise Unauthenticated(ADVICE) from None
        _shop, credential = await self._stored(profile.id, login)
        if not _equal(given, credential):
            raise Unauthenticated(ADVICE)
        return token_reply(profile, self._make_token(profile.id, login), TOKEN_SECONDS)

    async def _stored(self, carrier: str, login: str) -> tuple[Shop, dict[str, str]]:
        row = await self._service.database.read(lambda connection: reads.shop_credential(connection, carrier, login))
        if row is None:
            raise Unauthenticated(ADVICE)
        shop, hotline, sealed = row
        return Shop(shop, hotline), open_secrets(self._service.keys.keyring, f"{carrier} {login}", sealed)

    def _make_token(self, carrier: str, login: str) -> str:
        until = int(self._service.clock().timestamp()) + TOKEN_SECONDS
        said = base64.urlsafe_b64encode(f"{until}.{login}".encode()).decode().rstrip("=")
        return f"{TOKEN}{said}.{self._mac(carrier, said)}"

    def _read_token(self, carrier: str, token: str) -> str:
        said, _, mac = token.removeprefix(TOKEN).partition(".")
        if not hmac.compare_digest(mac, self._mac(carrier, said)):
            raise Unauthenticated(ADVICE)
        until, _, login = base64.urlsafe_b64decode(said + "=" * (-len(said) % 4)).decode().partition(".")
        if self._service.clock().timestamp() >= int(until):
            raise Unauthenticated(ADVICE)
        return login

    def _mac(self, carrier: str, said: str) -> str:
        return hmac.digest(self._service.keys.keyring.tenant_key("shop token", carrier), said.encode(), "sha256").hex()


def _kept(profile: CarrierProfile, login: str) -> str:
    """By what a credential is found in the store: its public id, or a digest where there is none beside the secret."""
    alone = profile.shop_credential is not None and len(profile.shop_credential.issue) == 1
    return key_digest(login).hex() if alone else login


def _equal(given: Mapping[str, str], stored: Mapping[str, str]) -> bool:
    if given.keys() != stored.keys():
        return False
    return all(hmac.compare_digest(given[name].encode(), stored[name].encode()) for name in stored)
