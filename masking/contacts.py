"""E-mail addresses and identity numbers, masked. Neither is printed on a label; pages and copies show them like this.

Knows the two shapes and nothing of whose they are. What does not have the shape is hidden whole.
"""

from __future__ import annotations

import re

from masking.names import mask_company
from masking.personal import Masked
from masking.text import clean, words

__all__ = ["PUBLIC_PROVIDERS", "mask_company", "mask_email", "mask_id"]

EMAIL_LIMIT = 320  # RFC 5321: 64 of local part, the sign, 255 of domain
ID_LIMIT = 64  # the longest identity and customs numbers are half of that
HIDDEN = "***"

PUBLIC_PROVIDERS = words(
    "qq.com foxmail.com vip.qq.com 163.com 126.com yeah.net vip.163.com 188.com sina.com sina.cn sohu.com 139.com 189.cn "
    "wo.cn 21cn.com aliyun.com tom.com gmail.com googlemail.com outlook.com hotmail.com live.com msn.com yahoo.com "
    "ymail.com icloud.com me.com mac.com aol.com proton.me protonmail.com gmx.com gmx.de gmx.net web.de t-online.de "
    "freenet.de mail.com mail.ru yandex.ru yandex.com orange.fr free.fr laposte.net wanadoo.fr sfr.fr libero.it "
    "hotmail.co.uk hotmail.fr hotmail.de yahoo.co.uk yahoo.co.jp yahoo.fr yahoo.de yahoo.com.hk yahoo.com.tw "
    "btinternet.com sky.com docomo.ne.jp ezweb.ne.jp softbank.ne.jp i.softbank.jp naver.com daum.net hanmail.net "
    "nate.com comcast.net verizon.net att.net sbcglobal.net cox.net shaw.ca rogers.com bigpond.com optusnet.com.au "
    "zoho.com fastmail.com tutanota.com hey.com"
)
"""Mail domains open to everyone: they tell nothing about a person. A private domain often is the surname or the employer."""

_GENERIC_TLDS = words("com net org edu gov mil int info biz name pro mobi asia app dev xyz top shop site online")
_LOCAL = re.compile(r"[^\s@,;:<>()\[\]\"\\]+")
_GROUP = re.compile(r"[A-Za-z0-9*]+")  # a group without a digit is a word: a label before the number, a name behind it
_DOMAIN = re.compile(r"(?:[^\s@,;:<>()\[\]\"\\.]+\.)+([^\s@,;:<>()\[\]\"\\.]+)")


def mask_email(text: str) -> Masked:
    """Keep the first character of the local part, and a domain only where it is everyone's."""
    mail = clean(text, EMAIL_LIMIT + 1)
    if not mail:
        return Masked("", "empty")
    local, _, domain = mail.partition("@")
    shape = _DOMAIN.fullmatch(domain)
    if shape is None or len(mail) > EMAIL_LIMIT or _LOCAL.fullmatch(local) is None:
        return Masked(HIDDEN, "email_malformed")
    first = local[0] if len(local) > 1 and local[0].isalnum() else ""
    domain = domain.lower()
    if domain in PUBLIC_PROVIDERS:
        return Masked(f"{first}{HIDDEN}@{domain}", "email_public_domain")
    return Masked(f"{first}{HIDDEN}@{HIDDEN}{_public_suffix(domain)}", "email_private_domain")


def _public_suffix(domain: str) -> str:
    """The top-level domain where it is a country's or a general one; a brand's own could be a surname."""
    suffix = domain.rpartition(".")[2]
    return f".{suffix}" if (len(suffix) == 2 and suffix.isascii()) or suffix in _GENERIC_TLDS else f".{HIDDEN}"


def mask_id(text: str) -> Masked:
    """Keep the first and the last letter or digit of an identity, passport, tax or customs number; under six keep none."""
    number = clean(text, ID_LIMIT + 1)
    if not number:
        return Masked("", "empty")
    signs = "".join([group for group in _GROUP.findall(number) if not group.isalpha()]) or "".join(
        _GROUP.findall(number)
    )
    if len(signs) > ID_LIMIT or not signs:
        return Masked(HIDDEN, "id_malformed")
    if len(signs) < 6:
        return Masked("*" * len(signs), "id_short")
    return Masked(signs[0] + "*" * (len(signs) - 2) + signs[-1], "id_ends")
