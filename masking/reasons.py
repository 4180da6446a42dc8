"""What each reason code says to a person who asks why a value was cut: one sentence in Chinese, one in English.

The codes are part of the product's face: they stand in `--explain`, in audit entries and in `docs/masking.md`, and stay as
they are. `party.py` and the maskers give them; this file decides nothing.
"""

from __future__ import annotations

from typing import NamedTuple


class Sentence(NamedTuple):
    """One reason in both languages."""

    zh: str
    en: str


REASONS: dict[str, Sentence] = {
    "empty": Sentence("没有内容", "nothing was given"),
    # names.py
    "name_first_letter": Sentence(
        "只留第一个字，其余以两个星号代替", "the first letter stays, two stars stand for the rest"
    ),
    "name_compound": Sentence(
        "复姓两字保留，名字隐藏", "a compound surname keeps its two letters, the given name is hidden"
    ),
    "name_single_letter": Sentence("只有一个字，全部隐藏", "one letter only: hidden whole"),
    "name_no_letter": Sentence("没有文字，全部隐藏", "no letter at all: hidden whole"),
    "name_premasked": Sentence(
        "姓已被隐藏，余下的是名，不得露出",
        "the surname came hidden, so what follows is the given name and stays hidden",
    ),
    "company_as_name": Sentence(
        "单位名称按姓名处理", "a company is masked as a name: an employer is personal information"
    ),
    # phones.py
    "phone_mobile": Sentence(
        "手机号留首位和末几位，中间至少隐藏六位",
        "a Chinese mobile keeps its 1 and the last digits, six or more are hidden",
    ),
    "phone_landline": Sentence(
        "固话留区号，用户号隐藏六位", "a landline keeps its area code, six subscriber digits are hidden"
    ),
    "phone_international": Sentence(
        "保留国家号，国内号码至少隐藏六位", "the country code stays, six national digits or more are hidden"
    ),
    "phone_other": Sentence(
        "号码形式不明，至少隐藏六位，不足六位则全部隐藏",
        "unknown shape: six digits or more are hidden, a shorter number whole",
    ),
    "phone_letters": Sentence("号码中有字母，全部隐藏", "a number written with letters is hidden whole"),
    "phone_several": Sentence("多个号码分别隐藏", "several numbers, each masked by its own rule"),
    "phone_no_digits": Sentence("没有数字，全部隐藏", "no digit at all: hidden whole"),
    "relay_in_clear": Sentence(
        "虚拟号码按策略明文显示", "a relay number stands in clear: it leads to nobody once its binding is over"
    ),
    # contacts.py
    "email_public_domain": Sentence(
        "公共邮箱域名保留，帐号隐藏", "everyone's mail domain stays, the account is hidden"
    ),
    "email_private_domain": Sentence(
        "自有域名可能就是姓名或单位，一并隐藏",
        "a private domain may be the surname or the employer: hidden with the account",
    ),
    "email_malformed": Sentence("不是邮箱的形式，全部隐藏", "not the shape of an e-mail: hidden whole"),
    "id_ends": Sentence("证件号留首尾各一位", "the first and the last letter or digit stay"),
    "id_short": Sentence("不足六位，全部隐藏", "under six letters and digits: hidden whole"),
    "id_malformed": Sentence("不是证件号的形式，全部隐藏", "not the shape of a number: hidden whole"),
    # addresses_han.py
    "door_word": Sentence("从楼栋、单元、楼层或房号起隐藏", "cut where building, entrance, floor or room begins"),
    "door_number": Sentence(
        "道路以外的门牌号起隐藏", "cut at a number that belongs to no road: a house, a stall or a room"
    ),
    "door_chain": Sentence(
        "连写的楼栋、单元、房号（如12-3-1001）起隐藏", "cut at a chain of building, entrance and room (12-3-1001)"
    ),
    "door_letter": Sentence("以字母命名的楼栋起隐藏", "cut at a building that is named by a letter"),
    "door_in_lane": Sentence(
        "弄内门牌即楼号，从弄后隐藏", "in a numbered lane the number is the building: cut behind the lane"
    ),
    "door_entrance": Sentence(
        "出入口编号之后是门户，从出入口起隐藏", "a numbered entrance with a door behind it: cut at the entrance"
    ),
    "door_market_street": Sentence("市场内的街号起隐藏", "cut at an aisle of a market"),
    "door_village_group": Sentence("村组内的门牌，从组起隐藏", "a house in a village group: cut at the group"),
    "door_premasked": Sentence(
        "来件已隐藏门牌，原样保留星号之前的部分", "the door came hidden; what stands before the stars stays"
    ),
    "road_number": Sentence("没有楼栋房号，隐藏路名后的门牌号", "no building or room: the road number is the door"),
    "addressee": Sentence("隐藏地址中的收件人", "a person's name or contact within the address is hidden"),
    "no_unit": Sentence("没有门牌，未作改动", "nothing looks like a door; unchanged"),
    # addresses_latin.py
    "unit": Sentence("隐藏单元、楼层、房号", "unit, floor, building or room is hidden"),
    "house_number": Sentence("没有房号，隐藏门牌号", "no unit: the house number is hidden"),
    "postbox": Sentence("隐藏邮箱号", "the number of a post box is hidden"),
    # postcodes.py
    "postcode_routing": Sentence("邮编只到投递区域，全部保留", "a postcode that names only a town or quarter stays"),
    "postcode_covered": Sentence(
        "邮编中指向街段或门户的部分隐藏", "the part of a postcode that names a street side or a door is hidden"
    ),
    "postcode_unknown": Sentence("邮编形式不明，只留前三位", "unknown shape: the first three letters or digits stay"),
    # freetext.py
    "text_clean": Sentence("文本中没有发现个人信息", "nothing personal was found in the text"),
    "text_scrubbed": Sentence(
        "文本中的电话、邮箱、证件号和门牌已隐藏", "phones, e-mails, ids and door parts in the text are hidden"
    ),
    "text_crowded": Sentence("个人信息过多，全部隐藏", "too many personal values for a remark: hidden whole"),
    # party.py
    "plain_under_full_scope": Sentence(
        "承运方法规要求明文，经授权并留痕",
        "the carrier's law demands the plain value; allowed under a named, audited scope",
    ),
}


def explain(reason: str) -> Sentence:
    """The sentences of a code; an unknown code explains itself by its name."""
    return REASONS.get(reason) or Sentence(reason, reason)
