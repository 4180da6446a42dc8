"""Names in a text that may say anything, by the words around them: after a role (收件人, 派件员, attn, c/o, signed by …), after a verb that hands
something over (由…签收, 转交, left with), before or after a form of address (…先生, Mrs …).

Knows words, nobody's order: whoever is named so may be no party to it. A name without such a word is found by the guard where it is one of
the order's own, and by nobody where it is not: a name is a word like any other. What follows a role and is no name (门卫, front desk) stays.
"""

from __future__ import annotations

import re

from masking.names import COMPOUND, mask_name
from masking.text import any_of

# The Hundred Family Surnames, without those that are more often another word where a name might stand ("和", "时", "通").
_SURNAMES = (
    "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜戚谢邹喻柏窦章云苏潘葛奚范彭郎鲁韦昌马苗凤方俞任袁柳酆鲍史唐费廉岑薛"
    "雷贺倪汤滕殷罗毕郝邬傅皮卞齐康伍余元卜顾孟黄穆萧尹姚邵湛汪祁毛禹狄臧计伏戴谈宋茅庞熊纪舒屈项祝董梁杜阮蓝闵季麻贾路娄童颜郭梅盛林刁钟徐"
    "邱骆夏蔡田樊胡凌霍虞支柯昝管卢莫房裘缪丁宣贲邓郁洪包诸左石崔吉钮龚程嵇邢裴陆荣翁荀甄曲封芮储靳糜段富巫焦牧隗侯宓蓬郗仰仲宫宁仇栾甘厉戎"
    "祖武符刘景詹束龙叶司韶黎蓟薄印宿怀蒲邰鄂索籍赖卓蔺屠蒙池乔胥苍闻莘党翟谭贡劳逄姬申冉宰郦雍桑桂濮牛寿边扈燕冀郏尚农温庄晏柴瞿阎慕茹习宦"
    "艾鱼容古易慎戈廖庾居衡耿满弘匡寇广禄阙欧沃蔚隆师巩聂晁勾敖冷訾辛阚饶曾毋沙鞠须丰巢关蒯查荆游竺权盖桓公肖闫付邬覃田高万白江常安"
    "趙錢孫馮陳衛蔣韓楊許呂張嚴華謝鄒竇雲蘇範魯韋馬鳳湯羅畢鄔齊顧黃蕭龔賀鄭葉盧鍾駱萬閻單聶龍賴閔麥劉歐鄧吳莊陸關費龐紀項鄺藍溫饒闕勞譚邊儲顏婁賈繆宮寧榮欒鈕蘭豐賁遲馭"
)

_HAN = "[\u3400-\u4dbf\u4e00-\u9fff々〇]"
_KANA = "[\u3041-\u30ff]"
_ROLE = (
    "派件员|派送员|收派员|快递员|快遞員|快递小哥|快递师傅|配送员|配送骑手|送货员|送货师傅|揽件员|揽收员|揽投员|收件员|取件员|投递员|邮递员|业务员|驾驶员|司机|骑手"
    "|签收人|簽收人|签收者|代签人|收件人|收货人|收貨人|接收人|接货人|寄件人|寄货人|发件人|發件人|发货人|托运人|取件人|取货人|提货人|自提人|领取人|代收人|代领人"
    "|联系人|聯繫人|聯絡人|联络人|经办人|经手人|委托人|代理人|操作员|扫描员|分拣员|装卸工|安检员|负责人|录入人|录单员|站长|店长|网点经理|客服|店主|买家|卖家|收款人|付款人"
    "|受取人|届け先|担当者|お届け先|ご依頼主"
)
_NOBODY = (
    "本人|家人|他人|别人|某人|门卫|保安|前台|同事|物业|邻居|朋友|亲属|单位|公司|快递柜|自提柜|驿站|代收点|丰巢|收发室|邮件收发章|菜鸟|快递|包裹|包装|货物|快件|邮件"
    "|正在|已|稍后|即将|马上|将在|会在|会尽|请|未|不在|不便|不方|不接|不要|不能|不同|不愿|没|无|暂|需要|应当|可以|可能|要求|关于|由于|明天|明日|明早|明晚"
    "|方便|方式|方法|方面|方向|时间|地址|地点|地方|电话|手机|号码|姓名|名字|信息|单号|签名|签字|签收|盖章|公章|印章|任何|任意|路上|路口|全部|全程|全国|安排|安全|安装|平安|常用|成功"
    "|万一|白天|白色|黄色|红色|蓝色|金额|温馨|计划|水果|高兴|高峰|江北|江南|江苏|江西|安徽|常州|常熟|万州|广州|广西|金华|温州|台州|苏州|杭州|沈阳|洪山|房门|房间|门口|门外|左侧|左边|右|石材"
)
_NO_START = "将|会|不|需|须|应|可|能|要|在|到|于|与|和|及|或|的|是|为|有|把|被|给|让|按|从|向|对|车|明"
"""Words that go on with the sentence where no sign says that a name comes."""
_SOLEMN = "先生|女士|小姐|太太|师傅|老师|经理|主任|医生|阿姨|本人"
_DOTTED = rf"{_HAN}{{1,8}}[·•・]{_HAN}{{1,10}}(?:[·•・]{_HAN}{{1,10}})?"
_BARE = rf"(?:(?:{'|'.join(sorted(COMPOUND))}){_HAN}{{1,2}}|{_DOTTED}|[{_SURNAMES}]{_HAN}{{1,2}})(?!\*)"
_END = rf"(?=(?:{_SOLEMN})|(?!{_HAN}|{_KANA}|\*))"
_ANY = rf"(?:{_DOTTED}|(?:{_HAN}|{_KANA}){{2,6}}?{_END}|[가-힣]{{2,4}}(?![가-힣]))"
_HAN_NAMES = [
    # A role, a sign of punctuation or brackets: whatever name comes then. Any word for a person may be the role.
    rf"(?:{_ROLE}|[人员員者]|姓名|수령인|수취인|받는\s?분|보내는\s?분|고객명)(?:[:：为是]?\s*[【\[(（「『<《]\s*|\s*[:：]\s*)(?!{_NOBODY})(?P<marked>{_ANY})",
    # A role, and a name that begins as names do, or that stands between blanks.
    rf"(?:{_ROLE})[为是叫]?\s*(?!{_NOBODY}|{_NO_START})(?P<bare>{_BARE})",
    rf"(?:{_ROLE})\s+(?!{_NOBODY}|{_NO_START})(?P<apart>{_HAN}{{2,4}}{_END})",
    # Who does or gets something.
    rf"[由被]\s*(?!{_NOBODY}|{_NO_START})(?P<doer>{_BARE})\s*(?=代?签收|代收|代签|领取|代领|派送|派件|揽收|揽件|取件|提货|投递|送货|接收|收件|收货|配送)",
    rf"(?:转?交给?|转给|送给|交由|联系|聯繫|致电|询问|找)\s*(?!{_NOBODY}|{_NO_START})(?P<met>{_BARE}){_END}",
    rf"[【\[](?P<signed>{_DOTTED}|{_HAN}{{2,10}}?)[】\]](?=已?签收|代收)",
    # A form of address behind a whole name; a surname alone is what a mask would leave.
    rf"(?<!{_HAN})(?!{_NOBODY}|{_NO_START})(?P<addressed>{_BARE})(?=先生|女士|小姐|太太|师傅|老师|阿姨)",
]
_HAN_NAME = re.compile("|".join(_HAN_NAMES))
_FORM_OF_ADDRESS = re.compile("先生|女士|小姐|太太|师傅|老师|阿姨")
# Where no form of address stands, the search goes by what the other five begin with.
_FIRST = "".join(dict.fromkeys(re.findall(r"(?:\A|\|)(.)", _ROLE))) + "人员員者姓수받보고由被转交给送联聯致询问找【\\["
_HAN_NAME_BY_ROLE = re.compile(f"(?=[{_FIRST}])(?:{'|'.join(_HAN_NAMES[:-1])})")
_ROLE_SIGNS = re.compile("[人员員者名机手哥工장分由被交给系繫电问找】\\]客站店理家主先女小太师老阿け인분명]")
"""A text without any of these signs holds none of the words above; looking for one is fifty times as cheap as looking for all."""

LONGEST = 200  # letters of a name, hyphens included
_WORD = r"(?:[^\W\d_a-z][^\W\d_]*(?:['’\-][^\W\d_]+)*)"
_FULL = rf"(?:(?:(?:[^\W\d_a-z]\.|(?i:dr|prof|mr|mrs|ms|st)\.?)\s*)*{_WORD}(?:\s+(?:{_WORD}|[^\W\d_a-z]\.)){{0,2}})"
_LOWER = r"(?:[^\W\d_]+(?:['’\-][^\W\d_]+)*)"
_LATIN_ROLE = (
    r"signed(?:\s+for)?\s+by|received\s+by|accepted\s+by|collected\s+by|picked\s+up\s+by|delivered\s+to|released\s+to|given\s+to|handed\s+to"
    r"|hand\s+to|left\s+with|leave\s+with|deliver\s+to|ask\s+for|speak\s+to|speak\s+with|attn|attention|care\s+of|c/o|contact\s+person|contact\s+name|contact|driver|courier"
    r"|recipient|receiver|consignee|addressee|shipper|sender|consignor"
    r"|unterschrieben\s+von|angenommen\s+von|übergeben\s+an|zugestellt\s+an|abgegeben\s+bei|fahrer|empfänger|absender|z\.\s?hd\.|zu\s+händen|ansprechpartner"
    r"|signé\s+par|remis\s+à|reçu\s+par|livreur|destinataire|expéditeur|à\s+l['’]attention\s+de"
    r"|firmado\s+por|recibido\s+por|entregado\s+a|destinatario|remitente|a\s+la\s+atención\s+de|firmato\s+da|ricevuto\s+da|consegnato\s+a|mittente"
    r"|assinado\s+por|recebido\s+por|entregue\s+a|getekend\s+door|ontvangen\s+door|afgeleverd\s+bij|t\.a\.v\.|podpisał|odebrał"
)


def _in_any_case(roles: str) -> str:
    """The roles, told apart by their first letters."""
    groups: dict[str, list[str]] = {}
    for role in roles.split("|"):
        groups.setdefault(role[0], []).append(role[1:])
    cases = {first: first + first.upper() + "ſ" * (first == "s") for first in groups}
    return "|".join([f"[{cases[first]}](?i:{'|'.join(rests)})" for first, rests in groups.items()])


_LATIN_NAME = re.compile(
    r"(?<![^\W_])(?:"
    rf"(?:{_in_any_case(_LATIN_ROLE)})(?![^\W_])\.?(?:\s*[:\-–]\s*|\s+)(?P<latin>{_FULL})(?!\*)"
    rf"|(?:{_in_any_case(_LATIN_ROLE + '|name')})(?![^\W_])\.?\s*[:：]\s*(?P<small>{_LOWER}(?:[ \t]+{_LOWER}){{0,2}})(?![\w*])"
    rf"|(?:Mr|Mrs|Ms|Miss|Herrn?|Frau|Mme|Mlle|Señora?|Signora?)\.?\s+(?P<lady>{_FULL})(?!\*))"
)
_LATIN_SIGNS = re.compile(
    "zu |"
    + any_of(
        "signed received accepted collected picked deliver released given hand left leave ask speak att care c/o contact driver "
        "courier recipient receiver consign addressee shipper sender name unterschrieben angenommen übergeben zugestellt "
        "abgegeben fahrer empfänger absender z. signé remis reçu livreur destinatair expéditeur l' l’ firmado recibido "
        "entregado remitente atención firmato ricevuto consegnato mittente assinado recebido entregue getekend ontvangen "
        "afgeleverd t.a podpisał odebrał mr ms miss herr frau mme mlle señor signor"
    )
)
"""One of these, in small letters, stands in whatever the pattern finds: most texts hold none and are passed by in a microsecond."""
_LATIN_NOBODY = frozenset(
    re.findall(
        r"[^\s]+",
        """a an the our your my his her their this that any anyone anybody someone somebody nobody us me him them you it who whom
        front reception receptionist desk office neighbor neighbour neighbors neighbours mailbox mailroom mail post locker agent customer customers client recipient
        addressee shipper sender consignee receiver resident residents occupant tenant person people individual household member family wife husband son daughter
        mother father parent spouse relative friend guard security concierge doorman janitor manager management supervisor staff employee coworker colleague team service services support
        department dept receiving warehouse store shop company business building lobby room door porch garage gate side back rear patio deck garden shed safe place location address
        home house floor box basket bin number phone mobile tel email e-mail before after on upon when if for at in by and or to of with without via from as is was not no none
        available required unavailable unknown delivery deliver order parcel package packages shipment label tracking info information details center centre point station depot hub
        carrier courier driver final destination city town country signature signed access betriebsleitung nachbar nachbarn empfang pförtner kunde empfänger voisin accueil
        gardien concierge destinataire vecino portería recepción conserje destinatario ups usps fedex dhl dpd gls tnt ems vicino portiere buren receptie""",
    )
)


def mask_named(text: str) -> str:
    """Mask each name that stands with such a word, where it stands again, too."""
    if not text.isascii() and _ROLE_SIGNS.search(text):
        text = _without_han(text)
    if _LATIN_SIGNS.search(text.lower()):
        text = _without_latin(text)
    return text


def _without_han(text: str) -> str:
    pattern = _HAN_NAME if _FORM_OF_ADDRESS.search(text) else _HAN_NAME_BY_ROLE
    names = {found for match in pattern.finditer(text) for found in match.groups() if found}
    for name in sorted(names, key=len, reverse=True):
        text = text.replace(name, mask_name(name).text)
    return text


def _without_latin(text: str) -> str:
    for name in sorted(_latin_names(text), key=len, reverse=True):
        if len(name) > LONGEST:
            text = text.replace(name, mask_name(name).text)  # nobody's name, and too long to make a pattern of
            continue
        text = re.sub(rf"(?<![^\W_]){re.escape(name)}(?![^\W_*])", lambda found: mask_name(found[0]).text, text)
    return text


def _latin_names(text: str) -> set[str]:
    names: set[str] = set()
    for match in _LATIN_NAME.finditer(text):
        name = next(filter(None, match.groups()))
        if not _LATIN_NOBODY.intersection(name.lower().split()[:1]) and len(name) > 1:
            names.add(name)
    return names
