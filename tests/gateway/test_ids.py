"""Ids sort by time and say nothing; keys can be scanned for and are stored as digests."""

from __future__ import annotations

import re
import zlib

from gateway.ids import COURIER_TOKEN, SHOP_KEY, key_digest, new_id, new_key


def test_ids_sort_by_their_moment_and_never_meet() -> None:
    ids = [new_id("shp", ms) for ms in (1, 2, 10**12, 10**12 + 1)]
    assert ids == sorted(ids) and all(re.fullmatch(r"shp_[0-9a-f]{32}", id) for id in ids)
    assert len({new_id("shp", 5) for _ in range(2000)}) == 2000


def test_a_key_has_its_prefix_and_a_checksum_that_tells_it_from_a_look_alike() -> None:
    for prefix in (SHOP_KEY, COURIER_TOKEN):
        body, check = new_key(prefix).removeprefix(prefix)[:40], new_key(prefix)[-8:]
        assert len(body) == 40 and re.fullmatch(r"[0-9a-f]{8}", check)
    key = new_key(SHOP_KEY).removeprefix(SHOP_KEY)
    assert key[40:] == f"{zlib.crc32(key[:40].encode()):08x}"


def test_only_a_digest_is_stored() -> None:
    key = new_key(SHOP_KEY)
    assert len(key_digest(key)) == 32 and key_digest(key) != key_digest(key + "x")
