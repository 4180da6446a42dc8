"""The rules for Chinese characters, each with a line that fails without it."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from masking import addresses_han, addresses_words
from masking.addresses_han import mask_han


@pytest.mark.parametrize(
    ("text", "expected", "reason"),
    [
        # The number behind a road, and what may stand between them.
        ("景田路7号", "景田路****", "road_number"),
        ("景田路 7号", "景田路****", "road_number"),
        ("景田路-7号翠园5栋", "景田路-7号翠园****", "door_word"),
        ("景田路东7号翠园5栋", "景田路东7号翠园****", "door_word"),
        ("景田路口7号翠园5栋", "景田路口7号翠园****", "door_word"),
        ("景田胡同7号翠园5栋", "景田胡同7号翠园****", "door_word"),
        ("景田东7号翠园5栋", "景田东****", "door_number"),
        ("路7号翠园5栋", "路7号翠园****", "door_word"),
        ("7号翠园5栋", "****", "door_number"),
        ("东7号", "东****", "door_number"),
        ("景田路7号梅林路9号", "景田路7号梅林路****", "road_number"),
        ("景田路7好翠园5栋", "景田路7好翠园****", "door_word"),
        ("景田路7翠园5栋", "景田路7翠园****", "door_word"),
        ("景田路八号翠园5栋", "景田路八号翠园****", "door_word"),
        ("景田路甲7号翠园5栋", "景田路甲7号翠园****", "door_word"),
        ("景田路E7号翠园5栋", "景田路E7号翠园****", "door_word"),
        ("景田路E7翠园5栋", "景田路****", "door_number"),
        ("景田路l7号翠园5栋", "景田路l7号翠园****", "door_word"),
        # Chains behind a road.
        ("景田路82-11号", "景田路82****", "road_number"),
        ("景田路82-11号楼", "景田路82****", "road_number"),
        ("景田路82-90号翠园5栋", "景田路82-90号翠园****", "door_word"),
        ("景田路82-132号翠园5栋", "景田路82-132号翠园****", "door_word"),
        ("景田路82-133号翠园5栋", "景田路82****", "road_number"),
        ("景田路82-82号翠园5栋", "景田路82****", "road_number"),
        ("景田路82-9号翠园5栋", "景田路82-9号翠园****", "door_word"),
        ("景田路82-10号翠园5栋", "景田路82****", "road_number"),
        ("景田路82-90号", "景田路82****", "road_number"),
        ("景田路82-90幢3单元", "景田路82****", "road_number"),
        ("景田路82-12-3-1001翠园5栋", "景田路82****", "road_number"),
        ("景田路82-83号翠园5栋", "景田路82-83号翠园****", "door_word"),
        ("景田路82a-90b号翠园5栋", "景田路82a-90b号翠园****", "door_word"),
        ("景田路123456-123457号翠园5栋", "景田路123456-123457号翠园****", "door_word"),
        ("景田路98弄 -7号602室", "景田路98弄 -7号****", "door_word"),
        ("景田路98弄、八号602室", "景田路98弄****", "door_number"),
        ("景田路82-90幢", "景田路82****", "road_number"),
        ("景田路12-3-1001", "景田路****", "door_chain"),
        ("景田路82-12-3-1001", "景田路82****", "road_number"),
        ("景田路A-3", "景田路****", "door_chain"),
        ("景田路8一3一1001", "景田路****", "door_chain"),
        # Lanes.
        ("景田路98弄7号602室", "景田路98弄****", "door_in_lane"),
        ("景田路98弄-7号602", "景田路98弄****", "door_in_lane"),
        ("景田路98弄7-602", "景田路98弄****", "door_in_lane"),
        ("景田路98弄7号翠园602室", "景田路98弄7号翠园****", "door_word"),
        ("景田路98弄7号5楼", "景田路98弄7号****", "door_word"),
        ("景田路98弄7号12幢", "景田路98弄7号****", "door_word"),
        ("景田路98弄7号", "景田路98弄****", "road_number"),
        ("景田弄7号602室", "景田弄7号****", "door_word"),
        ("景田路3巷翠园5栋", "景田路3巷翠园****", "door_word"),
        ("巷3巷", "巷3巷", "no_unit"),
        ("东路7号", "东路****", "road_number"),
        ("园东5栋", "园****", "door_word"),
        ("景田路3巷7号602室", "景田路3巷7号****", "door_word"),
        # Villages, markets, entrances.
        ("双溪村3-126号", "双溪村3****", "road_number"),
        ("双溪村3****", "双溪村3****", "door_premasked"),
        ("双溪村3-126", "双溪村****", "door_number"),
        ("双溪村3-2-126号", "双溪村****", "door_number"),
        ("双溪新村3-126号", "双溪新村****", "door_number"),
        ("双溪村126号", "双溪村****", "door_number"),
        ("双溪园3-126号", "双溪园****", "door_number"),
        ("双溪村5组6号", "双溪村****", "door_village_group"),
        ("双溪村5组", "双溪村5组", "no_unit"),
        ("双溪村五组6号", "双溪村****", "door_village_group"),
        ("小商品城区13街1648号", "小商品城区****", "door_market_street"),
        ("小商品城区十三街1648号", "小商品城区****", "door_market_street"),
        ("长春8街97号A座", "长春8街97号****", "door_word"),
        ("双溪市场三期79号门8楼", "双溪市场三期****", "door_entrance"),
        ("双溪市场79号门口等", "双溪市场79号门口等", "no_unit"),
        ("景田路79号门市部5楼", "景田路79号门市部****", "door_word"),
        ("双溪公馆8号院5栋", "双溪公馆8号院****", "door_word"),
        ("景田路5号台北商厦5楼", "景田路5号台北商厦****", "door_word"),
        ("人民广场5号银河大厦A座", "人民广场5号银河大厦****", "door_word"),
        ("人民广场5-7号银河大厦A座", "人民广场****", "door_number"),
        ("人民广场5号楼", "人民广场****", "door_word"),
        # Letters.
        ("翠园B", "翠园****", "door_letter"),
        ("翠园B5楼", "翠园****", "door_word"),
        ("翠园B西5楼", "翠园****", "door_letter"),
        ("翠园e电园5楼", "翠园e电园****", "door_word"),
        ("翠园SOHO公寓5楼", "翠园SOHO公寓****", "door_word"),
        ("翠园A-3", "翠园****", "door_number"),
        ("翠园B区5楼", "翠园B区****", "door_word"),
        # Numbers that belong to a name.
        ("阳光2期5栋", "阳光2期****", "door_word"),
        ("银河168酒店5楼", "银河168酒店****", "door_word"),
        ("银河大厦1301中通快递", "银河大厦****", "door_number"),
        ("第14中学5楼", "第14中学****", "door_word"),
        ("14中东门5楼", "14中东门****", "door_word"),
        ("6号线翠园站5楼", "6号线翠园站****", "door_word"),
        ("广州本田4S店5楼", "广州本田4S店****", "door_word"),
        # Sides, notes, phones, postcodes, addressees.
        ("翠园东5栋", "翠园****", "door_word"),
        ("江东5栋", "江东****", "door_word"),
        ("景田路东5栋", "景田路东****", "door_word"),
        ("翠园-5栋", "翠园****", "door_word"),
        ("翠园(5栋)", "翠园****", "door_word"),
        ("翠园(南区)5栋", "翠园(南区)****", "door_word"),
        ("翠园(放门口)5栋", "翠园****", "door_word"),
        ("翠园[联系王]5栋", "翠园****", "door_word"),
        ("翠园(请放", "翠园", "no_unit"),
        ("(电话13812345678)", "****", "addressee"),
        ("景田路13812345678", "景田路****", "road_number"),
        ("景田路7号 电话13812345678", "景田路****", "road_number"),
        ("景田路7号13812345678翠园5栋", "景田路7号翠园****", "door_word"),
        ("〒150-0001 渋谷5階", "〒150-0001 渋谷****", "door_word"),
        ("翠园1381234", "翠园", "no_unit"),
        ("翠园138123", "翠园****", "door_number"),
        ("翠园13812345678", "翠园", "no_unit"),
        ("手机13812345678 翠园5栋", "翠园****", "door_word"),
        ("13812345678", "****", "door_premasked"),
        ("518000 深圳市翠园", "518000 深圳市翠园", "no_unit"),
        ("518000", "****", "door_number"),
        ("深圳大学张三收", "深圳大****", "addressee"),
        ("深圳大学王先生", "深圳****", "addressee"),
        ("深圳大学", "深圳大学", "no_unit"),
        ("翠园****501", "翠园****", "door_premasked"),
        ("5栋", "****", "door_word"),
    ],
)
def test_the_rule(text: str, expected: str, reason: str) -> None:
    assert mask_han(text) == (expected, reason)


@pytest.mark.parametrize("mark", ["-", "—", "–", "_", "/", "\\", "~", "·", ".", "、", "#", "+", "一", "之"])
def test_any_dash_makes_a_chain(mark: str) -> None:
    assert mask_han(f"景田路12{mark}3{mark}1001") == ("景田路****", "door_chain")


TABLES = (
    addresses_words.DOOR,
    addresses_words.PART,
    addresses_words.GATE,
    addresses_words.ENTRANCE,
    addresses_words.KEEP,
)
WORDS = [entry.partition("(")[0] for table in (*TABLES, addresses_words.KEEP_SHORT) for entry in table.split("|")]
PIECES = [
    *WORDS,
    *"翠园海湾苑大厦",
    *addresses_han._FIRST,
    *addresses_words.ROAD_ENDS,
    *addresses_words.ALONE_SECOND,
    *"([【<《)]】>》 -_/、,SsoI",
]
PIECES += [
    "自编",
    "120",
    "1201",
    "12345678",
    "附5号",
    "广场",
    "收",
    "位",
    "镇",
    "号",
    "号",
    "路",
    "路",
    "3",
    "8",
    "栋",
    "室",
]


@settings(max_examples=2000, deadline=None)
@given(st.lists(st.sampled_from(PIECES), min_size=1, max_size=12).map("".join))
@example("景田路149S号")
@example("景田路5单(收)位")
@example("景田路5单《收》位(3)")
@example("景田路A号《近》线5栋(3)")
@example("景田路8号路6大厦")
def test_one_look_says_what_reading_says(text: str) -> None:
    assert mask_han(text) == addresses_han._read_noted(text)


def test_one_look_tells_the_commonest_lines() -> None:
    for road, door in itertools.product(
        ("景田路7号", "东山街八号", "南园3期", ""), ("翠园5栋", "翠园A座", "翠园十五楼", "翠园12单元301室")
    ):
        assert addresses_han._ORDINARY(f"深圳市南山区{road}{door}")
    for text in (
        "景田路7号附5号",
        "景田路98弄7号",
        "翠园(近)5栋",
        "翠园东14幢",
        "景田路82-11号",
        "翠园南座",
        "翠园4S店5栋",
    ):
        assert not addresses_han._ORDINARY(text)
