"""Questions to number providers: what do you hold under this handle, what on this number? Nothing is changed there, nobody disclosed.

A provider's answer holds a real number; it is compared with the binding by its keyed index and goes no further.
"""

from __future__ import annotations

import aiohttp

from gateway.accounts import Account
from gateway.flows.relays import party_index
from gateway.provider_line import LineFault, ProviderLine
from masking.keyring import Keyring
from masking.phones import normalise_phone
from virtual_numbers.binding import Binding
from virtual_numbers.providers.pushed import Seen, bare_x, same_place
from virtual_numbers.providers.wire import Bound, Fault

PAGES = 100  # of a hundred bindings each; a number carries 5,000 at most


class ProviderAsk:
    """Asks over a line."""

    def __init__(self, line: ProviderLine, keyring: Keyring) -> None:
        self._line = line
        self._keyring = keyring

    async def about(self, http: aiohttp.ClientSession, account: Account, bound: Bound) -> Seen | None:
        """What stands under a handle; None where it is unknown or over. Raises LineFault."""
        query, read = account.dialect.query, account.dialect.read_seen
        return await self._line.ask(http, account, "query", lambda now, nonce: query(bound, now=now, nonce=nonce), read)

    async def on(self, http: aiohttp.ClientSession, account: Account, x: str, ext: str) -> list[Seen]:
        """What stands on a number, or at one of its extensions. An entry may be a handle alone. Raises LineFault."""
        listing, read = account.dialect.list_on, account.dialect.read_listed
        found: list[Seen] = []
        for page in range(1, PAGES + 1):
            try:
                seen, more = await self._line.ask(
                    http, account, "list", lambda now, nonce, page=page: listing(x, ext, now=now, nonce=nonce, page=page), read  # type: ignore[misc]
                )  # fmt: skip
            except LineFault as fault:
                if fault.fault is Fault.GONE:
                    return found
                raise
            found += seen
            if not more:
                break
        return found

    async def find(
        self, http: aiohttp.ClientSession, account: Account, binding: Binding, out_id: str, known: set[str]
    ) -> Seen | None:
        """The provider's own binding that carries ours, where it holds one under a handle not `known`. Raises LineFault."""
        for seen in await self.on(http, account, binding.x, binding.ext):
            if seen.handle in known:
                continue
            whole = (
                seen if seen.x else await self.about(http, account, Bound(seen.handle, bare_x(binding.x), binding.ext))
            )
            if whole is not None and self._carries(whole, binding, out_id):
                return whole
        return None

    def _carries(self, seen: Seen, binding: Binding, out_id: str) -> bool:
        if seen.out_id:
            return seen.out_id == out_id
        return same_place((seen.x, seen.ext), (binding.x, binding.ext)) and self.right_target(seen, binding)

    def right_target(self, seen: Seen, binding: Binding) -> bool:
        """Whether the phone behind it is the party's. A provider that does not tell is believed."""
        phone = normalise_phone(seen.a) if seen.a else ""
        return not seen.a or (bool(phone) and party_index(self._keyring, binding.x, phone) == binding.party)
