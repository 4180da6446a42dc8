"""Carriers' secrets at rest: sealed for their owner, under this keyring alone."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.secrets_box import open_secrets, seal_secrets
from gateway.settings import ConfigError
from masking.keyring import Keyring

KEYRING = Keyring.generate()


@settings(max_examples=30)
@given(secrets=st.dictionaries(st.text(max_size=20), st.text(max_size=50), max_size=4), owner=st.text(max_size=20))
def test_what_is_sealed_comes_back(secrets: dict[str, str], owner: str) -> None:
    try:
        owner.encode()
    except UnicodeEncodeError:
        return
    assert open_secrets(KEYRING, owner, seal_secrets(KEYRING, owner, secrets)) == secrets


def test_sealing_twice_gives_two_ciphertexts_and_never_the_secret() -> None:
    sealed = [seal_secrets(KEYRING, "ups", {"client_secret": "s3cr3t-word"}) for _ in range(2)]
    assert sealed[0] != sealed[1] and all(b"s3cr3t" not in one for one in sealed)


@pytest.mark.parametrize("how", ["another owner", "another keyring", "a changed byte"])
def test_anything_else_does_not_open_and_names_the_owner_alone(how: str) -> None:
    sealed = seal_secrets(KEYRING, "ups", {"a": "s3cr3t-word"})
    keyring = Keyring.generate() if how == "another keyring" else KEYRING
    owner = "fedex" if how == "another owner" else "ups"
    if how == "a changed byte":
        sealed = sealed[:-1] + bytes([sealed[-1] ^ 1])
    with pytest.raises(ConfigError) as refused:
        open_secrets(keyring, owner, sealed)
    assert refused.value.path == owner and "s3cr3t" not in str(refused.value)
