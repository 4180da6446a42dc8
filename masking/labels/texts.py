"""The words on a label, in Chinese and English. Knows no order and no position."""

from __future__ import annotations

from typing import Literal

Language = Literal["zh", "en"]

WORDS: dict[str, dict[str, str]] = {
    "zh": {
        "recipient": "收",
        "sender": "寄",
        "parcel": "件数",
        "goods": "内件",
        "product": "产品",
        "batch": "批次",
        "printed": "打印时间",
        "signed_by": "签收人",
        "signed_at": "签收时间",
        "scan": "快递员扫码",
        "flags": "服务",
        "stub": "收件联",
    },
    "en": {
        "recipient": "TO",
        "sender": "FROM",
        "parcel": "Parcel",
        "goods": "Contents",
        "product": "Product",
        "batch": "Batch",
        "printed": "Printed",
        "signed_by": "Received by",
        "signed_at": "Date, time",
        "scan": "Courier: scan",
        "flags": "Services",
        "stub": "Recipient's part",
    },
}

FLAGS: dict[str, dict[str, str]] = {
    "cod": {"zh": "代收货款", "en": "COD"},
    "insured": {"zh": "保价", "en": "INSURED"},
    "return": {"zh": "退件", "en": "RETURN"},
    "collect": {"zh": "到付", "en": "FREIGHT COLLECT"},
    "fragile": {"zh": "易碎", "en": "FRAGILE"},
    "signature": {"zh": "签字确认", "en": "SIGNATURE"},
    "receipt": {"zh": "签回单", "en": "SIGNED RECEIPT"},
    "cold": {"zh": "冷链", "en": "KEEP COLD"},
    "express": {"zh": "特快", "en": "EXPRESS"},
    "battery": {"zh": "含电池", "en": "BATTERY"},
    "liquid": {"zh": "液体", "en": "LIQUID"},
    "pickup": {"zh": "自提", "en": "PICK-UP"},
    "door": {"zh": "送货上门", "en": "TO THE DOOR"},
}
"""Services that a label may name. The amount to collect is no flag: it is not printed."""

_BY_ANY_NAME = {name.lower(): flag for flag, names in FLAGS.items() for name in (flag, *names.values())}

CARRIERS: dict[str, str] = {
    "sf-express": "顺丰速运 SF",
    "zto": "中通快递 ZTO",
    "yto": "圆通速递 YTO",
    "sto": "申通快递 STO",
    "yunda": "韵达快递 YUNDA",
    "jd": "京东物流 JDL",
    "cainiao": "菜鸟 CAINIAO",
    "ems": "中国邮政 EMS",
    "jt": "极兔速递 J&T",
    "deppon": "德邦快递 DEPPON",
}
"""Names for the head of a label; another carrier's id is printed in capitals."""


def flag_of(name: str) -> str | None:
    """The flag meant by a code or by its Chinese or English name, or None."""
    return _BY_ANY_NAME.get(name.strip().lower())


def carrier_name(carrier: str) -> str:
    return CARRIERS.get(carrier, carrier.replace("-", " ").upper())
