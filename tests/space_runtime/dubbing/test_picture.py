"""One dubbed picture: nothing but the lower face changes, not by a bit."""

from __future__ import annotations

import av
import numpy as np
import pytest

from space_runtime import load_bundle
from space_runtime.arrays import Floats
from space_runtime.dubbing.drawn_inside import drawn_insides
from space_runtime.dubbing.lower_face import lower_face, shut_lips
from space_runtime.dubbing.picture import TrackedFace, dubbed
from space_runtime.dubbing.planes import Planes, upright_planes
from space_runtime.geometry import estimate_pose, landmarks_from_mesh, remove_pose
from space_runtime.portrait.portrait import Portrait
from space_runtime.rendering.warp.mesh import LOWER_LIP, UPPER_LIP

NOSE_BASE = 2


def opened(rest: Floats, gap: float) -> Floats:
    """The face with lips so far apart."""
    across = np.linspace(-1, 1, 11, dtype=np.float32)
    face = rest.copy()
    face[list(LOWER_LIP), 1] = face[list(UPPER_LIP), 1] - np.float32(gap) * (1 - across**2)
    return face


def drawn(actor: Portrait, form: str, gap: float) -> tuple[Planes, Planes]:
    """The portrait as a picture of a pixel format, and dubbed with a mouth that is open so far."""
    rgb = av.VideoFrame.from_ndarray(actor.image, format="rgb24")
    picture = upright_planes(rgb.reformat(format=form), (512, 512))
    pose = estimate_pose(landmarks_from_mesh(actor.mesh))
    rest = remove_pose(actor.mesh, pose)
    lower = lower_face(rest, np.asarray(load_bundle().arrays("warp")["triangles"], np.int32))
    insides = drawn_insides(actor, rest, picture, actor.mesh)
    face = TrackedFace(actor.mesh, pose)
    return picture, dubbed(picture, face, opened(shut_lips(rest, lower.closed), gap), lower, insides)


@pytest.mark.parametrize("form", ["yuv420p", "yuv422p10le", "yuv444p", "gray"])
def test_all_but_the_lower_face_stays_to_the_bit(actor: Portrait, form: str) -> None:
    before, after = drawn(actor, form, 0.15)
    nose = round(-float(actor.mesh[NOSE_BASE, 1]))
    for first, second in zip(before.planes, after.planes, strict=True):
        top = nose * first.shape[0] // 512 - 1
        assert np.array_equal(first[:top], second[:top])
        assert np.array_equal(first[:, : first.shape[1] // 5], second[:, : first.shape[1] // 5])
        assert not np.array_equal(first[top:], second[top:])
