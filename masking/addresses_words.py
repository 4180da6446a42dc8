"""The words that stand behind a number in a Chinese or Japanese address, by what the number then is.

Knows kinds of places (幢 building, 弄 lane, 期 phase), no place: not one name of a road, a town or an estate is in here, so
that the rules carry to addresses nobody has seen. `addresses_han.py` decides with them. Each entry is part of a regular
expression and may end in a condition; longer words stand before their beginnings.
"""

from __future__ import annotations

DOOR = (
    # Buildings, with the typing errors that couriers know: 撞 懂 for 幢 栋, 搂 for 楼, 单无 for 单元.
    "号楼|號樓|號楼|号樓|号搂|号幢|号栋|号棟|号单元|幢|栋|棟|撞|懂|橦|座(?![落标])|楼(?![村镇乡])|樓(?![村鎮鄉])|搂|塔楼|高楼|"
    # Entrances, floors, rooms, flats.
    "单元|單元|单无|单(?![位身])|层|層|階|室|房(?![产管地东车屋])|户(?!外)|戶(?!外)|梯(?!田)|间(?!房)|办公室|病区|病房|"
    # Rows, stalls and shops of a market.
    "排(?![涝灌])|铺(?![镇路村街])|舖|舗|档(?!案)|摊|店面|商铺|店铺|门面|商位|摊位|专柜|柜|杠|搞|"
    # Japanese blocks: a chome has a few hundred doors, what follows it is one.
    "丁目|番地|番(?!禺)|号室"
)
"""The number is a door, wherever it stands."""

PART = "号厂房|号商铺|号门面|号店|号铺|号库|号仓库|号仓|号写字楼|号别墅|号岗"
"""A door, but behind a road the 号 is the road number's and the rest the name of what stands there (路5号店口镇…)."""

GATE = "号院|号公馆|号公园|号地块|号桥|号台|号井|号码头"
"""Grounds that have a number for a name; behind a road they only look like it (路5号台北商厦)."""

ENTRANCE = "号门|号馆|号厅|号电梯|号货梯|号出口|号口|馆"
"""A public entrance; with a number behind it, it is where the way to a door begins."""

KEEP = (
    # Roads and transport lines that are called by a number.
    "号线|号路|号街|号大街|号东街|号南街|号西街|号北街|号中街|号东大街|号南大街|号西大街|号北大街|号中大街|号干道|号高速|"
    "线|路|大街|大道|街道|国道|省道|县道|乡道|道|高速|公里|千米|米|"
    # Parts of a town or an estate, larger than a house.
    "期|区|小区|组团|村|社区|大队|地块|标段|出口|口|通道|"
    # Names of enterprises with a number in them.
    "年|度|国际|广场|大厦|中心|公寓|工业|产业|科技|商务|文化|创意|新城|酒店|宾馆|医院|中学|小学|大学|千伏|时代|天地"
)
"""The number is part of a name; it stays."""

KEEP_SHORT = "段|条|里|桥|社|队|团|连|院|寨|屯|塔|谷|园|城|医|仓|库|家|中(?=[^0-9])|小(?=[^0-9])"
"""As KEEP, but one character says little: behind three digits or more it rather starts the name of whoever has the room."""

ALONE = (
    "层(?<=[首底顶夹]层)|層(?<=首層)|楼(?<=[顶阁]楼)|下室(?<=地下室)|空层(?<=架空层)|[一二三四五六七八九](?<=负.)|"
    "[座幢栋棟](?<=[东南西北前后左右主副附裙].)|单元(?<=[东西中南北]单元)|"
    r"楼(?<=[东南西北主副附裙]楼)(?=[0-9〇零一二三四五六七八九十A-Za-z]|\W|\Z)"
)
"""A door without a number, from its second character on: most characters that may begin one are told apart by the next."""

ALONE_FIRST, ALONE_SECOND = "首底顶地架夹阁东南西北中前后左右主副附裙负", "层層楼下空单座幢栋棟一二三四五六七八九"

ROADS = {"street": "街(?!道)", "lane": "弄", "alley": "巷", "group": "组|組", "hao": "号|號|好"}
"""What is weighed by what stands around it."""

_KINDS = {"door": DOOR, "part": PART, "gate": GATE, "entrance": ENTRANCE, "keep": f"{KEEP}|{KEEP_SHORT}", **ROADS}
KIND_OF = {word.partition("(")[0]: kind for kind, table in _KINDS.items() for word in table.split("|")} | {"": "bare"}
"""What a number is, by the word behind it."""

ROAD_ENDS = frozenset("路街道巷弄段线線同")
"""Last character of a road's name (同: 胡同); a number behind it is a road number."""

SQUARES = frozenset(("广场", "廣場"))
VILLAGE_ENDS = frozenset("村湾寨屯庄沟坪垸")
ESTATE_ENDS = frozenset("区區场場城期苑园園心楼层樓層")
"""Behind these a numbered street is an aisle of a market."""

PLACE_ENDS = frozenset("园苑区城村院厦庭场心邸府")
SIDES = frozenset("东南西北中東")
SIDES_OF_ROAD = SIDES | frozenset("口尾头")
