"""What a value looks like: a phone, an e-mail, a line of an address, somebody's name, a sentence, a blob. Knows text alone, never its key.

Shapes are deliberately loose: `infer.py` asks them whether a value can be what its key says, and lets only the strict ones
(`is_certain_phone`, `is_street_line`, `is_certain_id`) speak without a key.
"""

from __future__ import annotations

import re

_EMAIL = re.compile(r"(?:mailto:)?[^\s@,;<>]+@[^\s@,;<>]+\.[^\s@,;<>]{2,}|[^<>@]{1,80}<[^\s@<>]+@[^\s@<>]+>")
_DATE = re.compile(
    r"\d{4}[-/.年]\d{1,2}([-/.月]\d{1,2}日?)?([T ].*)?|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}([T ,].*)?|\d{1,2}:\d{2}(:\d{2})?(\.\d+)?( ?[ap]m)?|(19|20)\d{2}[01]\d[0-3]\d(\d{4,6})?",
    re.I,
)
_URL = re.compile(r"(?i)(https?|ftp|wss?|data|urn|file):\S+|www\.\S+|/[\w./-]+")
_UUID = re.compile(r"(?i)[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}")
_BLOB = re.compile(r"[A-Za-z0-9+/=_\-\s]{80,}")
_DECIMAL = re.compile(r"[-+]?\d*[.,]\d+|[-+]?\d+[.]")
_PHONE = re.compile(r"(?i)[+(（]?[\d*][\d\s().\-–/*+（）]*(?:(?:#|x|ext\.?|转|轉|分机|,|;|p|w)\s*\d{1,6})?")
_CERTAIN_PHONE = re.compile(
    r"\+\d[\d\s().\-]{6,18}\d"  # E.164, with any dividers
    r"|(?:(?:\+|00)?86[- ]?)?1[3-9]\d[- ]?\d{4}[- ]?\d{4}(?:[-转]\d{3,6})?"  # a Chinese mobile, perhaps relayed
    r"|0\d{2,3}-\d{7,8}(?:[-转]\d{1,6})?"  # a Chinese landline
    r"|\(?[2-9]\d{2}\)?[ .\-][2-9]\d{2}[ .\-]\d{4}"  # North America, divided
)
_TOKEN = re.compile(r"[A-Za-z0-9+/=_.\-]{6,}")
_IDENTIFIER = re.compile(
    r"[A-Za-z]+(_[A-Za-z0-9]+)+|[a-z]+([A-Z][a-z0-9]*)+|[A-Za-z]+[\-.][A-Za-z0-9\-.]*\d[\w\-.]*|[a-z]+([.\-][a-z_]+)+"
)
_HAN = re.compile(r"[\u3400-\u9fff\U00020000-\U0003ffff]")
_LETTER = re.compile(r"[^\W\d_]")
_HAN_PLACE = re.compile(
    # A name holds none of the one-letter endings, so that a run of them is read in one way only.
    r"(?:(?:(?![省市盟区县旗镇乡區縣鎮鄉])[\u3400-\u9fff]){1,10}?(?:省|市|自治州|地区|盟|区|县|旗|镇|乡|街道|區|縣|鎮|鄉)[,，\s]*)+"
)
_HAN_STREET = re.compile(r"[路街巷弄胡同道里村屯组號号栋幢座楼樓室层階丁目番地单元小区苑园城厦广场花园]")
_HAN_DOOR = re.compile(
    r"[\d一二三四五六七八九十甲乙丙A-Za-z]+\s*(?:号|號|弄|栋|幢|座|楼|樓|层|室|单元|组|番地|丁目|호|동|층|번지|#)|\d+-\d+"
)
_STREET_WORD = re.compile(
    r"(?i)\b(?:st|street|rd|road|ave|avenue|av|blvd|boulevard|ln|lane|dr|drive|ct|court|cres|crescent|pl|place|plaza|sq|square|ter|terrace|way|loop|row|walk|parade|pde|hwy|highway|pkwy|parkway|cir|circle|close|yard|alley|bend|trail|quay|hill|grove|gardens|mews|heights|suite|ste|apt|apartment|unit|floor|flat|bldg|building|box"
    r"|rue|chemin|quai|impasse|allee|cours|route|bureau|etage|étage|appt|app|calle|c/|avda|avenida|carrera|plaza|paseo|piso|puerta|rua|travessa|alameda|via|viale|corso|piazza|vicolo|strada|laan|plein|kade|gracht|weg|ulica|ul|aleja|os|plac|namesti|nam|ulice|sokak|sok|cadde|cad|mah|mahallesi|no|ул|улица|пр|проспект|дом|кв|jalan|jl|duong|đường)\b"
    r"|(?:stra(?:ß|ss)e|str\.|gasse|platz|allee|ufer|damm|ring|weg|steig|stieg|chaussee|straat|laan|plein|kade|gracht|gatan|vägen|vej|gade|veien|gata|katu|tie)\b"
)
_DOOR_NUMBER = re.compile(r"(?:^|[\s,#/])\d{1,5}\s?[A-Za-z]?(?=$|[\s,/\-])")
_SENTENCE = re.compile(r"[.!?。！？；;…](?:\s|$)|，|：")
_COMPANY = re.compile(
    r"(?i)\b(?:gmbh|mbh|ag|kg|ohg|gbr|ug|e\.?k|co|corp|corporation|inc|incorporated|llc|llp|ltd|limited|plc|pty|pte|bv|b\.v|nv|n\.v|sa|s\.a|sas|sarl|eurl|srl|s\.r\.l|spa|s\.p\.a|sl|s\.l|lda|ltda|oy|oyj|ab|as|a/s|aps|sp|zoo|sro|s\.r\.o|doo|kft|bvba|sprl|sdn|bhd|kk|jsc|ooo|ооо|зао|ао|ип|cv|tbk|pt"
    r"|company|group|holding|holdings|trading|trade|traders|imports?|exports?|store|stores|shop|supply|supplies|supplier|works|workshop|studio|studios|press|books|gardens?|hardware|press|systems?|solutions?|services?|logistics|freight|express|industries|international|enterprises?|partners|brothers|bros|sons|daughters|associates|association|foundation|institute|university|college|school|hospital|clinic|pharmacy|dental|farm|farms|market|bakery|cafe|restaurant|hotel|bank|centre|center|office|department|dept|warehouse|goods|home|foods|labs?|design|designs|media|tech|technologies|optics|ceramics|framing|club|society|museum|library|church"
    r"|abteilung|werkstatt|handel|verlag|apotheke|kontor|antiquariat|papeterie|buchhandlung|praxis|kanzlei|boulangerie|brasserie|librairie|pharmacie|lainages|atelier|maison|farmacia|casa rural|tienda|ferreteria|libreria|panaderia|loja|boeken|winkel|bakkerij)\b\.?"
    r"|(?:公司|集团|集團|工厂|厂|店|商行|商店|超市|书店|书局|药房|医院|学校|大学|中学|小学|研究所|研究院|事务所|工作室|中心|企业|银行|酒店|餐厅|物流|仓库|仓|部|局|院|馆|会社|株式会社|有限|주식회사|회사|상사)(?:$|[（(\s])"
)
# The hundred commonest Chinese surnames and the compound ones cover nine in ten names; who has another is found by key and place.
_SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾萧肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤張劉陳楊黃趙吳孫馬鄭謝許韓馮鄧蕭葉蘇呂盧薑鐘譚陸範賈韋鄒龍顧龔萬錢嚴湯"
_COMPOUND = "欧阳|歐陽|司马|司徒|诸葛|諸葛|上官|夏侯|尉迟|皇甫|令狐|东方|慕容|公孙|长孙|宇文|司空|端木|轩辕|南宫|西门|独孤|百里|淳于|申屠"
_HAN_NAME = re.compile(
    rf"(?:{_COMPOUND})[\u3400-\u9fff]{{1,2}}|[{_SURNAMES}][\u3400-\u9fff]{{1,2}}|[\u3400-\u9fff]{{1,6}}[·•・][\u3400-\u9fff·•・]{{1,10}}"
)
_WORDY_NAME = re.compile(
    r"(?:(?:Mr|Mrs|Ms|Mme|M|Dr|Prof|Herr|Frau|Sr|Sra|Miss)\.?\s+)?[^\W\d_a-z][^\W\d_]*\.?(?:[’'\-][^\W\d_]+)*(?:\s+(?:(?:van|von|de|der|den|del|della|di|da|dos|du|la|le|bin|al|el|ter|y)\s+)*[^\W\d_a-z][^\W\d_]*\.?(?:[’'\-][^\W\d_]+)*){1,4}"
)
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def is_blank(text: str) -> bool:
    return not text.strip() or text.strip().lower() in ("null", "none", "n/a", "na", "nil", "-", "--")


def is_email(text: str) -> bool:
    return _EMAIL.fullmatch(text.strip()) is not None


def is_opaque(text: str) -> bool:
    """A date, link, UUID, decimal or encoded blob: nothing that a person wrote."""
    text = text.strip()
    return any(p.fullmatch(text) for p in (_DATE, _URL, _UUID, _DECIMAL)) or (len(text) >= 80 and is_blob(text))


def is_blob(text: str) -> bool:
    return _BLOB.fullmatch(text) is not None and max(map(len, text.split())) >= 60


def digits(text: str) -> int:
    return sum(c.isdigit() for c in text)


def is_phone(text: str) -> bool:
    """Could be a phone or a part of one (area code, extension), where the key says so."""
    text = text.strip()
    return _PHONE.fullmatch(text) is not None and 2 <= digits(text) <= 20 and not _DECIMAL.fullmatch(text)


def is_divided_phone(text: str) -> bool:
    """Digits in groups as people write phones, where the place makes a phone likely."""
    return is_phone(text) and digits(text) >= 7 and not text.strip().isdigit() and not is_opaque(text)


def is_certain_phone(text: str) -> bool:
    """A phone without anybody saying so."""
    return _CERTAIN_PHONE.fullmatch(text.strip()) is not None


def is_identifier(text: str) -> bool:
    """`label_created`, `senderName`, `REF-602868`, `tracker.updated`: a word for machines."""
    return len(text) <= 120 and _IDENTIFIER.fullmatch(text.strip()) is not None


def has_han(text: str) -> bool:
    return _HAN.search(text) is not None


def has_letter(text: str) -> bool:
    return _LETTER.search(text) is not None


def is_han_place(text: str) -> bool:
    """Only provinces, cities, districts, towns: 浙江省杭州市. Routing, nobody's door."""
    return _HAN_PLACE.fullmatch(text.strip()) is not None


def is_street_line(text: str) -> bool:
    """A street with a number, in the scripts and languages we can read."""
    text = text.strip()
    if not 4 <= len(text) <= 160:
        return False
    if has_han(text):
        return bool(_HAN_STREET.search(text) and _HAN_DOOR.search(text)) and "，" not in text and "。" not in text
    return bool(_STREET_WORD.search(text) and _DOOR_NUMBER.search(text)) and len(text.split()) < 12


def is_sentence(text: str) -> bool:
    """Written for people: several words with the marks of a sentence, or many words."""
    text = text.strip()
    if has_han(text):
        return len(text) >= 6 and _SENTENCE.search(text) is not None
    count = len(text.split())
    return count >= 9 or (count >= 4 and _SENTENCE.search(text) is not None)


def is_company(text: str) -> bool:
    return _COMPANY.search(text.strip()) is not None or (" & " in text and has_letter(text))


def is_person(text: str) -> bool:
    """Two to five capitalised words, or a Chinese name with a usual surname."""
    text = text.strip()
    if has_han(text):
        return _HAN_NAME.fullmatch(text) is not None
    return _WORDY_NAME.fullmatch(text) is not None and not is_company(text)


def can_be_name(text: str) -> bool:
    """Anything that a name field may hold: letters, short, no code, no sentence."""
    text = text.strip()
    if not has_letter(text) or len(text) > 80 or is_opaque(text):
        return False
    return digits(text) * 2 <= len(text) and not is_sentence(text)


def is_certain_id(text: str) -> bool:
    """A Chinese identity number whose check digit is right; other countries' are too short to be certain."""
    text = text.strip().upper()
    if not re.fullmatch(r"[1-9]\d{5}(?:19|20)\d{2}[01]\d[0-3]\d\d{3}[\dX]", text):
        return False
    return "10X98765432"[sum(int(c) * w for c, w in zip(text[:17], _WEIGHTS)) % 11] == text[17]


def can_be_id(text: str) -> bool:
    text = text.strip()
    compact = re.sub(r"[\s.\-/]", "", text)
    return 5 <= len(compact) <= 24 and compact.isalnum() and digits(compact) >= 4 and not _DECIMAL.fullmatch(text)


def can_be_secret(text: str) -> bool:
    text = text.strip()
    return (
        2 <= len(text) <= 4096
        and not any(c.isspace() for c in text)
        and not has_han(text)
        and text.lower() not in ("true", "false", "y", "n", "md5")
    )
