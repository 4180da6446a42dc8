"""What a profile says about leaves, as a claim tree: parties, fields, what is dropped, which levels are closed last."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from carriers import fieldpath
from carriers.claim import PERSONAL, WORDS, Node, Rule, Switch, claim, nodes, place
from carriers.envelope_cipher import CIPHERS
from carriers.errors import ProfileError
from carriers.profile import Condition, Target, Way
from carriers.profile_schema import OperationTable, PartyTable, Shape
from carriers.profile_values import Values
from masking.personal import Kind, Role

_CODECS = {"json", "form", "xml", "multipart", *CIPHERS}
_PLACES = 1000  # a party table may stand for so many places; each is a claim of its own


class Claims(Values):
    """Grows claim trees."""

    def claims(
        self, root: Node, query: Node | None, where: str, document: str, parties: list[PartyTable], fields: Shape
    ) -> frozenset[Role]:
        """Claim all leaves; the roles that personal leaves may have."""
        roles: set[Role] = set()
        for number, party in enumerate(parties):
            self.at(f"{where}.party[{number}]", party.at)
            roles |= self._claim_party(root, document, number, party)
        for word, paths in fields.items():
            self.at(f"{where}.fields", word)
            if word not in WORDS:
                raise ProfileError(f"unknown kind {word!r}; known are {', '.join(WORDS)}", code="unknown_kind")
            kind, part = WORDS[word]
            for path in paths:
                self.needle = path
                for one in fieldpath.expand(path):
                    full = fieldpath.join(document, one)
                    if full.startswith("query:") and query is not None:
                        claim(query, fieldpath.parse("form:" + full[6:]), Rule(kind, part))
                    else:
                        claim(root, fieldpath.parse(full), Rule(kind, part))
            if kind in PERSONAL:
                roles.add(Role.THIRD_PARTY)
        return frozenset(roles)

    def _claim_party(self, root: Node, document: str, number: int, party: PartyTable) -> set[Role]:
        if party.shape not in self.table.shape:
            raise ProfileError(f"no shape called {party.shape!r}")
        role, switch = _role(party.role)
        for nth, at in enumerate(fieldpath.expand(party.at)):
            base = fieldpath.join(document, at)
            mark = number * _PLACES + nth
            if base and not base.endswith(":"):
                node = place(root, fieldpath.parse(base))
                shared = node.party >= 0 or node.party_role is not None
                node.party, node.party_role = (-1, role) if shared else (mark, role)
                node.switch = switch or node.switch
            for word, paths in self.table.shape[party.shape].items():
                if word not in WORDS:
                    raise ProfileError(f"unknown kind {word!r} in shape {party.shape!r}", code="unknown_kind")
                kind, part = WORDS[word]
                for path in (one for listed in paths for one in fieldpath.expand(listed)):
                    beside = _extension_beside(path, self.table.shape[party.shape]) if word == "phone" else ""
                    rule = Rule(kind, part, role, mark, beside) if word != "plain" else Rule(Kind.PLAIN)
                    claim(root, fieldpath.parse(fieldpath.join(base, path)), rule)
        return set(switch.roles.values()) if switch else {role or Role.THIRD_PARTY}

    def marks(self, root: Node, where: str, table: OperationTable) -> None:
        """Note what is dropped, and lists of which only one item may stand."""
        self.at(where, table.batch or "batch")
        if table.batch:
            place(root, fieldpath.parse(fieldpath.join(table.document, table.batch).removesuffix("[]"))).single = True
        for path in table.drop:
            self.needle = path
            for one in fieldpath.expand(path):
                place(root, fieldpath.parse(fieldpath.join(table.document, one))).drop = True

    def claim_target(self, root: Node, query: Node, target: Target) -> None:
        """Claim the place of a credential or signature, so that what a shop wrote there is no surprise."""
        self.needle = target.text
        if target.place == "query":
            node = place(query, fieldpath.parse(f"form:{target.name}"))
        elif target.place == "body":
            node = place(root, fieldpath.parse(target.text))
        else:
            return
        if node.rule is None:
            node.rule = Rule(Kind.CREDENTIAL)

    def check_codecs(self, root: Node) -> None:
        """Refuse an envelope that nobody can open."""
        for node in nodes(root):
            self.needle = node.codec or self.needle
            if node.codec and node.codec not in _CODECS:
                raise ProfileError(f"unknown envelope {node.codec!r}", code="unknown_envelope")
            if node.codec in CIPHERS and node.codec not in self.table.ciphers:
                raise ProfileError(f"the cipher {node.codec!r} has no key in [ciphers]", code="missing_signer")

    def conditions(self, table: Mapping[str, str | list[str]], document: str = "") -> tuple[Condition, ...]:
        """Path -> wanted values."""
        made = []
        for path, values in table.items():
            self.needle = path
            made.append(
                Condition(
                    tuple(Way.to(fieldpath.join(document, way)) for way in fieldpath.expand(path)),
                    frozenset([values] if isinstance(values, str) else values),
                )
            )
        return tuple(made)


def _extension_beside(phone: str, shape: Shape) -> str:
    """The key of the extension field in the object or element that holds the phone."""
    parent = re.split(r"[./]", phone)[:-1]
    for path in shape.get("phone_ext", []):
        *above, key = re.split(r"[./]", path)
        if above == parent:
            return key
    return ""


def _role(word: str | dict[str, str]) -> tuple[Role | None, Switch | None]:
    if isinstance(word, str):
        return Role(word), None
    by = word.get("by", "")
    roles = {value: role for value, role in word.items() if value != "by"}
    unknown = [role for role in roles.values() if role not in Role._value2member_map_]
    if not by or not roles or unknown:
        raise ProfileError("a role by value needs `by` and a role for each value")
    return None, Switch(by, {value: Role(role) for value, role in roles.items()})


def mark_late(root: Node, query: Node, targets: list[Target]) -> None:
    """Mark the levels that are closed only when the request is finished."""
    for target in targets:
        if target.place == "body" or target.steps:
            node = root if target.place == "body" else query
            node.late = True
            for step in target.steps:
                node = (node.inner or node) if node in (root, query) else node
                node = node.child(step)
                node.late = node.late or bool(node.codec)
    _late_ciphers(root)


def _late_ciphers(node: Node) -> bool:
    below: list[Any] = [*node.keys.values(), node.items, node.inner]
    late = [_late_ciphers(item) for item in below if item is not None]  # all of them: each marks its own
    if node.codec in CIPHERS or (any(late) and node.codec):
        node.late = True
    return any(late) or node.codec in CIPHERS
