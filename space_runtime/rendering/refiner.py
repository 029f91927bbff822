"""A learned refiner of mouths around the embedded generator: optional, taught by `python -m export refiner`.

A square around the mouth is cut out of the drawn picture and out of the photo; a network says by how much the drawn one
differs from a filmed one, and that change is laid over the picture, fading out towards the square's rim. While the lips
are where the photo has them nothing is changed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from space_runtime.arguments import shown
from space_runtime.arrays import Floats, Pixels
from space_runtime.errors import BundleError
from space_runtime.extras import cv2
from space_runtime.geometry import picture_points, remove_pose, smoothstep
from space_runtime.inference.bundle import REFINER, Bundle
from space_runtime.inference.network import Network
from space_runtime.portrait.portrait import Portrait
from space_runtime.rendering.generator import Driving
from space_runtime.rendering.warp.backward import bounding_box
from space_runtime.rendering.warp.generator import WarpAppearance, WarpGenerator
from space_runtime.rendering.warp.keypoints import KEYPOINT_OF, keypoints_from_mesh, pose_of_keypoints

REVISION: Final = 1
"""Counts changes of the square, of its pixels' range and of what the generator draws, after which networks that were
taught before no longer fit."""
SIDE: Final = 128
"""Pixels on a side of the square as the network sees it."""
SPAN: Final = 1.1
"""Side of the square in normalised units, the distance of the outer corners of the eyes."""
RIM: Final = 0.15
"""Share of the side over which the change fades out, on each side."""
AT_REST: Final = 0.01
"""Motion of the lips against the photo, in normalised units, at which 0.63 of the change is shown."""
MOUTH: Final = tuple(KEYPOINT_OF[point] for point in (61, 291, 0, 17))
"""Keypoints at the corners, the top and the bottom of the lips; the square's middle is their mean."""
LIPS: Final = tuple(
    KEYPOINT_OF[point] for point in (61, 291, 0, 17, 78, 308, 13, 14, 82, 312, 87, 317, 37, 267, 84, 314)
)
"""Keypoints whose motion tells that the mouth is not at rest."""
SHAPE: Final = ("batch", 3, SIDE, SIDE)
"""Of each of the network's tensors: RGB, 0…1 of pictures, −1…1 of the change."""


@dataclass(frozen=True, slots=True, eq=False)
class RefinedAppearance:
    """drawn: what the embedded generator prepared. photo: (1, 3, 128, 128) the photo's mouth. lips: (16, 3) of the
    photo, normalised."""

    drawn: WarpAppearance
    photo: Floats
    lips: Floats


@dataclass(frozen=True, slots=True, eq=False)
class RefinedGenerator:
    """The embedded generator with refined mouths, a `Generator[RefinedAppearance, Floats]`."""

    warp: WarpGenerator
    network: Network

    @property
    def keypoint_names(self) -> tuple[str, ...]:
        """Those of the embedded generator."""
        return self.warp.keypoint_names

    def picture_size(self, appearance: RefinedAppearance) -> tuple[int, int]:
        """Return (height, width) of the pictures."""
        return self.warp.picture_size(appearance.drawn)

    def prepare(self, portrait: Portrait) -> RefinedAppearance:
        """Return what the embedded generator prepares, and the photo's mouth."""
        keypoints = keypoints_from_mesh(portrait.mesh)
        mouth = mouth_square(portrait.image, square_of(keypoints))
        return RefinedAppearance(self.warp.prepare(portrait), as_input(mouth), _lips(keypoints))

    def initial_state(self, appearance: RefinedAppearance) -> Floats:
        """Return the embedded generator's state before the first frame."""
        return self.warp.initial_state(appearance.drawn)

    def keypoints(
        self, appearances: Sequence[RefinedAppearance], states: Sequence[Floats], driving: Driving
    ) -> tuple[list[Floats], Floats]:
        """Return the embedded generator's states and (F, 160, 3) keypoints."""
        return self.warp.keypoints([appearance.drawn for appearance in appearances], states, driving)

    def render(self, appearance: RefinedAppearance, keypoints: Floats) -> Pixels:
        """Return the embedded generator's pictures with other mouths; those of drawings as they are."""
        pictures = np.array(self.warp.render(appearance.drawn, keypoints))
        if appearance.drawn.drawn is not None:  # people taught it
            return pictures
        for picture, points in zip(pictures, keypoints, strict=True):
            self.refine(picture[..., :3], appearance, points)
        return pictures

    def refine(self, picture: Pixels, appearance: RefinedAppearance, keypoints: Floats) -> None:
        """Refine the mouth of a drawn picture in place; keypoints: (160, 3) that it was drawn by."""
        square = square_of(keypoints)
        feeds = {"drawn": as_input(mouth_square(picture, square)), "photo": appearance.photo}
        change = np.asarray(self.network.run(feeds, ("change",))["change"][0], np.float32)
        add_change(picture, change.transpose(1, 2, 0) * (255 * _motion(appearance, keypoints)), square)


def square_of(keypoints: Floats) -> Floats:
    """Return the (2, 3) matrix from columns and rows of a picture to those of the square, upright to the face."""
    pose = pose_of_keypoints(keypoints)
    roll, scale = float(pose.rotation_rad[2]), SIDE / (SPAN * pose.scale)
    turn = scale * np.array([[np.cos(roll), -np.sin(roll)], [np.sin(roll), np.cos(roll)]])
    middle = picture_points(keypoints[list(MOUTH)]).mean(0)
    return np.column_stack([turn, (SIDE - 1) / 2 - turn @ middle]).astype(np.float32)


def mouth_square(picture: Pixels, square: Floats) -> Pixels:
    """Return the (128, 128, 3) mouth of a picture; outside of it its edge is repeated."""
    cut = cv2.warpAffine(picture, square, (SIDE, SIDE), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(cut, np.uint8)


def as_input(mouth: Pixels) -> Floats:
    """Return (1, 3, 128, 128) in 0…1 of a (128, 128, 3) mouth."""
    return np.ascontiguousarray(mouth.transpose(2, 0, 1)[None], np.float32) / np.float32(255)


def fading() -> Floats:
    """Return (128, 128) the share of the change that is shown, 1 in the middle, 0 at the rim."""
    along = smoothstep((0.5 - np.abs((np.arange(SIDE, dtype=np.float32) + 0.5) / SIDE - 0.5)) / RIM)
    return np.outer(along, along).astype(np.float32)


def add_change(picture: Pixels, change: Floats, square: Floats) -> None:
    """Add a (128, 128, 3) change of the square, in steps of 1/255, to a picture in place, fading out at the rim."""
    corners = np.array([[0, 0], [0, SIDE], [SIDE, 0], [SIDE, SIDE]], np.float32) - 0.5
    turn, shift = square[:, :2].astype(np.float64), square[:, 2]
    box = bounding_box((corners - shift) @ np.linalg.inv(turn).T, 1, len(picture))
    inside = square.copy()
    inside[:, 2] += square[:, :2] @ np.array([box.x0, box.y0], np.float32)
    size, flags = (box.x1 - box.x0, box.y1 - box.y0), cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    added = cv2.warpAffine(change * _FADING, inside, size, flags=flags, borderMode=cv2.BORDER_CONSTANT)
    target = picture[box.slices]
    target[:] = np.clip(np.rint(target + added), 0, 255).astype(np.uint8)


def load_refiner(bundle: Bundle) -> Network:
    """Return the network of a refiner's bundle. Raises `BundleError` for one that does not fit this runtime."""
    again = "make it again with python -m export refiner"
    revision = bundle.settings(REFINER).get("revision")
    if revision != REVISION:
        raise BundleError(
            f"the refiner in {bundle.folder} is of revision {shown(revision)}, this runtime takes {REVISION}; {again}"
        )
    entry = bundle.manifest.entry(REFINER)
    for tensor in (*entry.inputs, *entry.outputs):
        if tensor.shape[1:] != SHAPE[1:] or tensor.dtype != "float32":
            raise BundleError(
                f"{tensor.name!r} of the refiner in {bundle.folder} has shape {tensor.shape} and type {tensor.dtype}; "
                f"expected {SHAPE} and float32, {again}"
            )
    network = bundle.network(REFINER)
    if not _answers(network):
        raise BundleError(f"the refiner in {bundle.folder} gives no change of shape {SHAPE}; {again}")
    return network


def _answers(network: Network) -> bool:
    """Return whether a network runs on an empty square and gives finite numbers of the right shape."""
    nothing = np.zeros((1, *SHAPE[1:]), np.float32)
    try:
        change = network.run({"drawn": nothing, "photo": nothing}, ("change",))["change"]
    except Exception:  # ONNX Runtime's errors are many
        return False
    return change.shape == nothing.shape and bool(np.isfinite(change).all())


def _motion(appearance: RefinedAppearance, keypoints: Floats) -> np.float32:
    """Return 0…1: how far the lips have left the place that the photo has them in."""
    most = float(np.abs(_lips(keypoints) - appearance.lips).max())
    return np.float32(1 - np.exp(-((most / AT_REST) ** 2)))


def _lips(keypoints: Floats) -> Floats:
    return remove_pose(keypoints[list(LIPS)], pose_of_keypoints(keypoints))


_FADING: Final = fading()[..., None]
