"""A name becomes its first letter and two stars; a compound surname keeps both its letters. Knows names, nothing else.

GB/T 41833-2022 asks that at least one Han character of a name be hidden. The star run has a fixed length, so that the
length of the name is not told either. Companies are masked as names: an employer is personal information too.
"""

from __future__ import annotations

import re
import unicodedata

from masking.personal import Masked, masked
from masking.text import clean, words

_COMPOUND_LETTERS = 2
LIMIT = 256  # no register writes longer names; the first letter is found well before
STARS = "**"

COMPOUND = words(
    "欧阳 歐陽 司马 司馬 上官 诸葛 諸葛 司徒 夏侯 皇甫 尉迟 尉遲 公孙 公孫 慕容 令狐 宇文 长孙 長孫 东方 東方 独孤 獨孤 "
    "南宫 南宮 端木 呼延 轩辕 軒轅 钟离 鍾離 鐘離 赫连 赫連 拓跋 澹台 澹臺 濮阳 濮陽 淳于 申屠 太史 闻人 聞人 万俟 "
    "公冶 宗政 鲜于 鮮于 闾丘 閭丘 司空 亓官 颛孙 顓孫 巫马 巫馬 漆雕 乐正 樂正 拓拔 百里 东郭 東郭 南门 南門 西门 西門 "
    "公羊 梁丘 左丘 第五 段干 谷梁 穀梁 羊舌 爨氏 纳兰 納蘭 完颜 完顏 耶律"
)
"""Two-letter surnames of the Hundred Family Surnames and of the dynastic houses, simplified and traditional."""

_BRACKETS = re.compile(r"[(\[{<〔【〖《〈「『][^()\[\]{}<>〔〕【】〖〗《》〈〉「」『』]*[)\]}>〕】〗》〉」』]")
_LABEL = re.compile(
    r"\A\s*(?:收件人|收货人|收貨人|寄件人|发件人|發件人|联系人|聯繫人|聯絡人|姓名|名字|收|寄|name|attn|attention|to|from|c/o)\s*[::.]\s*(?=\S)",
    re.IGNORECASE,
)
_TITLE = re.compile(
    r"(?:先生|女士|小姐|太太|老师|老師|师傅|師傅|经理|經理|老板|老闆|医生|醫生|同学|同學|阿姨|收|启|啟|寄|亲启|親啟)+(?![^\W\d_])"
)
_COVER = frozenset("*●○■□◯×✕✖█▇")
"""Marks that platforms print in the place of a hidden letter."""


def mask_name(text: str) -> Masked:
    """Mask a person's or a company's name. Anything but letters and their marks is dropped."""
    return masked(name_pair(text))


def name_pair(text: str) -> tuple[str, str]:
    """What `mask_name` gives, as a plain pair: for an order's names, of which only the text is asked."""
    name = clean(text, LIMIT)
    if not name.isalpha():
        return _mask_letters(_plain_name(name)) if name else Masked("", "empty")
    if name[:2] in COMPOUND:
        if len(name) > _COMPOUND_LETTERS and not _TITLE.match(name, _COMPOUND_LETTERS):
            return name[:_COMPOUND_LETTERS] + STARS, "name_compound"
        return _mask_letters(name)
    return (name[0] + STARS, "name_first_letter") if len(name) > 1 else (STARS, "name_single_letter")


def mask_company(text: str) -> Masked:
    """Mask a recipient's organisation as a name."""
    name, reason = name_pair(text)
    return masked((name, "company_as_name" if name else reason))


def _plain_name(name: str) -> str:
    """Take labels and bracketed remarks off, as long as a letter remains."""
    if name.replace(" ", "").isalpha():
        return name  # of nothing but letters: neither is there
    name = _LABEL.sub("", name)
    bare = _BRACKETS.sub(" ", name)
    return bare if any(map(str.isalpha, bare)) else name


def _mask_letters(name: str) -> Masked:
    start = 0
    if not name[0].isalpha():
        start = next((i for i, ch in enumerate(name) if ch.isalpha() or ch in _COVER), -1)
        if start < 0:
            return Masked(STARS, "name_no_letter")
    if name[start] in _COVER:
        return Masked(STARS, "name_premasked")  # its surname is hidden, so what follows is the given name
    if name[start : start + 2] in COMPOUND and _goes_on(name, start + 2):
        return Masked(name[start : start + 2] + STARS, "name_compound")
    end = _letter_end(name, start)
    rest = name[end:]
    if not any(map(str.isalpha, rest)) and _COVER.isdisjoint(rest):
        return Masked(STARS, "name_single_letter")
    return masked((name[start:end] + STARS, "name_first_letter"))


def _goes_on(name: str, at: int) -> bool:
    """Tell whether a given name follows the compound surname: 欧阳 alone, or with a title, may be surname 欧 and given name 阳."""
    rest = name[at : at + 1]
    return rest != "" and (rest in _COVER or rest.isalpha()) and not _TITLE.match(name, at)


def _letter_end(name: str, start: int) -> int:
    """Where the letter's own combining marks end."""
    end = start + 1
    while end < len(name) and unicodedata.category(name[end])[0] == "M":
        end += 1
    return end
