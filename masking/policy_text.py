"""A scope policy in words, English and Chinese: each rule as one sentence, each condition as a clause, each cell with its reasons.

Knows words; decides nothing. What a privacy officer reads here is made from the rules that decide, never written beside them.
"""

from __future__ import annotations

from dataclasses import dataclass

from masking.policy import CARRIER_SIDE, FIELDS, PARTIES, PARTS, Conditions, Level, Reader, Rule, ScopePolicy, Terms
from masking.stage import Stage

_LEVEL = {
    "en": {Level.HIDDEN: "nothing of", Level.MASKED: "masked", Level.RELAY: "a stand-in for", Level.FULL: "in full"},
    "zh": {
        Level.HIDDEN: "看不到",
        Level.MASKED: "遮盖后可见",
        Level.RELAY: "以隐私号码或别名代替",
        Level.FULL: "完整可见",
    },
}
_STAGE_ZH = {
    Stage.CREATED: "已下单",
    Stage.PICKED_UP: "已揽收",
    Stage.IN_TRANSIT: "运输中",
    Stage.AT_STATION: "到达末端网点",
    Stage.OUT_FOR_DELIVERY: "派送中",
    Stage.DELIVERED: "已签收",
    Stage.RETURNED: "退回",
    Stage.EXCEPTION: "异常",
    Stage.CLOSED: "已关闭",
}
READER_ZH = {
    Reader.PICKUP: "揽收员",
    Reader.LINEHAUL: "干线人员",
    Reader.DELIVERY: "派件员",
    Reader.STATION: "网点人员",
    Reader.CUSTOMER_SERVICE: "客服",
    Reader.CUSTOMS: "报关人员",
    Reader.CARRIER_API: "承运商系统",
    Reader.LABEL: "面单",
    Reader.SWITCH: "通话平台",
    Reader.SHOP: "商家",
    Reader.RECIPIENT: "收件人本人",
    Reader.OFFICER: "隐私专员",
}
_PARTY_ZH = {"sender": "寄件人", "recipient": "收件人", "third_party": "第三方", "*": "各方"}
_PART_ZH = {
    "name": "姓名",
    "phone": "电话",
    "email": "邮箱",
    "company": "单位",
    "region": "行政区",
    "street": "门牌地址",
    "ids": "证件号",
    "*": "全部信息",
}
_TEXT_ZH = {"remark": "备注", "goods": "物品"}


@dataclass(frozen=True, slots=True)
class Grant:
    """One rule that speaks of a cell, in words."""

    rule: str
    level: Level
    needs: tuple[str, ...]
    """What has to hold, one clause each; empty where nothing has to."""
    why: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """What one reader gets of one field at one stage, and why."""

    level: Level
    """What is granted with nothing further."""
    deepest: Level
    """What is granted where every condition holds."""
    grants: tuple[Grant, ...]
    terms: tuple[str, ...]
    """Clauses of the carrier's terms that bind every grant."""
    agreement: tuple[str, ...] = ()
    """What was agreed with the carrier besides: as whom it processes, under which consent, on which basis across the border."""


def explain(
    policy: ScopePolicy, *, reader: Reader, carrier: str, stage: Stage, name: str, lang: str = "en"
) -> Explanation:
    """The grants on one cell, deepest first."""
    rules = dict(policy.grants(reader, carrier, stage)).get(name, ())
    terms = policy.terms.get(carrier) if reader in CARRIER_SIDE else None
    grants = tuple(Grant(rule.id, rule.level, clauses(rule.when, lang), _why(rule, lang)) for rule in rules)
    free = [rule.level for rule in rules if rule.when.free]
    bound = terms_clauses(terms, lang) if terms else ()
    return Explanation(
        Level.HIDDEN if bound else next(iter(free), Level.HIDDEN),
        rules[0].level if rules else Level.HIDDEN,
        grants,
        bound,
        agreement(terms, lang) if terms else (),
    )


def sentence(rule: Rule, lang: str = "en") -> str:
    """The rule as one sentence."""
    parts = clauses(rule.when, lang)
    if lang == "zh":
        who = "、".join(READER_ZH[reader] for reader in Reader if reader in rule.readers)
        stages = _stages_zh(rule.stages)
        what = "、".join(field_zh(name) for name in short_fields(rule.fields))
        only = f"（限{'、'.join(sorted(rule.carriers))}）" if rule.carriers else ""
        needs = f"，须{'，且'.join(parts)}" if parts else ""
        return f"{who}{only}{stages}：{what}{_LEVEL['zh'][rule.level]}{needs}。{rule.why_zh}"
    who = _join([reader.value for reader in Reader if reader in rule.readers])
    if rule.carriers:
        who += f" of {_join(sorted(rule.carriers))}"
    verb = "sees" if len(rule.readers) == 1 else "see"
    what, level = _join(short_fields(rule.fields)), _LEVEL["en"][rule.level]
    seen = f"{level} {what}" if rule.level is Level.RELAY else f"{what} {level}"
    needs = f", {' and '.join(parts)}" if parts else ""
    reason = f": {rule.why}" if rule.why else ""
    return f"{who} {verb} {seen} {_stages(rule.stages)}{needs}{reason}."


def clauses(when: Conditions, lang: str = "en") -> tuple[str, ...]:
    """Each condition that is set, as a clause."""
    zh = lang == "zh"
    told = []
    if when.purposes:
        purposes = sorted(when.purposes)
        told.append(f"用途为{'、'.join(purposes)}" if zh else f"for the purpose {_join(purposes, 'or')}")
    if when.reveal:
        told.append("说明理由" if zh else "with a reason given")
    if when.opened:
        told.append("末端网点已首次扫描" if zh else "after the first scan at the last-mile depot")
    if when.hours_after_delivery is not None:
        hours = when.hours_after_delivery
        told.append(f"签收后{hours}小时内" if zh else f"until {hours} hours after delivery")
    if when.own_station:
        told.append("在包裹所在网点" if zh else "at the station where the parcel is")
    if when.own_region:
        told.append("负责收件地区" if zh else "where the reader serves the parcel's region")
    if when.countries:
        countries = sorted(when.countries)
        told.append(
            f"位于{'、'.join(countries)}或已有出境依据"
            if zh
            else f"in {_join(countries, 'or')} or with a basis for crossing the border"
        )
    if when.own_country:
        told.append(
            "与当事人在同一国家，或已有出境依据"
            if zh
            else "in the country where the person lives or with a basis for crossing the border"
        )
    return tuple(told)


def terms_clauses(terms: Terms, lang: str = "en") -> tuple[str, ...]:
    """What a carrier's terms ask of every grant."""
    zh = lang == "zh"
    told = list(clauses(terms.when, lang))
    if terms.processor == "independent" and not terms.consent:
        told.append(
            "取得收件人单独同意（尚无）" if zh else "with the recipient's separate consent, of which there is none"
        )
    if terms.starts:
        told.append(f"自{terms.starts:%Y-%m-%d}起" if zh else f"from {terms.starts:%Y-%m-%d}")
    if terms.ends:
        told.append(f"至{terms.ends:%Y-%m-%d}止" if zh else f"until {terms.ends:%Y-%m-%d}")
    if terms.reveals_per_parcel is not None:
        count = terms.reveals_per_parcel
        told.append(f"每件最多查看{count}次" if zh else f"with at most {count} reveals a parcel")
    if terms.people_per_100_parcels is not None:
        ratio, grace = terms.people_per_100_parcels, terms.people_grace
        told.append(
            f"每扫描100件最多知悉{ratio}人（另加{grace}人）"
            if zh
            else f"with at most {ratio} people learned per 100 parcels scanned, and {grace} besides"
        )
    return tuple(told)


def agreement(terms: Terms, lang: str = "en") -> tuple[str, ...]:
    """What was agreed that asks nothing further of a grant."""
    zh, told = lang == "zh", []
    if terms.processor == "entrusted":
        told.append("受托处理者" if zh else "an entrusted processor")
    if terms.processor == "independent" and terms.consent:
        told.append(
            f"独立处理者，单独同意见{terms.consent}"
            if zh
            else f"an independent processor under the consent {terms.consent}"
        )
    if terms.basis:
        told.append(f"出境依据{terms.basis}" if zh else f"with {terms.basis} as the basis for crossing the border")
    return tuple(told)


def short_fields(fields: frozenset[str]) -> list[str]:
    """The fields with `*` where all parties or all parts are meant, in the order of the table."""
    rest, short = set(fields), []
    for party in PARTIES:
        whole = {f"{party}.{part}" for part in PARTS}
        if whole <= rest:
            rest -= whole
            short.append(f"{party}.*")
    for part in PARTS:
        everyone = {f"{party}.{part}" for party in PARTIES}
        if everyone <= rest:
            rest -= everyone
            short.append(f"*.{part}")
    return short + [name for name in FIELDS if name in rest]


def _stages(stages: frozenset[Stage]) -> str:
    if stages == frozenset(Stage):
        return "at every stage"
    if stages == frozenset(Stage) - {Stage.CLOSED}:
        return "at every stage before closed"
    return f"at {_join([stage.value for stage in Stage if stage in stages], 'or')}"


def _stages_zh(stages: frozenset[Stage]) -> str:
    if stages == frozenset(Stage):
        return "在任何阶段"
    if stages == frozenset(Stage) - {Stage.CLOSED}:
        return "在关闭前"
    return f"在{'、'.join(_STAGE_ZH[stage] for stage in Stage if stage in stages)}阶段"


def field_zh(name: str) -> str:
    """A field's name in Chinese."""
    if name in _TEXT_ZH:
        return _TEXT_ZH[name]
    party, _, part = name.partition(".")
    return _PARTY_ZH[party] + _PART_ZH[part]


def _why(rule: Rule, lang: str) -> str:
    return rule.why_zh if lang == "zh" else rule.why


def _join(words: list[str], last: str = "and") -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {last} {words[-1]}"
