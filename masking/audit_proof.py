"""Merkle proofs over the audit log (RFC 6962 trees, RFC 9162 checks): an entry is in it; a later log continues an earlier one.

With an inclusion proof one shop can be shown its own entries and be sure of them without seeing anybody else's. Knows hashes
only. Making a proof reads all leaves of the tree once; checking one takes about log2(size) hashes.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

from masking.audit import AuditError, node_hash


def tree_root(leaves: Sequence[bytes]) -> bytes:
    """The Merkle tree hash of leaf hashes, by the RFC's own recursion turned into rounds."""
    if not leaves:
        return sha256(b"").digest()
    level = list(leaves)
    while len(level) > 1:
        pairs = [node_hash(level[i], level[i + 1]) for i in range(0, len(level) - 1, 2)]
        level = pairs + level[len(pairs) * 2 :]
    return level[0]


def inclusion_proof(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """The sibling hashes from leaf `index` up to the root of `leaves`."""
    if not 0 <= index < len(leaves):
        raise _invalid("the tree holds no such entry")
    proof: list[bytes] = []
    level = list(leaves)
    while len(level) > 1:
        sibling = index ^ 1
        if sibling < len(level):
            proof.append(level[sibling])
        pairs = [node_hash(level[i], level[i + 1]) for i in range(0, len(level) - 1, 2)]
        level = pairs + level[len(pairs) * 2 :]
        index //= 2
    return proof


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether `leaf` is entry `index` of the tree of `size` entries that hashes to `root` (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    at, last, found = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return False
        if at & 1 or at == last:
            found = node_hash(sibling, found)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            found = node_hash(found, sibling)
        at, last = at >> 1, last >> 1
    return last == 0 and found == root


def consistency_proof(leaves: Sequence[bytes], earlier: int) -> list[bytes]:
    """The hashes that show the tree of the first `earlier` leaves to be a beginning of the tree of all (RFC 6962, 2.1.2)."""
    if not 0 < earlier <= len(leaves):
        raise _invalid("a log continues one of 1 to its own size entries")
    return _subproof(leaves, earlier, whole=True)


def verify_consistency(earlier: int, before: bytes, size: int, after: bytes, proof: Sequence[bytes]) -> bool:
    """Whether the log of `size` entries and root `after` continues the one of `earlier` entries and root `before` (RFC 9162, 2.1.4.2)."""
    if earlier == size:
        return not proof and before == after
    if not 0 < earlier < size:
        return False
    path = list(proof)
    if earlier & (earlier - 1) == 0:  # a power of two is a complete subtree: its root begins the path
        path.insert(0, before)
    if not path:
        return False
    at, last = earlier - 1, size - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    old = new = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if at & 1 or at == last:
            old, new = node_hash(sibling, old), node_hash(sibling, new)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            new = node_hash(new, sibling)
        at, last = at >> 1, last >> 1
    return last == 0 and old == before and new == after


def _subproof(leaves: Sequence[bytes], earlier: int, *, whole: bool) -> list[bytes]:
    size = len(leaves)
    if earlier == size:
        return [] if whole else [tree_root(leaves)]
    split = 1 << (size - 1).bit_length() - 1
    if earlier <= split:
        return [*_subproof(leaves[:split], earlier, whole=whole), tree_root(leaves[split:])]
    return [*_subproof(leaves[split:], earlier - split, whole=False), tree_root(leaves[:split])]


def _invalid(message: str) -> AuditError:
    return AuditError(message, code="audit_proof_invalid")
