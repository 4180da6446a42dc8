"""A packed body comes out whole, in whatever pieces it arrives, and never longer than its limit."""

from __future__ import annotations

import gzip
import tracemalloc
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.unpacking import Broken, TooLong, Unpacked

PLAIN = b'{"waybillNo":"SF7000000000001"}' * 40


def bare(plain: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(plain) + packer.flush()


PACKED = {
    "gzip": ("gzip", gzip.compress(PLAIN)),
    "gzip in two members": ("gzip", gzip.compress(PLAIN[:500]) + gzip.compress(PLAIN[500:])),
    "deflate": ("deflate", zlib.compress(PLAIN)),
    "deflate without its two bytes": ("deflate", bare(PLAIN)),
}


@pytest.mark.parametrize("name", PACKED)
@given(cut=st.integers(1, 400))
def test_in_whatever_pieces_it_comes(name: str, cut: int) -> None:
    encoding, packed = PACKED[name]
    stream, found = Unpacked(encoding), b""
    for start in range(0, len(packed), cut):
        found += stream.more(packed[start : start + cut], len(PLAIN) - len(found))
    assert found == PLAIN and stream.whole


@pytest.mark.parametrize("name", PACKED)
def test_one_byte_past_the_limit_is_too_long(name: str) -> None:
    encoding, packed = PACKED[name]
    with pytest.raises(TooLong):
        Unpacked(encoding).more(packed, len(PLAIN) - 1)


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
def test_a_bomb_takes_no_more_memory_than_the_limit(encoding: str) -> None:
    plain = b"\0" * (64 << 20)
    bomb = gzip.compress(plain) if encoding == "gzip" else zlib.compress(plain)
    del plain
    tracemalloc.start()
    with pytest.raises(TooLong):
        Unpacked(encoding).more(bomb, 100_000)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1_000_000


@pytest.mark.parametrize(
    "packed",
    [b"plain text", gzip.compress(PLAIN) + b"rest", gzip.compress(PLAIN)[:-8] + b"12345678"],
    ids=["not packed", "more behind it", "another sum"],
)
def test_what_is_not_packed_so_is_broken(packed: bytes) -> None:
    with pytest.raises(Broken):
        Unpacked("gzip").more(packed, 100_000)


def test_what_was_cut_off_is_not_whole_and_nothing_is() -> None:
    stream = Unpacked("gzip")
    assert stream.whole
    stream.more(gzip.compress(PLAIN)[:-1], 100_000)
    assert not stream.whole
