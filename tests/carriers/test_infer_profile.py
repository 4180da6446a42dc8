"""Drafts of profiles: they compile, and they claim every leaf of the sample they were made from."""

from __future__ import annotations

from pathlib import Path

import pytest

from carriers.coverage import check_sample
from carriers.infer import PERSONAL, infer
from carriers.infer_profile import draft
from carriers.leaves import format_of, leaves
from carriers.profile import Operation
from carriers.profile_compile import compile_text
from tests.carriers import unseen_samples

PAYLOADS = Path(__file__).parents[1] / "payloads"
REQUESTS = sorted(PAYLOADS.glob("*/*_request.*"))


def operation_from(body: bytes, fmt: str) -> Operation:
    text = draft("sample", fmt, list(leaves(body, fmt)), infer(body, fmt))
    return compile_text(text, "sample.toml").operations["create"]


@pytest.mark.parametrize("path", REQUESTS, ids=[f"{path.parent.name}-{path.stem}" for path in REQUESTS])
def test_a_draft_claims_every_leaf_of_its_sample(path: Path) -> None:
    body, fmt = path.read_bytes(), format_of(path.name)
    rows = check_sample(operation_from(body, fmt), body, fmt)
    assert [row.path for row in rows if row.group == "unclassified"] == []


@pytest.mark.parametrize("name", unseen_samples.names())
def test_a_draft_of_an_api_nobody_knew_compiles_and_masks_what_is_personal(name: str) -> None:
    body, fmt, truth = unseen_samples.load(name)
    rows = {row.path: row for row in check_sample(operation_from(body, fmt), body, fmt)}
    found = {finding.path for finding in infer(body, fmt) if finding.kind in PERSONAL}
    assert [path for path in found & set(truth) if rows[path].group not in ("personal", "free_text")] == []


def test_parties_in_a_list_are_told_apart_by_the_value_that_does() -> None:
    body = (PAYLOADS / "sf_express" / "create_request.form").read_bytes()
    text = draft("sample", "form", list(leaves(body, "form")), infer(body, "form"))
    assert 'role = { by = "contactType", "1" = "sender", "2" = "recipient" }' in text
    assert 'document = "form:msgData~$"' in text
    assert "verified = false" in text
