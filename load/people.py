"""Invented people for the load: any number of them, all different in name, phone and door. Knows no carrier and no wire.

Person number `i` is a pure function of the run's salt and `i`: each part is a mixed-radix reading of `i`, shuffled by a
multiplication that has no common divisor with the number of choices, so no two indices below that number share a value.
The parts are composed here; provinces, cities and postcodes are real because routing is.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import gcd, prod

SINGLE = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾萧田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈"
    "姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤"
)
SURNAMES = (*SINGLE, "欧阳", "上官", "司马", "诸葛", "慕容", "令狐")
FIRST = tuple(
    "嘉若思宇子雨欣俊晓明文佳志建海春秋冬云月星晨清雅婉静安宁和平永庆瑞祥福德楚昊凌亦梓浩一书可诗语沐泽景承允知怀"
)
SECOND = tuple(
    "轩涵怡琪豪杰伟峰磊强军勇斌波鹏飞翔凯亮辉刚健洋涛超敏娟丽燕玲霞梅兰竹菊莲蓉薇然宸妍彤萱朗睿哲恒远航舟野川"
)

CITIES = (
    ("广东省", "深圳市", "南山区", "518000"),
    ("四川省", "成都市", "武侯区", "610000"),
    ("浙江省", "杭州市", "滨江区", "310000"),
    ("湖北省", "武汉市", "洪山区", "430000"),
    ("福建省", "厦门市", "思明区", "361000"),
    ("江苏省", "苏州市", "吴中区", "215000"),
    ("陕西省", "西安市", "雁塔区", "710000"),
    ("山东省", "青岛市", "崂山区", "266000"),
    ("湖南省", "长沙市", "岳麓区", "410000"),
    ("云南省", "昆明市", "五华区", "650000"),
)
ROADS = ("听泉路", "望湖大道", "晴川街", "白鹭路", "青石巷", "长枫路", "银杏大街", "远帆路", "松涛路", "月桥街")
ESTATES = (
    "云栖苑",
    "澜庭花园",
    "橡树湾小区",
    "半山雅居",
    "锦棠公寓",
    "江岸新城",
    "禾风里",
    "明镜台",
    "梧桐语",
    "星河坊",
)
MOBILE = ("130", "135", "138", "150", "159", "177", "186", "188", "199")

US_FIRST = ("Alma", "Bruno", "Celia", "Dario", "Edith", "Felix", "Greta", "Hugo", "Irene", "Jonas", "Kira", "Leon")
US_LAST = ("Ashdown", "Birkett", "Corwin", "Dunmore", "Ellery", "Fairfax", "Garnet", "Holloway", "Ivers", "Jessop")
US_SUFFIX = ("field", "ford", "ham", "ley", "man", "ton", "well", "worth", "wood", "by")
US_STREETS = ("Larch Hollow Road", "Quarry Bend Lane", "Millrace Avenue", "Cedar Notch Drive", "Heron Point Way")


@dataclass(frozen=True, slots=True)
class Person:
    """One consignee. `area` is the routing part of the address and `door` the rest, from the road on."""

    name: str
    phone: str
    area: str
    door: str
    postcode: str


def shuffled(index: int, choices: int, salt: int) -> int:
    """A number below `choices`; different indices below `choices` give different numbers."""
    stride = int(choices * 0.618) | 1
    while gcd(stride, choices) != 1:
        stride += 2
    return (index * stride + salt) % choices


def digits(number: int, *radices: int) -> list[int]:
    """The mixed-radix digits of a number, the last radix turning fastest."""
    out = []
    for radix in reversed(radices):
        number, digit = divmod(number, radix)
        out.append(digit)
    return out[::-1]


NAME_RADIX = (len(SURNAMES), len(FIRST), len(SECOND))
DOOR_RADIX = (len(ESTATES), 99, 6, 33, 12)
"""Estate, building, unit, floor, door on the floor."""
PHONE_RADIX = (len(MOBILE), 100_000_000)
US_RADIX = (len(US_FIRST), len(US_LAST), len(US_SUFFIX), 26, 26)
US_DOOR_RADIX = (len(US_STREETS), 9000, 40)
NAMES, DOORS, PHONES = prod(NAME_RADIX), prod(DOOR_RADIX), prod(PHONE_RADIX)


def chinese(salt: int, index: int) -> Person:
    """Person `index` of this salt; names differ for 290,000 indices, doors and phones for millions."""
    surname, first, second = digits(shuffled(index, NAMES, salt), *NAME_RADIX)
    estate, building, unit, floor, door = digits(shuffled(index, DOORS, salt), *DOOR_RADIX)
    prefix, line = digits(shuffled(index, PHONES, salt), *PHONE_RADIX)
    state, city, district, postcode = CITIES[index % len(CITIES)]
    road = ROADS[index // len(CITIES) % len(ROADS)]
    place = f"{road}{line % 300 + 1}号{ESTATES[estate]}"
    return Person(
        name=SURNAMES[surname] + FIRST[first] + SECOND[second],
        phone=f"{MOBILE[prefix]}{line:08d}",
        area=state + city + district,
        door=f"{place}{building + 1}栋{unit + 1}单元{floor + 1}{door + 1:02d}室",
        postcode=postcode,
    )


def american(salt: int, index: int) -> Person:
    """Person `index` with an American address. The phones are of the range reserved for fiction, so they do repeat."""
    first, last, suffix, one, two = digits(shuffled(index, prod(US_RADIX), salt), *US_RADIX)
    street, house, unit = digits(shuffled(index, prod(US_DOOR_RADIX), salt), *US_DOOR_RADIX)
    middle = chr(65 + one) + "." + chr(65 + two) + "."
    return Person(
        name=f"{US_FIRST[first]} {middle} {US_LAST[last]}{US_SUFFIX[suffix]}",
        phone=f"{(201, 312, 415, 608, 702)[index % 5]}55501{index // 5 % 100:02d}",
        area="Toledo",
        door=f"{house + 100} {US_STREETS[street]} Apt {unit + 1}",
        postcode="43604",
    )
