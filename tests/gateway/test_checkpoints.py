"""Checkpoints are signed over the chain as it stands, in the store and beside it, and only when something was added."""

from __future__ import annotations

import stat

import pytest

from gateway.checkpoints import checkpoint_file
from gateway.store import audit_reads
from masking.audit_note import verify_note
from tests.gateway.orders import sf_document
from tests.gateway.world import World


def test_each_chain_has_a_file_of_its_own(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("x")
    assert checkpoint_file(folder, "veilway/main") == folder / "audit-main.checkpoint"


async def test_a_note_vouches_for_everything_so_far(own_world: World) -> None:
    await own_world.sf_order(sf_document())
    await own_world.service.checkpoints.note()
    text = checkpoint_file(own_world.folder, "veilway/main").read_text()
    held = verify_note(text, origin="veilway/main", key=own_world.keys.checkpoints.public_key())
    chain = own_world.service.commits.chain
    assert chain is not None and held.size == chain.size
    audit = await own_world.audit()
    assert audit["chains"][0]["covered_by_checkpoint"] == audit["entries"]
    assert not stat.S_IMODE(checkpoint_file(own_world.folder, "veilway/main").stat().st_mode) & 0o022


async def test_nothing_new_is_nothing_to_sign(own_world: World) -> None:
    await own_world.sf_order(sf_document())
    for _ in range(3):
        await own_world.service.checkpoints.note()
    notes = await own_world.service.database.read(lambda c: audit_reads.audit_notes(c, "veilway/main"))
    assert len(notes) == 1


async def test_an_orderly_stop_leaves_a_note_over_the_whole_log(own_world: World) -> None:
    await own_world.sf_order(sf_document())
    await own_world.restart()
    audit = await own_world.audit()
    assert audit["ok"] and audit["chains"][0]["covered_by_checkpoint"] == audit["entries"]
