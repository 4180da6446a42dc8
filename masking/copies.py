"""De-identified copies of orders for tests and partners: each column masked by its kind. Knows records, no file and no stream.

Fails closed: a column that nobody gave a kind is not copied unless the caller says what to do with the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any

from masking.addresses import mask_address
from masking.contacts import mask_company, mask_email, mask_id
from masking.errors import VeilwayError
from masking.freetext import mask_text
from masking.named import mask_named
from masking.names import mask_name
from masking.personal import Kind, Masked
from masking.phones import mask_phone
from masking.policies import DEFAULT, policy_named
from masking.postcodes import mask_postcode
from masking.text import STARS


class Rest(StrEnum):
    """What becomes of a column without a kind."""

    REFUSE = "refuse"
    SCRUB = "scrub"
    """Phones, e-mails, ids and door parts are masked, the rest is copied."""
    KEEP = "keep"
    DROP = "drop"


class CopyRefused(VeilwayError):
    """A record that cannot be copied without showing something that nobody classified."""

    code = "copy_column_unknown"


def maskers(policy: str = DEFAULT) -> dict[str, Callable[[str], Masked]]:
    """A masker for each kind of column; the names are those of `Kind`, and three more."""
    policy_named(policy)
    return {
        Kind.NAME: mask_name,
        Kind.PHONE: lambda text: mask_phone(text, policy),
        Kind.EMAIL: mask_email,
        Kind.ADDRESS_LINE: mask_address,
        "address": mask_address,
        "postcode": mask_postcode,
        Kind.COMPANY: mask_company,
        Kind.ID: mask_id,
        Kind.FREE_TEXT: _mask_remark,
        "text": _mask_remark,
        Kind.CREDENTIAL: lambda text: Masked(STARS if text else "", "credential"),
        Kind.PLAIN: lambda text: Masked(text, "plain"),
    }


def _mask_remark(text: str) -> Masked:
    named = mask_named(text)
    masked = mask_text(named)
    return Masked(masked.text, "text_scrubbed") if named != text and masked.reason == "text_clean" else masked


class Copier:
    """Masks records by a map of column to kind. A column of a nested record is its dotted path, list items without index."""

    def __init__(self, kinds: Mapping[str, str], *, rest: Rest = Rest.REFUSE, policy: str = DEFAULT) -> None:
        known = maskers(policy)
        unknown = sorted(set(kinds.values()) - set(known))
        if unknown:
            raise CopyRefused(
                f"no such kind: {', '.join(unknown)}; known are {', '.join(known)}", code="copy_kind_unknown"
            )
        self._columns = {column: known[kind] for column, kind in kinds.items()}
        self._rest = rest
        self.reasons: dict[str, int] = {}
        """How often each rule cut, over all records so far."""

    def copy(self, record: Mapping[str, Any]) -> dict[str, Any]:
        """The record masked; raises CopyRefused, whole, for a column without a kind."""
        out = {}
        for column, value in record.items():
            if not self._is_dropped(column, value):
                out[column] = self._value(column, value)
        return out

    def _is_dropped(self, column: str, value: object) -> bool:
        return self._rest is Rest.DROP and column not in self._columns and not isinstance(value, dict | list)

    def _value(self, path: str, value: Any) -> Any:
        if isinstance(value, dict):
            return {
                key: self._value(f"{path}.{key}", item)
                for key, item in value.items()
                if not self._is_dropped(f"{path}.{key}", item)
            }
        if isinstance(value, list):
            return [self._value(path, item) for item in value]
        masker = self._columns.get(path)
        if masker is None:
            return self._unclassified(path, value)
        if value is None or isinstance(value, bool):
            return value
        masked = masker(value if isinstance(value, str) else str(value))
        self.reasons[masked.reason] = self.reasons.get(masked.reason, 0) + 1
        return masked.text

    def _unclassified(self, path: str, value: Any) -> Any:
        match self._rest:
            case Rest.KEEP:
                return value
            case Rest.DROP:
                return None
            case Rest.SCRUB:
                masked = _mask_remark(str(value)).text
                return value if masked == str(value) else masked
        raise CopyRefused("this column has no kind; map it, or say what becomes of the rest", path=path)
