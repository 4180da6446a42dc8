"""Addresses in Chinese characters: the route stays, the door goes."""

from __future__ import annotations

import re

from masking.personal import Masked

STARS = "****"
_DOOR = re.compile(
    r"(?:附|甲|乙|第)?[0-9A-Za-z一二三四五六七八九十零百]+(?:[-#/][0-9A-Za-z]+)*(?:号楼|號樓|单元|單元|幢|栋|棟|座|楼|樓|层|層|室|房|户|门|门牌|铺|组|号|號|单|撞|懂)"
    r"|[0-9]+(?:[-#/_][0-9A-Za-z]+)+|[0-9]+"
)


def mask_han(text: str) -> Masked:
    found = _DOOR.search(text)
    if not found:
        return Masked(text, "no_unit")
    return Masked(text[: found.start()] + STARS, "door_cut")
