"""Documents out of paths and values: forms, JSON, XML, multipart, and each inside the other, in the order the paths come.

The reverse of reading: used to ask carriers (`lookup.py`) and to answer as one (`sandbox/practice.py`). Knows codecs and steps, no meaning. Namespaces
are not in paths, so XML comes without them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lxml import etree

from carriers import envelope_cipher, envelope_form, envelope_json
from carriers.envelope_form import Form
from carriers.fieldpath import Step

Branch = dict[Step, Any]
_BOUNDARY = "veilway-practice"


def compose(
    leaves: list[tuple[tuple[Step, ...], str]], charset: str = "utf-8", keys: Mapping[str, str] | None = None
) -> bytes:
    """The document; later values of one path win. `keys` holds, by cipher name, the key of what is ciphered; without it that stays in clear."""
    tree: Branch = {}
    for steps, value in leaves:
        branch = tree
        for step in steps[:-1]:
            below = branch.setdefault(step, {})
            if not isinstance(below, dict):
                below = branch[step] = {}  # what seemed a leaf has something below it
            branch = below
        if not isinstance(branch.get(steps[-1]), dict):
            branch[steps[-1]] = value
    return _opened(tree, charset, keys or {}) if tree else b""


def _opened(branch: Branch, charset: str, keys: Mapping[str, str]) -> bytes:
    """The bytes of a branch whose one step opens a codec."""
    step, inner = next(iter(branch.items()))
    if step.name in envelope_cipher.CIPHERS:
        document = _opened(inner, charset, keys)
        return envelope_cipher.encrypt(step.name, document, keys[step.name], "") if step.name in keys else document
    match step.name:
        case "form":
            form = Form([], charset)
            for key, value in inner.items():
                form.put(key.name, value if isinstance(value, str) else _opened(value, charset, keys).decode())
            return envelope_form.dumps(form)
        case "xml":
            ((root, below),) = inner.items()
            return etree.tostring(_element(root.name, below), encoding="utf-8")
        case "multipart":
            parts = [_part(key.name, value, charset, keys) for key, value in inner.items()]
            return b"".join(parts) + f"--{_BOUNDARY}--\r\n".encode()
    return envelope_json.dumps(_json(inner, charset, keys))


def _part(name: str, value: Any, charset: str, keys: Mapping[str, str]) -> bytes:
    content = value.encode() if isinstance(value, str) else _opened(value, charset, keys)
    kind = "text/plain" if isinstance(value, str) else "application/json"
    return (
        f'--{_BOUNDARY}\r\nContent-Type: {kind}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'.encode()
        + content
        + b"\r\n"
    )


def _json(branch: Any, charset: str, keys: Mapping[str, str]) -> Any:
    if isinstance(branch, str):
        return branch
    first = next(iter(branch))
    if first.verb == "open":
        return _opened(branch, charset, keys).decode()
    if first.verb == "items":
        return [_json(branch[first], charset, keys)]
    return {step.name: _json(value, charset, keys) for step, value in branch.items() if step.verb == "key"}


def _element(name: str, branch: Any) -> etree._Element:
    element = etree.Element(name)
    if isinstance(branch, str):
        element.text = branch
        return element
    for step, value in branch.items():
        if step.name.startswith("@"):
            element.set(step.name[1:], value)
        elif step.verb == "key":
            element.append(_element(step.name, value))
    return element
