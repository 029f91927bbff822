"""Meshes of a video: kept as they are, calmed without lag, never across a cut."""

from __future__ import annotations

import os
import signal

import numpy as np
import pytest

from space_runtime.arrays import Floats
from space_runtime.dubbing.mesh_store import MeshStore
from space_runtime.errors import OutputError
from space_runtime.portrait.portrait import Portrait


def meshes(portrait: Portrait, xs: list[float]) -> list[Floats]:
    """The portrait's mesh moved sideways."""
    return [portrait.mesh + np.array([x, 0, 0], np.float32) for x in xs]


def shifts(store: MeshStore, portrait: Portrait) -> list[float]:
    faces = [store.face(k) for k in range(len(store))]
    return [float((face.mesh - portrait.mesh)[:, 0].mean()) for face in faces if face is not None]


def test_meshes_come_back(actor: Portrait) -> None:
    with MeshStore() as store:
        for mesh in (given := meshes(actor, [0, 5, -3])):
            store.append(mesh, continues=True)
        assert all(np.array_equal(store.mesh(k), mesh) for k, mesh in enumerate(given))
        assert store.faces() == [0, 1, 2]
        assert store.face(3) is None


def test_steady_motion_is_not_delayed_and_noise_is_calmed(actor: Portrait) -> None:
    noise = np.random.default_rng(1).normal(0, 1, 60)
    with MeshStore() as steady, MeshStore() as noisy:
        for k in range(60):
            steady.append(meshes(actor, [2.0 * k])[0], continues=True)
            noisy.append(meshes(actor, [noise[k]])[0], continues=True)
        assert np.allclose(shifts(steady, actor), 2.0 * np.arange(60), atol=1e-3)
        assert np.std(shifts(noisy, actor)) < 0.7


@pytest.mark.parametrize("gap", [True, False])
def test_nothing_comes_from_beyond_a_cut_or_a_gap(actor: Portrait, gap: bool) -> None:
    with MeshStore() as store:
        for mesh in meshes(actor, [0.0] * 5):
            store.append(mesh, continues=True)
        if gap:
            store.append(None, continues=True)
        for k, mesh in enumerate(meshes(actor, [100.0] * 5)):
            store.append(mesh, continues=gap or k > 0)
        assert np.allclose(shifts(store, actor), [0] * 5 + [100] * 5, atol=1e-3)
        assert len(store.faces()) == 10


@pytest.mark.skipif(os.name == "nt", reason="no limit of a file's size on this system")
def test_a_full_disk_is_one_sentence(actor: Portrait) -> None:
    import resource

    limits, handler = resource.getrlimit(resource.RLIMIT_FSIZE), signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, limits[1]))
        with pytest.raises(OutputError, match="cannot be written"), MeshStore() as store:
            for _ in range(9):
                store.append(actor.mesh, continues=True)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)
