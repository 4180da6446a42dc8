"""The table of verbs and what they share: who asks, names, moments. Knows no verb."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Any

from gateway.flows import Flows
from gateway.service import Service
from masking.errors import VeilwayError

Params = dict[str, Any]
Op = Callable[[Service, Flows, Params], Awaitable[Any]]
OPS: dict[str, Op] = {}
_NAME = re.compile(r"[\w .@+-]{1,64}")


class OpRefused(VeilwayError):
    """The verb's arguments do not fit."""

    code = "bad_argument"


def op(name: str) -> Callable[[Op], Op]:
    """Put a function into the table."""

    def enter(function: Op) -> Op:
        OPS[name] = function
        return function

    return enter


def named(params: Params, what: str) -> str:
    """The `name` argument, checked."""
    name = str(params.get("name", "")).strip()
    if not _NAME.fullmatch(name):
        raise OpRefused(f"a {what}'s name has 1 to 64 letters, digits, blanks, dots, hyphens or @", path="name")
    return name


def now_ms(service: Service) -> int:
    """Now, in milliseconds."""
    return int(service.clock().timestamp() * 1000)
