"""Paths into a carrier's documents: text -> steps. Knows the notation; knows no document, no kind and no masking.

The notation is that of the sample payloads, with `[]` for every item of a list and `{a,b}` for alternatives:

    $.a.b[].c          a JSON body             form:x        a form field          query:x   header:x   path:x
    $['odd key']       a key in quotes         part:x        a multipart part      (outside the body)
    /A/B/@c            an XML body             ~             opens the string at this point: ~$ as JSON, ~/ as XML,
                       (namespaces dropped)                  ~form: as a form, ~sm4~ or another cipher's name deciphers it first
    $.a.*              any one key             $.a.**        everything below (only for what is plain or free text)

A list may hold one item without being a list: `Package[]` also matches a single object, as several carriers write it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

from carriers.errors import ProfileError, shown_key

OUTSIDE = ("query", "header", "path")
ALTERNATIVES = 5000  # the widest list of any carrier so far has a hundred
ITEMS = "[]"
ANY = "*"
ANY_DEPTH = "**"

_PLAIN_KEY = re.compile(r"[^\W\d][\w\-]*")
_JSON_STEP = re.compile(r"\.(?P<any>\*\*?)|\.(?P<key>[\w\-@:]+)|(?P<items>\[\])|\['(?P<odd>[^'\]]+)'\]")
_XML_STEP = re.compile(r"/(?P<any>\*\*?)|/(?P<name>@?[\w\-.]+)")
_FIELD = re.compile(r"(?P<codec>form|part):(?P<name>[^~$/]+)")
_CIPHER = re.compile(r"[a-z][a-z0-9_]*")
_BRACES = re.compile(r"\{([^{}]*)\}")


class Step(NamedTuple):
    """`open` a string with the codec `name`, go to the `key` called `name`, to every of the `items`, or to `any`."""

    verb: str
    name: str


def expand(text: str) -> list[str]:
    """All paths that `{a,b}` stands for, each once; braces may nest. Raises ProfileError(code="path_invalid") where they are too many."""
    found = list(dict.fromkeys(islice(_expand(text), ALTERNATIVES + 1)))
    if len(found) > ALTERNATIVES:
        raise ProfileError(f"a path stands for more than {ALTERNATIVES} others", code="path_invalid")
    return found


def _expand(text: str) -> Iterator[str]:
    found = _BRACES.search(text)
    if found is None:
        yield text
        return
    for choice in found[1].split(","):
        yield from _expand(text[: found.start()] + choice.strip() + text[found.end() :])


def parse(text: str) -> tuple[Step, ...]:
    """The steps of an absolute path. Raises ProfileError(code="path_invalid") with the place of the first bad character."""
    steps: list[Step] = []
    at = 0
    while at < len(text):
        if text[at] == "~":
            at += 1
        at = _open(text, at, steps)
    if not steps:
        raise ProfileError("an empty path", code="path_invalid")
    return tuple(steps)


def straight(steps: tuple[Step, ...]) -> tuple[str, tuple[str, ...]] | None:
    """The path of the JSON document that a place is in, "" for the whole body, and the keys to it from there. None where it takes more than keys.

    A list on the way is left out, for it may be a single item: only a document that has one there needs the steps themselves.
    """
    keys: list[str] = []
    document, path, before = "", "$", ""
    for verb, name in steps:
        if verb == "open" and name == "json" and before in ("", "key"):
            if before:
                document, path, keys = path, f"{path}~$", []
        elif verb == "key" and before:
            path = child(path, name)
            keys.append(name)
        elif verb != "items":
            return None
        before = verb
    return (document, tuple(keys)) if before == "key" else None


def join(base: str, relative: str) -> str:
    """`relative` below `base`; one that is absolute stays as it is."""
    if not base or relative.startswith(("$", "/", "form:", "part:", "query:", "header:", "path:")):
        return relative
    if base.endswith(":"):
        return base + relative
    if mode(base) == "xml":
        return f"{base}/{relative}" if not base.endswith("/") else base + relative
    return base + relative if relative.startswith("[") else f"{base}.{relative}"


def mode(path: str) -> str:
    """In which notation a path goes on: json, xml or form."""
    last = path.rsplit("~", 1)[-1]
    if last.startswith(("form:", "part:")):
        return "json" if "$" in last else "form"
    return "xml" if last.startswith("/") else "json"


def child(path: str, key: str) -> str:
    """The path of a JSON key as reports write it."""
    return f"{path}.{key}" if _PLAIN_KEY.fullmatch(key) else f"{path}['{key}']"


def shown_child(path: str, key: str) -> str:
    """The path of a key that nobody described, fit for an error."""
    return f"{path}.{shown_key(key)}"


def _open(text: str, at: int, steps: list[Step]) -> int:
    field = _FIELD.match(text, at)
    if field:
        steps += [Step("open", "form" if field["codec"] == "form" else "multipart"), Step("key", field["name"])]
        return field.end()
    if text.startswith("$", at):
        steps.append(Step("open", "json"))
        return _follow(text, at + 1, steps, _json_step)
    if text.startswith("/", at):
        steps.append(Step("open", "xml"))
        return _follow(text, at, steps, _xml_step)
    cipher = _CIPHER.match(text, at)
    if cipher and cipher.end() < len(text) and text[cipher.end()] == "~":
        steps.append(Step("open", cipher[0]))
        return cipher.end()
    raise ProfileError(f"the path {text!r} cannot be read from character {at + 1}", code="path_invalid")


def _follow(text: str, at: int, steps: list[Step], one: object) -> int:
    while at < len(text) and text[at] != "~":
        at = one(text, at, steps)  # type: ignore[operator]
    return at


def _json_step(text: str, at: int, steps: list[Step]) -> int:
    found = _JSON_STEP.match(text, at)
    if found is None:
        raise ProfileError(f"the path {text!r} cannot be read from character {at + 1}", code="path_invalid")
    if found["items"]:
        steps.append(Step("items", ITEMS))
    elif found["any"]:
        steps.append(Step("any", found["any"]))
    else:
        steps.append(Step("key", found["key"] or found["odd"]))
    return found.end()


def _xml_step(text: str, at: int, steps: list[Step]) -> int:
    found = _XML_STEP.match(text, at)
    if found is None:
        raise ProfileError(f"the path {text!r} cannot be read from character {at + 1}", code="path_invalid")
    steps.append(Step("any", found["any"]) if found["any"] else Step("key", found["name"]))
    return found.end()
