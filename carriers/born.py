"""What is born at the carrier: its couriers', depots' and signers' data, in fields and in free text, masked.

Knows the words that carriers put before a name ("派件员", "signed by"); knows no order. A name without such a word is found by the guard where
it is one of the order's own, and by nobody where it is not: a name is a word like any other.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from carriers.sheet import Leaf
from masking.addresses import mask_address
from masking.contacts import mask_company, mask_email, mask_id
from masking.freetext import mask_text
from masking.names import COMPOUND, mask_name
from masking.personal import Kind, Masked
from masking.phones import mask_phone

# Surnames of the Hundred Family Surnames that are not more often another word ("和", "时", "通").
_SURNAMES = (
    "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜戚谢邹喻柏窦章云苏潘葛奚范彭郎鲁韦昌马苗凤方俞任袁柳酆鲍史唐费廉岑薛"
    "雷贺倪汤滕殷罗毕郝邬傅皮卞齐康伍余元卜顾孟黄穆萧尹姚邵湛汪祁毛禹狄臧计伏戴谈宋茅庞熊纪舒屈项祝董梁杜阮蓝闵季麻贾路娄童颜郭梅盛林刁钟徐"
    "邱骆夏蔡田樊胡凌霍虞支柯昝管卢莫房裘缪丁宣贲邓郁洪包诸左石崔吉钮龚程嵇邢裴陆荣翁荀甄曲封芮储靳糜段富巫焦牧隗侯宓蓬郗仰仲宫宁仇栾甘厉戎"
    "祖武符刘景詹束龙叶司韶黎蓟薄印宿怀蒲邰鄂索籍赖卓蔺屠蒙池乔胥苍闻莘党翟谭贡劳逄姬申冉宰郦雍桑桂濮牛寿边扈燕冀郏尚农温庄晏柴瞿阎慕茹习宦"
    "艾鱼容古易慎戈廖庾居衡耿满弘匡寇广禄阙欧沃蔚隆师巩聂晁勾敖冷訾辛阚饶曾毋沙鞠须丰巢关蒯查荆游竺权盖桓公肖闫付邬覃于田"
)
_NAME, _FREE_TEXT = Kind.NAME, Kind.FREE_TEXT
_NAME_WORD = 3  # letters from which a first or last name is looked for alone
_HAN = "[\u3400-\u9fff]"
_TITLE = (
    "派件员|派送员|收派员|快递员|快递小哥|配送员|配送骑手|揽件员|揽收员|收件员|取件员|投递员|业务员|司机|签收人|签收者|收件人|寄件人|发件人|收货人|发货人"
    "|取件人|代收人|联系人|经办人|操作员|扫描员|负责人|录入人"
)
_NOBODY = "本人|家人|他人|门卫|前台|同事|物业|邻居|朋友|亲属|保安|单位|公司|快递柜|驿站|代收点|丰巢|收发室|邮件收发章|菜鸟|正在|已经|稍后|即将"
_AFTER_MARK = rf"(?:{_HAN}{{1,8}}[·•・]{_HAN}{{1,10}}|{_HAN}{{2,4}}?(?=本人|先生|女士|{_HAN}{{0}}(?![\u3400-\u9fff])))"
_BARE = (
    rf"(?:(?:{'|'.join(sorted(COMPOUND))}){_HAN}{{1,2}}|{_HAN}{{1,8}}[·•・]{_HAN}{{1,10}}|[{_SURNAMES}]{_HAN}{{1,2}})"
)
_HAN_NAME = re.compile(
    rf"(?:{_TITLE})(?:(?:[:：为是]\s*)?[【\[(（「]\s*|\s*[:：]\s*)(?!{_NOBODY})(?P<marked>{_AFTER_MARK})|(?:{_TITLE})[为是]?\s*(?!{_NOBODY})(?P<bare>{_BARE})|[【\[](?P<signed>{_HAN}{{1,8}}[·•・]?{_HAN}{{1,10}}?)[】\]](?=签收|已签收|代收)"
)
_WORD = r"[^\W\d_a-z][^\W\d_]*(?:['’.\-][^\W\d_]+)*\.?"
_LATIN_NAME = re.compile(
    r"(?i:\b(?:signed(?:\s+for)?\s+by|received\s+by|accepted\s+by|collected\s+by|delivered\s+to|left\s+with|handed\s+to|picked\s+up\s+by|ask\s+for|contact|driver|courier|attn"
    r"|unterschrieben\s+von|angenommen\s+von|übergeben\s+an|zugestellt\s+an|fahrer|signé\s+par|remis\s+à|reçu\s+par|livreur|firmado\s+por|recibido\s+por)\b)"
    rf"(?:\s*[:\-]\s*|\s+)(?P<latin>{_WORD}(?:\s+{_WORD}){{0,2}})"
)
_LATIN_NOBODY = frozenset(
    [
        "the",
        "a",
        "an",
        "our",
        "your",
        "front",
        "reception",
        "neighbor",
        "neighbour",
        "mailbox",
        "locker",
        "agent",
        "customer",
        "recipient",
        "addressee",
        "shipper",
        "sender",
        "door",
        "porch",
        "garage",
    ]
)


def mask_born(leaf: Leaf) -> Masked:
    """Mask a field that the carrier wrote."""
    match leaf.rule.kind:
        case Kind.NAME:
            return mask_name(leaf.value)
        case Kind.PHONE:
            return mask_phone(leaf.value) if not leaf.rule.part else Masked("*" * len(leaf.value), "phone_part")
        case Kind.EMAIL:
            return mask_email(leaf.value)
        case Kind.ADDRESS_LINE:
            return mask_address(leaf.value) if leaf.rule.part != "house" else Masked("**", "house_number")
        case Kind.COMPANY:
            return mask_company(leaf.value)
    return mask_id(leaf.value)


def scrub(text: str, beside: list[Leaf]) -> str:
    """A free text without phones, e-mails, ids and doors, names after a title, and the personal values that stand in fields `beside` it."""
    return mask_text(mask_named(without_known(text, beside, _born_text))).text


def _born_text(leaf: Leaf) -> str:
    return mask_born(leaf).text


def without_known(text: str, leaves: list[Leaf], stand_in: Callable[[Leaf], str]) -> str:
    """A text in which no value of these leaves stands, and no first or last name of a full name either."""
    known = [leaf for leaf in leaves if leaf.rule.kind is not _FREE_TEXT and len(leaf.value) > 1]
    standing = [leaf for leaf in known if leaf.value in text]
    for leaf in sorted(standing, key=lambda leaf: -len(leaf.value)):
        text = text.replace(leaf.value, stand_in(leaf))
    for leaf in known:
        if leaf.rule.kind is _NAME and " " in leaf.value:
            for word in leaf.value.split():
                if len(word) >= _NAME_WORD and word in text:
                    text = re.sub(rf"\b{re.escape(word)}\b", lambda found: mask_name(found[0]).text, text)
    return text


def mask_named(text: str) -> str:
    """Mask each name that stands after a title, where it stands again, too."""
    names: set[str] = set()
    if not text.isascii():
        names = {found for match in _HAN_NAME.finditer(text) for found in match.groups() if found}
    names |= {
        match["latin"] for match in _LATIN_NAME.finditer(text) if match["latin"].split()[0].lower() not in _LATIN_NOBODY
    }
    for name in sorted(names, key=len, reverse=True):
        text = text.replace(name, mask_name(name).text)
    return text
