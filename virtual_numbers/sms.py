"""A message to a relay number: which extension it names, what of its text may pass, and the decision.

The decision is a call's (`relay.py`), with the same rules. What passes is scrubbed of phone numbers, links, e-mails and chat
accounts, because a number that goes around the relay would be a disclosure nobody recorded. Where an extension is needed the
text begins with `#EXT`; without one the sender gets the help text once, and then silence.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, NamedTuple

from masking.text import clean
from virtual_numbers.binding import MAX_EXT_DIGITS
from virtual_numbers.relay import CallFacts, Decision, Reason, decide

MAX_TEXT = 1600  # ten concatenated segments; providers carry no more
LONGEST_CODE = 6  # digits: pick-up and door codes pass, subscriber numbers do not
REMOVED = "[***]"

HELP_ZH = "请在短信开头输入 # 和分机号，例如：#1234 您好"
HELP_EN = "Begin your message with # and the extension, for example: #1234 Hello"

_EXT = re.compile(rf"\s*#\s*([0-9]{{1,{MAX_EXT_DIGITS}}})(?![0-9])[\s,.:;，。：；、-]*")

_HAN_DIGITS = "零〇一二三四五六七八九幺两壹贰叁肆伍陆柒捌玖"
_WORDS = "zero|oh|one|two|three|four|five|six|seven|eight|nine"
_DIGIT = rf"(?:\d|[{_HAN_DIGITS}]|(?<![a-z])(?:{_WORDS})(?![a-z]))"
# What people put between digits to get a number past a filter: anything but letters, ideographs and digits.
_GAP = r"(?:[^\w]|_){0,4}"
_NUMBER = re.compile(rf"[+(]?{_DIGIT}(?:{_GAP}{_DIGIT}){{{LONGEST_CODE},}}", re.IGNORECASE)
_EMAIL = re.compile(
    r"[\w.+-]{1,64}\s?(?:@|\(at\)|\[at\])\s?[\w-]{1,63}(?:\s?(?:\.|\(dot\)|\[dot\])\s?[\w-]{1,63}){1,5}", re.IGNORECASE
)
_LINK = re.compile(
    r"(?:[a-z][a-z0-9+.-]{1,20}://|www\.)[^\s，。；！？]{1,400}"
    r"|(?<![\w@.])(?:[a-z0-9-]{1,63}\.){1,5}"
    r"(?:com|cn|net|org|io|me|co|top|xyz|vip|cc|tv|app|dev|info|biz|club|shop|site|online|link|ly|gl|gg|hk|tw|jp|kr|uk|de|fr|eu|us|ca|au|ru|in)"
    r"(?![\w-])(?:[/?:][^\s，。；！？]{0,400})?",
    re.IGNORECASE,
)
_ACCOUNT = re.compile(
    r"(?:微信|威信|薇信|v信|wechat|weixin|qq|扣扣|telegram|whatsapp|支付宝|alipay)(?:号|id|码)?\s?[:：]?\s?@?[a-z0-9_-]{5,32}",
    re.IGNORECASE,
)


class Opened(NamedTuple):
    """A text parted into the extension it begins with (or nothing) and the rest."""

    ext: str
    body: str


class Scrubbed(NamedTuple):
    """A text that may pass, and how much was cut out of it."""

    text: str
    removed: int


@dataclass(frozen=True, slots=True)
class Message:
    """The decision on a message. `text` is what may be passed on, empty unless it connects."""

    decision: Decision
    text: str = ""
    removed: int = 0
    reply: Literal["", "help"] = ""


def open_text(text: str) -> Opened:
    """Read the leading `#EXT`. The gateway looks the facts up with this extension."""
    body = clean(text, MAX_TEXT)
    found = _EXT.match(body)
    return Opened(found[1], body[found.end() :]) if found else Opened("", body)


def decide_message(facts: CallFacts, body: str, *, helped: bool) -> Message:
    """Decide on a message whose facts were found by `open_text`. `helped`: this sender has had the help text of this X today."""
    decision = decide(facts)
    if decision.action == "connect":
        passed = scrub(body)
        return Message(decision, passed.text, passed.removed)
    if decision.action == "collect":
        return Message(
            Decision("reject", Reason.EXTENSION_NEEDED, cause="extension_needed"), reply="" if helped else "help"
        )
    return Message(decision)


def scrub(text: str) -> Scrubbed:
    """Cut out e-mails, links, chat accounts and every number of more than LONGEST_CODE digits, however it is spaced or spelled."""
    text, removed = clean(text, MAX_TEXT), 0
    for pattern in (_EMAIL, _LINK, _ACCOUNT, _NUMBER):
        text, cut = pattern.subn(REMOVED, text)
        removed += cut
    return Scrubbed(text, removed)
