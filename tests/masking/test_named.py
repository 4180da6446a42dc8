"""Whoever is named by a role, a verb or a form of address is masked; whoever is nobody stays, and so do all other words."""

from __future__ import annotations

from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from masking.named import mask_named

NAMED = [
    ("操作员：李四", "李四"),
    ("收件人 司徒嘉铭 已签收", "司徒嘉铭"),
    ("配送员为张三丰", "张三丰"),
    ("Entregado. Firmado por Ana María", "María"),
    ("Driver: Mike", "Mike"),
    ("联系人李四，电话 13800138000", "李四"),
    ("attn John Smith, dock 4", "Smith"),
    ("c/o Jane Doe", "Doe"),
    ("contact: john smith 555", "john smith"),
    ("signed by O'Brien", "O'Brien"),
    ("由张三代收", "张三"),
    ("请转交王小明", "王小明"),
    ("张三先生收", "张三"),
    ("快递员【赵铁柱】", "赵铁柱"),
    ("签收人：买买提·艾力", "买买提"),
    ("Delivered, signed for by J. SMITH", "SMITH"),
    ("Attention: Dr Maria Lopez", "Lopez"),
    ("z. Hd. Klaus Müller", "Müller"),
    ("受取人：山田太郎様", "山田太郎"),
    ("수령인: 김철수", "김철수"),
    ("收货方签收人:欧阳震华,感谢", "欧阳震华"),
    ("Mrs. Robinson will sign", "Robinson"),
    ("Leave with Tom Baker at 12", "Baker"),
    ("联系 高建国 13800", "高建国"),
    ("网点负责人(孙悦)", "孙悦"),
    ("name: anna lee", "anna lee"),
]
NOBODY = [
    "签收人：门卫",
    "left with a neighbour",
    "",
    "联系方式：电话",
    "联系方便时间",
    "包裹已签收",
    "请放快递柜",
    "司机马上到",
    "收件人地址变更",
    "快递员正在派送",
    "放门口，勿敲门",
    "Contact customer service",
    "Delivered to front desk",
    "Signed by: front desk",
    "Attn: Receiving Dept",
    "contact before delivery",
    "delivered to agent for final delivery",
    "工作人员于今日派送",
    "客服会联系您",
    "联系人电话已变更",
    "已签收，签收人：本人",
    "由快递柜代收",
    "由丰巢代收",
    "Left with Neighbor",
    "请联系前台",
    "交给门卫",
    "茶具 轻放",
    "Call before delivery",
    "Deliver to back door",
    "收件人不在家",
    "快件已由菜鸟驿站代收",
    "发件人要求退回",
    "联系客户改约",
    "attn warehouse",
    "T-shirt, size M, signed by artist",
    "业务员安排揽收",
    "派件员已出发",
    "站长推荐茶叶",
    "司机需预约",
    "找不到地址",
    "由于天气原因延误",
    "被拒收",
    "会员价",
    "电子产品",
    "图书 人物传记：鲁迅",
    "负责人签字",
    "Recipient not home",
    "Sender requested return",
    "Driver will call",
    "Fragile. Handle with care of glass",
    "contact number: on label",
    "Courier: UPS",
]


@pytest.mark.parametrize(("text", "name"), NAMED)
def test_whoever_is_named_by_a_role_is_masked_once_and_for_all(text: str, name: str) -> None:
    masked = mask_named(text)
    assert name not in masked and "**" in masked
    assert mask_named(masked) == masked


@pytest.mark.parametrize("text", NOBODY)
def test_nobody_and_everything_else_stays(text: str) -> None:
    assert mask_named(text) == text


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("操作员：李四，李四已离开", "操作员：李**，李**已离开"),
        ("收件人 司徒嘉铭 已签收", "收件人 司徒** 已签收"),
        ("签收人：買買提·艾力", "签收人：買**"),
        ("Attn: Ann. Annex 4, Ann", "Attn: A**. Annex 4, A**"),
        ("ATTN: JOHN SMITH", "ATTN: J**"),
        ("contact: o'neil", "contact: o**"),
        ("Frau Müller, Frau Weiß", "Frau M**, Frau W**"),
    ],
)
def test_the_name_goes_wherever_it_stands_and_the_rest_stays(text: str, masked: str) -> None:
    assert mask_named(text) == masked


@given(st.text(st.sampled_from("收件人：由代签 李王明先生 attn:by c/o Al Bo*·【】"), max_size=60))
def test_masking_twice_is_masking_once(text: str) -> None:
    once = mask_named(text)
    assert mask_named(once) == once


@pytest.mark.parametrize(
    "piece", ["人", "由张三", "attn ", "收件人：", "attn: Ab ", "Ab-", "【李", "收件人 ", "A.", "dr ", " "]
)
def test_a_long_text_takes_time_in_step_with_its_length(piece: str) -> None:
    def seconds(length: int) -> float:
        text = "attn: " + piece * (length // len(piece))
        started = process_time()
        mask_named(text)
        return process_time() - started

    seconds(1000)
    assert seconds(400_000) < 40 * seconds(40_000) + 0.5
