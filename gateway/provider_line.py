"""The hop to number providers: one request out, its answer read, each fault typed, each account at its own pace and health.

A provider's answer is read by its dialect and its text goes nowhere: it may quote a number. No redirect is followed, nothing is
retried here. What is `sent = False` proves that the provider never had the request.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from typing import TypeVar

import aiohttp
from yarl import URL

from gateway.accounts import Account
from gateway.metrics import Metrics
from virtual_numbers.errors import ProviderRefused
from virtual_numbers.health import Health
from virtual_numbers.providers.wire import MAX_BODY, Fault, ProviderFault, Request

T = TypeVar("T")
CONNECT_SECONDS, ANSWER_SECONDS = 3.0, 10.0


class LineFault(ProviderFault):
    """A request that failed. `sent` is False only where the provider cannot have had it."""

    def __init__(self, fault: Fault, theirs: str, *, sent: bool) -> None:
        super().__init__(fault, theirs)
        self.sent = sent


class ProviderLine:
    """All accounts' lines. Holds their health and pace in memory: a new process finds out for itself."""

    def __init__(self, clock: Callable[[], datetime], metrics: Metrics) -> None:
        self._clock = clock
        self._metrics = metrics
        self._health: dict[str, Health] = {}
        self._next: dict[str, float] = {}

    def health(self, account: str) -> Health:
        """How an account does, as far as this process has seen."""
        return self._health.get(account, Health())

    def forget(self, account: str) -> None:
        """The account was changed: what was seen of it is no longer true."""
        self._health.pop(account, None)

    @asynccontextmanager
    async def open(self) -> AsyncIterator[aiohttp.ClientSession]:
        """A client for a round of requests."""
        timeout = aiohttp.ClientTimeout(total=ANSWER_SECONDS, sock_connect=CONNECT_SECONDS)
        jar = aiohttp.DummyCookieJar()
        skipped = ("User-Agent", "Accept", "Accept-Encoding")
        async with aiohttp.ClientSession(
            cookie_jar=jar, trust_env=False, timeout=timeout, skip_auto_headers=skipped
        ) as http:
            yield http

    async def ask(
        self,
        http: aiohttp.ClientSession,
        account: Account,
        action: str,
        make: Callable[[datetime, str], Request],
        read: Callable[[int, bytes], T],
    ) -> T:
        """One exchange: `make(now, nonce)` signs the request when its turn has come. Raises LineFault."""
        await self._pace(account)
        request = make(self._clock(), secrets.token_hex(16))
        try:
            answer = await _exchange(http, request)
            found = read(*answer)
        except LineFault as fault:
            self._note(account, action, fault.fault)
            raise
        except ProviderFault as fault:
            self._note(account, action, fault.fault)
            raise LineFault(fault.fault, fault.theirs, sent=True) from None
        except ProviderRefused as error:
            # An answer that is none, as from a proxy in between: what the provider did with the request is not known.
            self._note(account, action, Fault.RETRY)
            raise LineFault(Fault.RETRY, error.code, sent=True) from None
        self._note(account, action, None)
        return found

    def _note(self, account: Account, action: str, fault: Fault | None) -> None:
        self._health[account.name] = self.health(account.name).after(fault, self._clock())
        outcome = "ok" if fault is None else fault.value
        self._metrics.provider_requests.labels(account.name, action, outcome).inc()

    async def _pace(self, account: Account) -> None:
        """Wait for this request's turn: never more than the account's rate, however many ask at once."""
        now = asyncio.get_running_loop().time()
        turn = max(now, self._next.get(account.name, now))
        self._next[account.name] = turn + 1 / account.rate
        if turn > now:
            await asyncio.sleep(turn - now)


async def _exchange(http: aiohttp.ClientSession, request: Request) -> tuple[int, bytes]:
    try:
        async with http.request(
            request.method,
            URL(request.url, encoded=True),
            data=request.body or None,
            headers=dict(request.headers),
            allow_redirects=False,
        ) as reply:
            body = b""
            async for part in reply.content.iter_any():
                body += part
                if len(body) > MAX_BODY:
                    raise LineFault(Fault.RETRY, "answer_too_long", sent=True)
            return reply.status, body
    except aiohttp.ClientConnectorError:
        raise LineFault(Fault.RETRY, "no_connection", sent=False) from None
    except TimeoutError as error:
        unsent = isinstance(error, aiohttp.ConnectionTimeoutError)
        raise LineFault(Fault.RETRY, "no_answer_in_time", sent=not unsent) from None
    except (aiohttp.ClientError, ValueError, OSError) as error:
        raise LineFault(Fault.RETRY, type(error).__name__, sent=True) from None
