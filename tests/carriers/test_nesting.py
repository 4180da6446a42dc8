"""Any nesting of three codecs opens, is masked at the bottom, and closes again with everything else as it was."""

from __future__ import annotations

import base64
import resource
import subprocess
import sys
from itertools import product
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from carriers import envelope_cipher, envelope_form, envelope_json
from carriers.finish import finish, preview
from carriers.order import open_order
from carriers.profile import Operation
from carriers.profile_compile import compile_text
from carriers.veil import veil
from carriers.wire import WireRequest
from tests.carriers.test_finish import NOW

KEY = base64.b64encode(bytes(range(16))).decode()
CODECS = ("json", "form", "xml", "ems_sm4")
CHAINS = [
    chain
    for length in (1, 2, 3)
    for chain in product(CODECS, repeat=length)
    if chain[0] != "ems_sm4" and chain[-1] != "ems_sm4" and "ems_sm4ems_sm4" not in "".join(chain)
]
NAMES = st.text(st.characters(whitelist_categories=("Lo", "Lu", "Ll")), min_size=2, max_size=8)
NOTES = st.text(st.characters(blacklist_categories=("Cs", "Cc", "Cn", "Co")), max_size=20).map(str.strip)


def path_of(chain: tuple[str, ...]) -> str:
    """The path to the leaf `a` at the bottom."""
    steps = {"json": "$.a", "form": "form:a", "xml": "/R/a"}
    path = ""
    for codec in chain:
        path += ("~" if path and not path.endswith("~") else "") + (
            f"{codec}~" if codec in envelope_cipher.CIPHERS else steps[codec]
        )
    return path


def operation_for(chain: tuple[str, ...]) -> Operation:
    path = path_of(chain)
    notes = ", ".join(
        f'"{path_of(chain[: length + 1])[:-1]}b"'
        for length, codec in enumerate(chain)
        if codec not in envelope_cipher.CIPHERS
    )
    text = f"""
id = "nest"
name = {{ en = "Nest" }}
last_mile = "ticket"
verified = true
secrets = ["key"]
ciphers = {{ ems_sm4 = "key" }}
[[operation]]
id = "create"
effect = "create"
match = {{ path = "/" }}
fields = {{ name = ["{path}"], plain = [{notes}] }}
"""
    return compile_text(text, "nest.toml").operations["create"]


OPERATIONS = {chain: operation_for(chain) for chain in CHAINS}


def wrapped(value: str, note: str, chain: tuple[str, ...]) -> bytes:
    """`value` at the bottom of the chain, a note beside it at each level."""
    raw = value.encode()
    for codec in reversed(chain):
        inner = raw.decode()
        if codec == "json":
            raw = envelope_json.dumps({"a": inner, "b": note})
        elif codec == "form":
            raw = envelope_form.dumps(
                envelope_form.Form([envelope_form.Field("a", inner), envelope_form.Field("b", note)], "utf-8")
            )
        elif codec == "xml":
            root = etree.Element("R")
            etree.SubElement(root, "a").text = inner
            etree.SubElement(root, "b").text = note or None
            raw = etree.tostring(root, encoding="utf-8")
        else:
            raw = envelope_cipher.encrypt(codec, raw, KEY, "")
    return raw


@settings(max_examples=4, suppress_health_check=[HealthCheck.differing_executors])
@given(name=NAMES, note=NOTES)
@pytest.mark.parametrize("chain", CHAINS, ids=["-".join(chain) for chain in CHAINS])
def test_a_nest_opens_is_masked_and_closes(chain: tuple[str, ...], name: str, note: str) -> None:
    operation = OPERATIONS[chain]
    body = wrapped(name, note, chain)
    order = open_order(operation, WireRequest("POST", "/", "", {}, body), keys={"ems_sm4": KEY})
    assert [value for _, _, _, value in order.fields] == [name]
    made = veil(order, relays={})
    masked = made.restore_map[0][3]
    assert finish(made, {"key": KEY}, now=NOW, nonce="n").body == wrapped(masked, note, chain)


ATTACKS = {
    "deep json": b"[" * 100_000,
    "deep objects": b'{"a":' * 100_000,
    "deep json in a string": envelope_json.dumps({"a": "[" * 100_000}),
    "billion laughs": b'<!DOCTYPE a [<!ENTITY x0 "ha">'
    + b"".join(b'<!ENTITY x%d "&x%d;&x%d;">' % (n, n - 1, n - 1) for n in range(1, 60))
    + b"]><R>&x59;</R>",
    "deep xml": b"<R>" * 100_000,
    "many fields": b"a=1&" * 1_000_000,
    "many duplicates": b"{" + b'"a":1,' * 100_000 + b'"a":1}',
    "long number": b'{"a":' + b"9" * 1_000_000 + b"}",
    "many parts": b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n\r\n' * 10_000,
}
PROBE = """
import resource, sys
from tests.carriers.test_nesting import ATTACKS, OPERATIONS
from carriers.errors import CarrierRefusal
from carriers.order import open_order
from carriers.rewrite import rewrite_answer
from carriers.wire import WireReply, WireRequest
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for name, body in ATTACKS.items():
    for chain, operation in OPERATIONS.items():
        if chain == ("json", "json") if name == "deep json in a string" else len(chain) == 1:
            try:
                open_order(operation, WireRequest("POST", "/", "", {}, body))
            except CarrierRefusal:
                pass
            else:
                sys.exit("opened")
            assert rewrite_answer(operation, None, WireReply(200, {}, body)).outcome == "unknown"
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def test_bombs_are_refused_with_flat_memory() -> None:
    """Measured in a process of its own: the figure is the growth of its peak in KiB."""
    done = subprocess.run([sys.executable, "-c", PROBE], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr[-500:]
    assert int(done.stdout) < 64 * 1024


@pytest.mark.slow
@settings(max_examples=20_000, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    body=st.one_of(
        st.binary(max_size=400),
        st.text(max_size=200).map(str.encode),
        st.lists(
            st.sampled_from(
                [
                    b"{",
                    b"}",
                    b"[",
                    b"]",
                    b'"',
                    b":",
                    b",",
                    b"a",
                    b"=",
                    b"&",
                    b"%",
                    b"<R>",
                    b"</R>",
                    b"<a>",
                    b"</a>",
                    b"&#1;",
                    b"|$4|",
                    b"\\u",
                    b"--x",
                    b"\r\n",
                ]
            ),
            max_size=40,
        ).map(b"".join),
    ),
    chain=st.sampled_from(CHAINS),
)
def test_long_no_bytes_crash_a_parser(body: bytes, chain: tuple[str, ...]) -> None:
    from carriers.errors import CarrierRefusal

    made: Any = None
    try:
        made = veil(
            open_order(OPERATIONS[chain], WireRequest("POST", "/", "", {}, body), keys={"ems_sm4": KEY}), relays={}
        )
    except CarrierRefusal as refusal:
        assert refusal.code  # noqa: PT017
    if made is not None:
        assert preview(made).body is not None


def test_this_process_stays_small() -> None:
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss < 1024 * 1024
