"""Merkle proofs: right for every tree that is small, and wrong in every other place."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from masking.audit import AuditError, leaf_hash
from masking.audit_proof import consistency_proof, inclusion_proof, tree_root, verify_consistency, verify_inclusion

GOLDEN = json.loads((Path(__file__).parents[1] / "golden" / "audit_v1.json").read_text("utf-8"))
MOST = 33
LEAVES = [leaf_hash(b"%d" % i) for i in range(MOST)]


def rfc_root(leaves: list[bytes]) -> bytes:
    """RFC 6962, 2.1, word for word."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return sha256(b"\x01" + rfc_root(leaves[:k]) + rfc_root(leaves[k:])).digest()


def rfc_path(index: int, leaves: list[bytes]) -> list[bytes]:
    """RFC 6962, 2.1.1, word for word."""
    if len(leaves) == 1:
        return []
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    if index < k:
        return [*rfc_path(index, leaves[:k]), rfc_root(leaves[k:])]
    return [*rfc_path(index - k, leaves[k:]), rfc_root(leaves[:k])]


def test_the_known_trees_of_certificate_transparency() -> None:
    """Leaves and roots of the reference implementation's own test."""
    inputs = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
    roots = {
        1: "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        2: "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        3: "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        8: "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    }
    leaves = [leaf_hash(bytes.fromhex(text)) for text in inputs]
    assert {size: tree_root(leaves[:size]).hex() for size in roots} == roots


def test_roots_and_paths_are_the_rfcs_for_every_small_tree() -> None:
    for size in range(MOST + 1):
        assert tree_root(LEAVES[:size]) == rfc_root(LEAVES[:size])
        for index in range(size):
            assert inclusion_proof(LEAVES[:size], index) == rfc_path(index, LEAVES[:size])


def test_every_entry_of_every_small_tree_is_proved() -> None:
    for size in range(1, MOST + 1):
        root = tree_root(LEAVES[:size])
        for index in range(size):
            proof = inclusion_proof(LEAVES[:size], index)
            assert verify_inclusion(LEAVES[index], index, size, proof, root)


def test_every_small_log_is_proved_to_continue_every_smaller_one() -> None:
    for size in range(1, MOST + 1):
        for earlier in range(1, size + 1):
            proof = consistency_proof(LEAVES[:size], earlier)
            assert verify_consistency(earlier, tree_root(LEAVES[:earlier]), size, tree_root(LEAVES[:size]), proof)


@settings(max_examples=150)
@given(st.data())
def test_a_changed_inclusion_proof_proves_nothing(data: st.DataObject) -> None:
    size = data.draw(st.integers(2, MOST))
    index = data.draw(st.integers(0, size - 1))
    proof, root = inclusion_proof(LEAVES[:size], index), tree_root(LEAVES[:size])
    other = data.draw(st.integers(0, MOST - 1).filter(lambda i: i != index))
    at = data.draw(st.integers(0, len(proof) - 1))
    assert not verify_inclusion(LEAVES[other], index, size, proof, root)
    assert not verify_inclusion(LEAVES[index], other, size, proof, root)
    assert not verify_inclusion(LEAVES[index], index, size, [*proof[:at], bytes(32), *proof[at + 1 :]], root)
    assert not verify_inclusion(LEAVES[index], index, size, proof[:at] + proof[at + 1 :], root)
    assert not verify_inclusion(LEAVES[index], index, size, [*proof, bytes(32)], root)
    assert not verify_inclusion(LEAVES[index], index, size, proof, bytes(32))


@settings(max_examples=150)
@given(st.data())
def test_a_rewritten_log_is_not_proved_to_continue_the_old_one(data: st.DataObject) -> None:
    size = data.draw(st.integers(2, MOST))
    earlier = data.draw(st.integers(1, size - 1))
    changed = data.draw(st.integers(0, earlier - 1))
    rewritten = [*LEAVES[:changed], leaf_hash(b"other"), *LEAVES[changed + 1 : size]]
    before, after = tree_root(LEAVES[:earlier]), tree_root(rewritten)
    for proof in (consistency_proof(rewritten, earlier), consistency_proof(LEAVES[:size], earlier), []):
        assert not verify_consistency(earlier, before, size, after, proof)
    proof = consistency_proof(LEAVES[:size], earlier)
    whole = tree_root(LEAVES[:size])
    assert not verify_consistency(earlier, before, size, whole, [*proof, bytes(32)])
    assert not verify_consistency(earlier, before, size, whole, proof[:-1])
    assert not verify_consistency(earlier, whole, size, whole, proof)


def test_numbers_out_of_range_prove_nothing() -> None:
    root = tree_root(LEAVES[:4])
    proof = inclusion_proof(LEAVES[:4], 1)
    assert not verify_inclusion(LEAVES[1], -1, 4, proof, root)
    assert not verify_inclusion(LEAVES[1], 4, 4, proof, root)
    assert not verify_inclusion(LEAVES[1], 0, 0, [], root)
    assert not verify_consistency(0, sha256(b"").digest(), 4, root, [])
    assert not verify_consistency(5, root, 4, root, [])
    assert not verify_consistency(4, root, 4, bytes(32), [])
    assert not verify_consistency(4, root, 4, root, [bytes(32)])
    assert not verify_consistency(3, root, 4, root, [])


@pytest.mark.parametrize("index", [-1, 4])
def test_no_proof_is_made_of_an_entry_that_is_not_there(index: int) -> None:
    with pytest.raises(AuditError):
        inclusion_proof(LEAVES[:4], index)


@pytest.mark.parametrize("earlier", [0, 5])
def test_no_proof_is_made_from_a_log_that_was_not(earlier: int) -> None:
    with pytest.raises(AuditError):
        consistency_proof(LEAVES[:4], earlier)


def test_the_proofs_of_the_first_release_still_hold() -> None:
    leaves = [bytes.fromhex(leaf) for leaf in GOLDEN["leaves"]]
    assert [node.hex() for node in inclusion_proof(leaves, 1)] == GOLDEN["inclusion_of_1"]
    assert [node.hex() for node in consistency_proof(leaves, 2)] == GOLDEN["consistency_2_3"]
