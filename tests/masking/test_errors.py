"""The root error carries a code and a place, and nothing that it was not given."""

from __future__ import annotations

from masking.errors import VeilwayError


class Refused(VeilwayError):
    code = "refused"


def test_a_class_has_a_code_and_one_error_may_have_its_own() -> None:
    assert Refused("no").code == "refused"
    assert Refused("no", code="other").code == "other"
    assert Refused("no").code == "refused", "an error's own code stays its own"


def test_an_error_tells_its_message_and_its_place() -> None:
    error = Refused("the field is empty", path="$.to.name")
    assert (str(error), error.path) == ("the field is empty", "$.to.name")
    assert Refused("no").path is None


def test_an_error_without_a_code_is_our_own_fault() -> None:
    assert VeilwayError("no").code == "internal"
