"""The table of verbs: each once, under the name the command line asks for."""

from __future__ import annotations

import pytest

from gateway.ops import OPS
from gateway.ops.registry import OpRefused, named, op


def test_every_verb_is_in_the_table_and_says_what_it_does() -> None:
    assert {
        "shop.add",
        "courier.add",
        "carrier.enable",
        "numbers.add",
        "relay.route",
        "label.render",
        "audit.verify",
    } <= set(OPS)
    assert all(function.__doc__ for function in OPS.values())


def test_a_function_enters_the_table_under_its_name() -> None:
    async def verb(_service: object, _flows: object, _params: object) -> None:
        """Nothing."""

    assert op("test.verb")(verb) is verb  # type: ignore[arg-type]
    assert OPS.pop("test.verb") is verb


@pytest.mark.parametrize("name", ["", " ", "a" * 65, "semi;colon", "line\nfeed", "<b>"])
def test_a_name_that_is_no_name_is_refused_without_being_quoted(name: str) -> None:
    with pytest.raises(OpRefused) as refused:
        named({"name": name}, "shop")

    assert refused.value.path == "name"
    assert name.strip() == "" or name not in str(refused.value)
