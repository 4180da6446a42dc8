"""The carriers' front: what the gateway calls, in the order it calls it. Bytes in, bytes and findings out, no I/O.

    profile.match(request) -> open_order -> [seal, lease numbers] -> veil -> [guard, commit] -> finish -> [send] -> rewrite_answer

Look-ups for the sweeper and OAuth2 tokens are in `lookup.py` and `token.py`, pushes in `push.py`, the shop's own credentials in `shop.py`.
"""

from carriers.answer import Answer, Artwork, rewrite_answer
from carriers.finish import finish, preview
from carriers.lookup import LookupAnswer, lookup_request, read_lookup
from carriers.order import OpenOrder, open_order
from carriers.push import PushEvent, PushReading, read_push
from carriers.token import parse_token, token_request
from carriers.veil import Veiled, veil

__all__ = [
    "Answer",
    "Artwork",
    "LookupAnswer",
    "OpenOrder",
    "PushEvent",
    "PushReading",
    "Veiled",
    "finish",
    "lookup_request",
    "open_order",
    "parse_token",
    "preview",
    "read_lookup",
    "read_push",
    "rewrite_answer",
    "token_request",
    "veil",
]
