"""Operations that a profile does not describe: refused, or opened whole so that the detector can look at every leaf.

Knows envelopes by content type; claims nothing. Under `passthrough = "inspect"` such a request goes on only when nothing in it has a personal
shape; what it carries is then sent as it came, with the carrier's credentials and signature.
"""

from __future__ import annotations

import re
from dataclasses import replace

from carriers.claim import PERSONAL, Node
from carriers.errors import CarrierRefusal
from carriers.order import OpenOrder
from carriers.profile import Answer, CarrierProfile, Operation, Setter
from carriers.sheet import stranger_kind
from carriers.wire import WireRequest
from masking.freetext import find_personal
from masking.named import mask_named

_CODECS = (("json", "json"), ("x-www-form-urlencoded", "form"), ("xml", "xml"))


def unknown_operation(profile: CarrierProfile, request: WireRequest) -> Operation:
    """An operation for a request that matches none. Raises CarrierRefusal(code="unknown_operation") where the carrier's rule is to refuse."""
    if profile.passthrough != "inspect":
        raise CarrierRefusal(f"{profile.id} has no such operation in its profile", code="unknown_operation")
    content_type = request.headers.get("content-type", "")
    codec = next((name for word, name in _CODECS if word in content_type), "json" if request.body.strip() else "")
    model = next(iter(profile.operations.values()))
    return replace(
        model,
        id="unknown",
        effect="lookup",
        method=request.method,
        path=request.path,
        pattern=re.compile(re.escape(request.path)),
        matchers=(),
        root=_open_node(codec),
        query=_open_node("form"),
        setters=tuple(setter for setter in model.setters if _fits(setter, codec)),
        sign=model.sign
        if model.sign_into is None or model.sign_into.place != "body" or _starts(model.sign_into.text, codec)
        else None,
        unclassified="mask",
        expects=frozenset(),
        answer=Answer(_open_node(profile_codec(model))),
        lookup=None,
        host="",
        has_reference=False,
    )


def inspect(order: OpenOrder) -> None:
    """Refuse an unknown operation in which anything has a personal shape. Raises CarrierRefusal(code="passthrough_personal")."""
    for leaf in order.sheet.leaves:
        if find_personal(leaf.value) or mask_named(leaf.value) != leaf.value or stranger_kind(leaf) in PERSONAL:
            raise CarrierRefusal(
                "an operation that nobody described carries something personal",
                code="passthrough_personal",
                path=leaf.path,
            )


def profile_codec(operation: Operation) -> str:
    """The envelope that the carrier's answers come in."""
    return operation.answer.root.codec or "json"


def _open_node(codec: str) -> Node:
    node = Node()
    if codec:
        node.codec, node.inner = codec, Node()
    return node


def _fits(setter: Setter, codec: str) -> bool:
    target = setter.target
    return target.place in ("header", "query") or (target.place == "body" and _starts(target.text, codec))


def _starts(path: str, codec: str) -> bool:
    """Whether a place in the body stands in this envelope, and not inside a string of it."""
    return "~" not in path and path.startswith({"json": "$", "form": "form:", "xml": "/"}.get(codec, "?"))
