"""Names and addresses that nobody listed, by the words around them: what a label shows as `Ship to: …` or `12 High Street`.

Complements `masking/freetext.py`, which knows phones, e-mails, ids and Chinese door parts. A bare foreign name is out of reach:
only the order's own values (`lint.Plain`) find that.
"""

from __future__ import annotations

import re

from masking.addresses import mask_address
from masking.freetext import find_personal, mask_text
from masking.names import mask_name
from masking.personal import Kind

_STREET = re.compile(
    r"\b\d+[A-Za-z]?,?\s+(?:\w+\s+){0,4}(?:st|street|ave|avenue|rd|road|ln|lane|dr|drive|blvd|boulevard|way|court|ct|terrace|loop|hwy)\b"
    r"|\b(?:apt|apartment|unit|suite|ste|flat)\b\.?\s*#?\d+\w*|\b\w+(?:stra(?:ß|ss)e|gasse|weg|laan|gracht)\s+\d+",
    re.IGNORECASE,
)
_AFTER_WORD = re.compile(
    r"((?:收件人|收货人|寄件人|发件人|联系人|姓名|\battn|\battention|\brecipient|\bconsignee|\bship to|\bdeliver to)[\s:：.]+)"
    r"([^\s\d*][^\d\n,，:：]{0,40})",
    re.IGNORECASE,
)
_HAN_NAME = re.compile(
    "[王李张刘陈杨黄赵吴周徐孙朱胡郭何林梁宋郑谢韩唐冯邓曹彭曾肖田董袁潘蒋蔡余杜叶苏魏吕丁沈姚卢姜崔钟谭汪范廖贾韦][\u3400-\u9fff]{1,2}"
)
_AREA = re.compile("[省市区县镇州路街村站园城口店仓港]$")
_STAR = "*"


def mask_shapes(text: str) -> str:
    """The text with everything masked that looks personal."""
    if _is_han_name(text):
        return mask_name(text.strip()).text
    named = _AFTER_WORD.sub(lambda match: match[1] + _named(match[2]), text)
    if _STREET.search(named) and _STAR not in named:
        named = mask_address(named).text
    return mask_text(named).text


def personal_kinds(text: str) -> list[str]:
    """The kinds of what looks personal and is not masked."""
    kinds: list[str] = [span.kind for span in find_personal(text)]
    after = _AFTER_WORD.search(text)
    if (after is not None and _named(after[2]) != after[2]) or _is_han_name(text):
        kinds.append(Kind.NAME)
    if _STAR not in text and _STREET.search(text):
        kinds.append(Kind.ADDRESS_LINE)
    return list(dict.fromkeys(kinds))


def _named(name: str) -> str:
    """A name masked, blanks around it kept; one with stars already stays."""
    bare = name.strip()
    return name if not bare or _STAR in name else name.replace(bare, mask_name(bare).text)


def _is_han_name(text: str) -> bool:
    leaf = text.strip()
    return _HAN_NAME.fullmatch(leaf) is not None and _AREA.search(leaf) is None
