"""Reads `tests/carriers/unseen`: samples of APIs that have no payload folder, with the answer written into each personal value.

`{{kind party}}value` marks a value (party `s`, `r`, `t`, or `*` where either reading is fair); `{{JSON …}}`, `{{RAW …}}` and `{{JSTR …}}` hold what is
encoded into the format around it. `load` gives the clean body and the truth by path.
"""

import json
import re
from pathlib import Path
from urllib.parse import quote

from carriers.leaves import format_of, leaves

FOLDER = Path(__file__).parent / "unseen"
_MARK = re.compile(r"\{\{([a-z_]+) ([srt*])\}\}")
_PARTY = {"s": "sender", "r": "recipient", "t": "third_party", "*": "*"}


def names() -> list[str]:
    return sorted(path.name for path in FOLDER.iterdir())


def load(name: str) -> tuple[bytes, str, dict[str, tuple[str, str]]]:
    """The body without marks, its format, and path -> (kind, party)."""
    text, fmt = (FOLDER / name).read_text(encoding="utf-8").strip(), format_of(name)
    marked = _encode(text, fmt, marks=True)
    truth = {}
    for leaf in leaves(marked, fmt):
        if found := _MARK.match(leaf.text):
            truth[leaf.path] = (found[1], _PARTY[found[2]])
    return _encode(text, fmt, marks=False), fmt, truth


def _encode(text: str, fmt: str, *, marks: bool) -> bytes:
    if not marks:
        text = _MARK.sub("", text)
    if fmt == "form":
        return "&".join(_field(pair) for pair in re.split(r"&(?=\w+=)", text)).encode()
    if "{{JSTR " in text:
        head, _, rest = text.partition("{{JSTR ")
        text = head + json.dumps(rest.rpartition("}}}")[0]) + "}"
    return text.encode()


def _field(pair: str) -> str:
    name, _, value = pair.partition("=")
    for opener in ("{{JSON ", "{{RAW "):
        if value.startswith(opener):
            value = value[len(opener) :].rpartition("}}")[0]
    return f"{name}={quote(value)}"
