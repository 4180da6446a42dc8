"""An issued credential looks as the carrier's own do, holds enough chance, and what cannot be made is refused when the profile is read."""

from __future__ import annotations

import base64
import os
import re

import pytest

from carriers.errors import ProfileError
from carriers.shop_issue import check_look, fresh


@pytest.mark.parametrize(
    ("look", "shape"),
    [
        ("id", r"VW[A-Z0-9]{14}"),
        ("key", r"vwk_[A-Za-z0-9]{32}"),
        ("alnum24", r"[A-Za-z0-9]{24}"),
        ("hex40", r"[0-9a-f]{40}"),
        ("shippo_live_{hex40}", r"shippo_live_[0-9a-f]{40}"),
        ("EZAK{alnum54}", r"EZAK[A-Za-z0-9]{54}"),
        ("sk-{id}", r"sk-VW[A-Z0-9]{14}"),
    ],
)
def test_a_value_looks_as_asked_and_never_twice_the_same(look: str, shape: str) -> None:
    made = {fresh(look, os.urandom) for _ in range(50)}
    assert len(made) == 50
    assert all(re.fullmatch(shape, one) for one in made)


def test_base64_holds_so_many_bytes() -> None:
    assert len(base64.b64decode(fresh("base64_32", os.urandom))) == 32


@pytest.mark.parametrize(
    "look",
    [
        "",
        "hex",
        "hex8",
        "hex41",
        "alnum4",
        "alnum999",
        "base64_4",
        "id5",
        "live_{hex40",
        "live_hex40}",
        "{hex40}",
        "a b{hex40}",
        "x{hex40}y",
        "rot13",
    ],
)
def test_what_cannot_be_made_or_could_be_guessed_is_refused(look: str) -> None:
    with pytest.raises(ProfileError):
        check_look(look)
